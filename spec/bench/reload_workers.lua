-- The same as reload.lua, in several workers, which have to agree: `count` clients (10000) in all are moved
-- `reloads` times (20). After a release build:
--
--   ulimit -n $(ulimit -Hn)
--   export LUA_PATH='?.lua;;'
--   build/release/slipstream serve spec/bench/reload_app.lua --port 4040 &
--   build/release/slipstream run spec/bench/reload_workers.lua --workers 2 --log error
--     --uri ws://127.0.0.1:4040/socket/websocket [--set count=10000] [--set reloads=20]

local renewal = require "slipstream.renewal"
local slipstream = require "slipstream"
local state = require "spec.bench.reload_state"
local team = require "slipstream.team"
local uv = require "luv"

local args = ...
local COUNT = math.tointeger(tonumber(args.count or 10000)) // slipstream.worker.count
local RELOADS = math.tointeger(tonumber(args.reloads or 20))
local PAUSE_MSEC = 500
local BOT = "spec.bench.reload_bot"

local function wait(msec) slipstream.await(function() end, msec) end

-- How long the clients of this worker wait each time: from the beginning of their move to its end in all.

local holds, began = {}, nil

team.answer("reload.move", function()
  began = uv.hrtime()
  return renewal.move()
end)

team.answer("reload.finish", function(is_kept)
  local later = renewal.finish(is_kept)
  holds[#holds + 1] = (uv.hrtime() - began) / 1e6
  return later
end)

-- One on each worker, whom the first worker asks.
local Witness = slipstream.client()

function Witness.handle_call() return "reply", { state = state, holds = holds } end

function Witness:handle_cast()
  for _, client in ipairs(slipstream.clients()) do
    if client ~= self:client() then client:send "settle" end
  end
end

local function find_witnesses()
  local list = {}
  for index = 0, slipstream.worker.count - 1 do
    while not slipstream.whereis("witness" .. index) do wait(20) end
    list[index + 1] = slipstream.whereis("witness" .. index)
  end
  return list
end

local function ask(witnesses)
  local answers = {}
  for place, witness in ipairs(witnesses) do answers[place] = assert(witness:call("facts", 60000)) end
  return answers
end

local function await_all(witnesses, field)
  local stop_at = uv.now() + 60000
  for _, witness in ipairs(witnesses) do
    while assert(witness:call("facts", 60000)).state[field] < COUNT do
      assert(uv.now() < stop_at, "not all clients have " .. field .. "; is it the right --uri?")
      wait(50)
    end
  end
end

local function print_times(name, times)
  table.sort(times)
  print(("%s: %.1f msec (median of %d), %.1f at worst"):format(name, times[(#times + 1) // 2], #times,
    times[#times]))
end

local function print_worker(index, facts)
  local counted = facts.state
  print_times(("worker %d: clients wait"):format(index), facts.holds)
  print(("  received %d, lost or doubled %d, connections dropped %d"):format(counted.received, counted.wrong,
    counted.dropped))
end

local function measure(witnesses)
  local times, cpu_times = {}, {}
  for place = 1, RELOADS do
    wait(PAUSE_MSEC)
    local before = os.clock()
    local summary = assert(slipstream.reload(BOT))
    assert(summary.clients == COUNT * #witnesses and summary.later == 0)
    times[place], cpu_times[place] = summary.msec, (os.clock() - before) * 1000
  end
  for _, witness in ipairs(witnesses) do witness:cast "settle" end
  await_all(witnesses, "settled")
  print_times(("reload of %d clients in %d workers"):format(COUNT * #witnesses, #witnesses), times)
  print_times("  CPU of all threads", cpu_times)
  for place, facts in ipairs(ask(witnesses)) do print_worker(place - 1, facts) end
end

slipstream.log.set_level "error"
for _ = 1, COUNT do slipstream.start(require(BOT), args.uri) end
slipstream.start(Witness, nil, { name = "witness" .. slipstream.worker.index })
if slipstream.worker.index > 0 then return end

local witnesses = find_witnesses()
await_all(witnesses, "joined")
measure(witnesses)
os.exit(0) -- the time to take down thousands of clients is nobody's
