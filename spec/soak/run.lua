-- The soak: keeps the clients of all ways coming and going, then proves from the counters of both sides
-- that nothing was lost. scripts/soak runs it; docs/soak.md tells what is proven and how.

local FOLDER = arg[0]:match "^(.*)/[^/]*$"
package.path = FOLDER .. "/?.lua;" .. package.path

local Guest = require "guest"
local core = require "slipstream.core"
local faults = require "slipstream.faults"
local ledger = require "ledger"
local log = require "slipstream.log"
local meter = require "meter"
local peer = require "peer"
local slipstream = require "slipstream"
local outcome_of = require "outcome"
local uv = require "luv"
local ways = require "ways"

local SAMPLE_MSEC = 1000
local BREAK_MSEC, BREAK_ODDS = 20, 8 -- at each look one of so many connections is broken
local WIND_DOWN_SEC = 20 -- the slowest: a server that does not hear of the end, 3 s and 5 s for its handshake

local names = {}
for name in pairs(ways) do names[#names + 1] = name end
table.sort(names)

-- Options.

local function usage()
  io.stderr:write "usage: scripts/soak [MINUTES] [--connections N] [--seed N] [--json]\n"
  os.exit(2)
end

local function read_number(text) return tonumber(text) or usage() end

local function read_options(list)
  local options, at = { minutes = 1 }, 1
  while list[at] do
    if list[at] == "--json" then
      options.json = true
    elseif list[at] == "--connections" or list[at] == "--seed" then
      options[list[at]:sub(3)] = math.tointeger(read_number(list[at + 1])) or usage()
      at = at + 1
    else
      options.minutes = read_number(list[at])
    end
    at = at + 1
  end
  return options
end

-- The run.

local options = read_options(arg)
local run = { ledgers = {}, nets = {}, owners = {}, alive = 0, slots = 0, lives = 0, timers = {} }

local function connections()
  local count = 0
  for _, each in pairs(run.ledgers) do count = count + each.connected end
  return count
end

local function is_over()
  if run.is_stopped then return true end
  if options.connections then return connections() >= options.connections end
  return uv.hrtime() >= run.deadline
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

local function start_way(name, address)
  local uri = uri_of(name, address)
  local book = ledger.new(name, ways[name], is_over)
  run.ledgers[name] = book
  for _ = 1, ways[name].clients do
    run.slots = run.slots + 1
    start_life { number = run.slots, uri = uri, way = ways[name], ledger = book }
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

local readings = { here = { resident_kib = {}, lua_kib = {} }, there = { resident_kib = {}, lua_kib = {} } }

local function keep(side, reading)
  for key, list in pairs(readings[side]) do list[#list + 1] = reading[key] end
end

local function sample(server)
  local there = server:ask()
  for name, way in pairs(there.ways) do run.ledgers[name]:look(way.numbers) end
  keep("here", meter.read())
  keep("there", there)
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

local memory_titles = {
  { "here", "resident_kib", "memory here, resident" }, { "here", "lua_kib", "memory here, Lua" },
  { "there", "resident_kib", "memory of the server, resident" },
  { "there", "lua_kib", "memory of the server, Lua" },
}

local function judge_memory(outcome)
  for _, title in ipairs(memory_titles) do
    local side, key, words = table.unpack(title)
    local trend = meter.trend(readings[side][key])
    table.insert(outcome.memory, { title = words, trend = trend })
    if trend and not trend.is_flat then table.insert(outcome.wrongs, words .. ": it grows") end
  end
end

local function judge_files(outcome, before, after)
  outcome.files = {}
  for side in pairs(after) do outcome.files[side] = after[side].files - before[side].files end
  for side, count in pairs(outcome.files) do
    if count > 0 then table.insert(outcome.wrongs, ("%d files are left open %s"):format(count, side)) end
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

local function judge(before, after, seconds)
  local outcome = {
    names = names, here = run.ledgers, there = after.there.ways, memory = {}, wrongs = {},
    connections = connections(), seconds = seconds,
  }
  judge_ways(outcome, after.there.ways)
  judge_memory(outcome)
  judge_files(outcome, before, after)
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
    ways = ways_out, memory = outcome.memory, files_left = outcome.files, connections = outcome.connections,
    seconds = outcome.seconds, wrongs = slipstream.array(outcome.wrongs),
  })
end

-- From the first Ctrl-C on nothing new is begun; the second ends the process.
local function stop_at_interrupt()
  local interrupt = uv.new_signal()
  interrupt:unref()
  interrupt:start("sigint", function()
    interrupt:stop()
    run.is_stopped = true
  end)
end

local function start(address)
  run.deadline = uv.hrtime() + math.floor(options.minutes * 60e9)
  for _, name in ipairs(names) do start_way(name, address) end
  every(BREAK_MSEC, break_some)
end

local function clean_up()
  for _, timer in ipairs(run.timers) do timer:close() end
  for _, net in pairs(run.nets) do net:close() end
  await_msec(50)
end

local function main()
  local server, address = peer.start(FOLDER)
  local before = { here = meter.read(), there = server:ask() }
  local started = uv.hrtime()
  start(address)
  repeat
    await_msec(SAMPLE_MSEC)
    sample(server)
  until is_over()
  local there = wind_down(server, before.there.files)
  local seconds = (uv.hrtime() - started) / 1e9
  clean_up()
  local outcome = judge(before, { here = meter.read(), there = there }, seconds)
  if not server:close() then table.insert(outcome.wrongs, "the server's process did not end well") end
  print(options.json and json_of(outcome) or outcome_of.text(outcome))
  return #outcome.wrongs == 0
end

log.set_level "error"
math.randomseed(options.seed or os.time())
stop_at_interrupt()
slipstream.watch(life_ended)
local is_proven
slipstream.run(function() is_proven = main() end)
os.exit(is_proven and 0 or 1, true)
