-- The server of the soak, a process of its own: one embedded server for each way of ways.lua, so that each
-- has counters of its own. First prints a line of JSON with their ports, then answers each line of its
-- input by one with all that it has counted; ends with its input.

package.path = arg[0]:match "^(.*)/[^/]*$" .. "/?.lua;" .. package.path

local core = require "slipstream.core"
local meter = require "meter"
local server = require "slipstream.server"
local uv = require "luv"
local ways = require "ways"

local HOST = "127.0.0.2"
local BROADCAST_MSEC = 50
local IDLE_MSEC = 3000 -- what a black hole has left here ends after that, and 5 s for the closing handshake

-- What a push does, by its event.
local events = {}

function events.echo(channel, payload)
  channel.assigns.seq = channel.assigns.seq + 1
  channel:push("tick", { seq = channel.assigns.seq })
  return "reply", "ok", payload
end

function events.fail() return "reply", "error", { reason = "as asked" } end

function events.hold() end

function events.kick(channel) channel.socket:close(4000, "kicked") end

function events.drop(channel) channel.socket:drop() end

-- Pushes of a life have the numbers 1, 2, 3 …: within a join none is left out, and none comes twice, also
-- not after a reconnect. A topic belongs to one life at a time; `last` is what came on it last.
local function check_number(tally, channel, payload)
  local last = tally.last[channel.topic]
  if channel.assigns.number and payload.number ~= channel.assigns.number + 1 then
    tally.gaps = tally.gaps + 1
  end
  if last and last.life == payload.life and payload.number <= last.number then
    tally.doubled = tally.doubled + 1
  end
  channel.assigns.number = payload.number
  tally.last[channel.topic] = payload
end

local function new_way(name)
  local tally = { pushes = 0, gaps = 0, doubled = 0, broadcasts = 0, last = {} }
  local app = server.new { idle_timeout_msec = ways[name].is_deaf and IDLE_MSEC or nil }
  app:channel("own:*", {
    join = function(channel)
      channel.assigns.seq = 0
      return "ok", { seq = 0 }
    end,
    handle_in = function(channel, event, payload)
      tally.pushes = tally.pushes + 1
      check_number(tally, channel, payload)
      return events[event](channel, payload)
    end,
  })
  app:channel("all", {
    join = function() return "ok", { seq = tally.broadcasts } end,
    handle_in = function() error "nobody pushes here" end,
  })
  return { app = app, tally = tally, handle = assert(app:listen { host = HOST }) }
end

local function broadcast(way)
  way.tally.broadcasts = way.tally.broadcasts + 1
  way.app:broadcast("all", "tick", { seq = way.tally.broadcasts })
end

-- The numbers of the connections that are open, which the clients gave them.
local function numbers_of(handle)
  local list = setmetatable({}, core.array_mt)
  for _, socket in ipairs(handle:connected()) do list[#list + 1] = tonumber(socket.params.connection) end
  return list
end

local function stats_of(way)
  local stats, tally = way.handle:stats(), way.tally
  stats.pushes, stats.gaps, stats.doubled = tally.pushes, tally.gaps, tally.doubled
  stats.numbers = numbers_of(way.handle)
  return stats
end

local open = {}
for name in pairs(ways) do open[name] = new_way(name) end

local function say(value)
  print(assert(core.json.encode(value)))
  io.stdout:flush()
end

local function tell_stats()
  local answer = meter.read()
  answer.ways = {}
  for name, way in pairs(open) do answer.ways[name] = stats_of(way) end
  say(answer)
end

local ports = {}
for name, way in pairs(open) do ports[name] = way.handle.port end
say { host = HOST, ports = ports }

local ticker = uv.new_timer()
ticker:start(BROADCAST_MSEC, BROADCAST_MSEC, function()
  for _, way in pairs(open) do broadcast(way) end
end)

local input = uv.new_pipe()
local function finish()
  input:close()
  ticker:close()
  for _, way in pairs(open) do way.handle:kill() end
end
input:open(0)
input:read_start(function(_, bytes)
  if not bytes then return finish() end
  for _ in bytes:gmatch "\n" do tell_stats() end
end)
uv.run()
