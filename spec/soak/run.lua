-- The soak: keeps the clients of all ways coming and going, then proves from the counters of both sides
-- that nothing was lost. scripts/soak runs it; docs/soak.md tells what is proven and how.

local FOLDER = arg[0]:match "^(.*)/[^/]*$"
package.path = FOLDER .. "/?.lua;" .. package.path

local Guest = require "guest"
local core = require "slipstream.core"
local faults = require "slipstream.faults"
local ledger = require "ledger"
local log = require "slipstream.log"
local memory = require "memory"
local meter = require "meter"
local options = require("options").read(arg)
local peer = require "peer"
local slipstream = require "slipstream"
local outcome_of = require "outcome"
local uv = require "luv"
local ways = require "ways"

local SAMPLE_MSEC = 1000
local TOLD_SEC = 30 -- so often it says how far it is
local WARM_UP = 0.3 -- the share of the run after which memory counts
local FEWEST_MEASURED = 50000 -- with fewer connections after it memory is not judged
local BREAK_MSEC, BREAK_ODDS = 20, 8 -- at each look one of so many connections is broken
local WIND_DOWN_SEC = 20 -- the slowest: a server that does not hear of the end, 3 s and 5 s for its handshake

local names = {}
for name in pairs(ways) do names[#names + 1] = name end
table.sort(names)

-- The run.

local run = { ledgers = {}, nets = {}, owners = {}, alive = 0, slots = {}, lives = 0, timers = {} }

local function connections()
  local count = 0
  for _, each in pairs(run.ledgers) do count = count + each.connected end
  return count
end

local function is_over()
  if run.signal then return true end
  if options.connections then return connections() >= run.goal end
  return uv.hrtime() >= run.goal
end

-- A life in the place of one that has ended.
local function start_life(slot)
  run.lives, run.alive = run.lives + 1, run.alive + 1
  slot.ledger:add "lives"
  local life = {
    number = run.lives, slot = slot.number, uri = slot.uri, way = slot.way, ledger = slot.ledger,
  }
  run.owners[assert(slipstream.start(Guest, life))] = slot
end

local function life_ended(client, reason, is_failure)
  local slot = run.owners[client]
  if not slot then return end
  run.owners[client], run.alive = nil, run.alive - 1
  if is_failure then slot.ledger:wrong("a client failed: " .. tostring(reason)) end
  if not is_over() then start_life(slot) end
end

-- What a way needs in between.
local function uri_of(name, address)
  local way = ways[name]
  local uri = ("ws://%s:%d/socket/websocket"):format(address.host, address.ports[name])
  if not (way.through or way.breaks) then return uri end
  local net = assert(faults.listen { to = uri, host = "127.0.0.3" })
  if way.through then way.through(net) end
  run.nets[name] = net
  return net:uri()
end

local function open_way(name, address)
  local uri = uri_of(name, address)
  local book = ledger.new(name, ways[name], is_over)
  run.ledgers[name] = book
  for _ = 1, ways[name].clients do
    table.insert(run.slots, { number = #run.slots + 1, uri = uri, way = ways[name], ledger = book })
  end
end

local broken = setmetatable({}, { __mode = "k" })

local function break_some()
  for name, net in pairs(run.nets) do
    for _, connection in ipairs(ways[name].breaks and net:connections() or {}) do
      if not broken[connection] and math.random(BREAK_ODDS) == 1 then
        broken[connection] = true
        run.ledgers[name]:add "injected"
        ways[name].breaks(connection)
      end
    end
  end
end

local function every(msec, fn)
  local timer = uv.new_timer()
  timer:start(msec, msec, fn)
  table.insert(run.timers, timer)
end

local function await_msec(msec) slipstream.await(function() end, msec) end

-- Readings.

local function sample(server)
  local there = server:ask()
  for name, way in pairs(there.ways) do run.ledgers[name]:look(way.numbers) end
end

local function say(...) io.stderr:write("soak: ", string.format(...), "\n") end

local function tell_progress()
  local seconds = (uv.hrtime() - run.started) / 1e9
  if seconds < run.next_told then return end
  run.next_told = seconds + TOLD_SEC
  say("%d connections in %.0f s", connections(), seconds)
end

local function open_on_server(answer)
  local count = 0
  for _, way in pairs(answer.ways) do count = count + way.open end
  return count
end

-- Until all lives have ended, then until the server has noticed, and closed what never became a connection:
-- it has so many files then as before. Answers its last counters.
local function wind_down(server, files)
  local stop = uv.hrtime() + WIND_DOWN_SEC * 1000000000
  local answer
  repeat
    await_msec(100)
    answer = run.alive == 0 and server:ask() or nil
    local has_noticed = answer and open_on_server(answer) == 0 and answer.files <= files
  until has_noticed or uv.hrtime() > stop
  return answer or server:ask()
end

-- The outcome.

local function judge_files(outcome, before, after)
  outcome.files = {}
  for _, side in ipairs { "here", "there" } do
    local count = after[side].files - before[side].files
    outcome.files[side] = count
    if count > 0 then table.insert(outcome.wrongs, ("%d files are left open %s"):format(count, side)) end
  end
end

local function judge_memory(outcome, rests)
  local measured = rests[2] and rests[2].connections - rests[1].connections or 0
  local is_enough = measured >= FEWEST_MEASURED
  outcome.measured = is_enough and measured or nil
  outcome.memory = is_enough and memory.compare(rests[1], rests[2]) or slipstream.array {}
  for _, growth in ipairs(outcome.memory) do
    if not growth.is_flat then table.insert(outcome.wrongs, growth.title .. ": it grows") end
  end
end

local function judge_ways(outcome, server_ways)
  for _, name in ipairs(names) do
    local book = run.ledgers[name]
    book:prove(server_ways[name])
    table.move(book.wrongs, 1, #book.wrongs, #outcome.wrongs + 1, outcome.wrongs)
  end
  if run.alive > 0 then table.insert(outcome.wrongs, run.alive .. " clients do not come to their end") end
end

local function judge(before, rests)
  local last = rests[#rests]
  local outcome = {
    names = names, here = run.ledgers, there = last.there.ways, wrongs = {},
    connections = connections(), seconds = (uv.hrtime() - run.started) / 1e9,
  }
  judge_ways(outcome, last.there.ways)
  judge_files(outcome, before, { here = meter.read(), there = last.there })
  judge_memory(outcome, rests)
  return outcome
end

local function json_of(outcome)
  local ways_out = {}
  for _, name in ipairs(names) do
    local here = {}
    for key, value in pairs(outcome.here[name]) do here[key] = math.type(value) and value or nil end
    outcome.there[name].numbers = nil
    ways_out[name] = { client = here, server = outcome.there[name] }
  end
  return assert(core.json.encode {
    ways = ways_out, memory = outcome.memory, measured = outcome.measured, files_left = outcome.files,
    connections = outcome.connections, seconds = outcome.seconds, wrongs = slipstream.array(outcome.wrongs),
  })
end

-- From the first Ctrl-C on nothing new is begun; the second ends the process.
local function stop_at(name, code)
  local signal = uv.new_signal()
  signal:unref()
  signal:start(name, function()
    signal:stop()
    run.signal = code
    say "stopped; the connections come to their end (once more: at once)"
  end)
end

local function open_ways(address)
  for _, name in ipairs(names) do open_way(name, address) end
  every(BREAK_MSEC, break_some)
end

-- Keeps all slots busy up to this share of the run, then lets all connections end. Answers what both sides
-- take then, at rest.
local function run_until(share, server, before)
  run.goal = options.connections and math.ceil(options.connections * share)
    or run.started + math.floor(options.minutes * share * 60e9)
  for _, slot in ipairs(run.slots) do start_life(slot) end
  repeat
    await_msec(SAMPLE_MSEC)
    sample(server)
    tell_progress()
  until is_over()
  local there = wind_down(server, before.there.files)
  return { there = there, here = meter.read(), connections = connections() }
end

local function clean_up()
  for _, timer in ipairs(run.timers) do timer:close() end
  for _, net in pairs(run.nets) do net:close() end
  await_msec(50)
end

local function main()
  local server, address = peer.start(FOLDER)
  local before = { here = meter.read(), there = server:ask() }
  run.started, run.next_told = uv.hrtime(), TOLD_SEC
  open_ways(address)
  local rests = { run_until(WARM_UP, server, before) }
  if not run.signal and run.alive == 0 then rests[2] = run_until(1, server, before) end
  clean_up()
  local outcome = judge(before, rests)
  if not server:close() then table.insert(outcome.wrongs, "the server's process did not end well") end
  print(options.json and json_of(outcome) or outcome_of.text(outcome))
  return #outcome.wrongs == 0
end

log.set_level "error"
math.randomseed(options.seed or os.time())
stop_at("sigint", 130)
stop_at("sigterm", 143)
slipstream.watch(life_ended)
local is_proven
slipstream.run(function() is_proven = main() end)
os.exit(is_proven and (run.signal or 0) or 1, true)
