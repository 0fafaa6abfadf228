-- Lives: ways in which a client comes and goes, none of which may leave anything behind.
--
--   local live, close = lives.alone()
--   live() -- as often as wanted
--   close()
--
-- spec/load/lives_spec.lua holds them to that; spec/bench/lives.lua measures it.
local default_app = require "slipstream.server.default_app"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"
local uv = require "luv"

local M = {}

-- Over the pretended network, without a log that would grow.
local function pretend()
  local host, server, clock = phoenix.pretend()
  log.set_sink(function() end)
  return host, server, clock
end

-- A way of lives: `live(start, clock, server)` is one, `start(args, name)` starts its client.
local function pretended(module, live)
  return function()
    local host, server, clock = pretend()
    local function start(args, name)
      return slipstream.start(module, args, { host = host, name = name })
    end
    return function() return live(start, clock, server) end, function() phoenix.close(host) end
  end
end

local function stop(client, clock)
  client:stop()
  clock:advance(0)
  assert(not client:alive())
end

-- Only started and stopped.
M.alone = pretended(story.module {}, function(start, clock)
  stop(start(), clock)
end)

-- One with a name, timers, an action, a call to another one and a wait that the stop unwinds.
local busy = story.module {
  init = function(self)
    self:send_after(3600000, { "later" })
    self:send_interval(60000, "again")
    return "ok", { timeout = 5000 }
  end,
  handle_call = function(_, request) return "reply", request end,
  handle_info = function(_, other)
    local _ <close> = setmetatable({}, { __close = function() end })
    assert(other:call { 1 })
    slipstream.await(function() end, 60000)
  end,
}

M.busy = pretended(busy, function(start, clock)
  local other, client = start(), start({ "args" }, "busy")
  client:send(other)
  clock:advance(0)
  stop(client, clock)
  stop(other, clock)
end)

-- One that does not come into being.
M.stillborn = pretended(story.module { init = function() error "no" end }, function(start)
  assert(not start())
end)

-- One that crashes, and is stopped in its second life.
local crashing = story.module({ handle_info = function() error "boom" end }, {})

M.crashing = pretended(crashing, function(start, clock)
  local client = start()
  client:send "go"
  clock:advance(100)
  assert(client.restarts == 1 and client:alive())
  stop(client, clock)
end)

-- One that connects, joins, waits for a reply, and is stopped while it waits for a message.
local connected = story.module {
  init = function(self) assert(self:connect { uri = "ws://phoenix.test/socket/websocket" }) end,
  handle_connect = function(self) self:join("room:1", { token = "x" }) end,
  handle_join = function(self, topic)
    assert(self:await_reply(self:push(topic, "hello", {})))
    self:await_message(topic, "never")
  end,
}

M.connected = pretended(connected, function(start, clock, server)
  local client = start()
  server:accept()
  server:expect_join("room:1"):reply "ok"
  server:expect("room:1", "hello"):reply "ok"
  client:stop()
  clock:advance(0)
  server:expect_close()
  server:send_close(1000)
  assert(not client:alive())
end)

-- One that connects over loopback, to a server in the same program, joins and leaves in good order.
local loopback = story.module {
  init = function(self, uri) assert(self:connect { uri = uri }) end,
  handle_connect = function(self) self:join "room:1" end,
  handle_join = function() return "stop", "normal" end,
}

function M.over_loopback()
  log.set_sink(function() end)
  local server = assert(default_app.new():listen {})
  local uri = ("ws://127.0.0.1:%d/socket/websocket"):format(server.port)
  local function live()
    local client = assert(slipstream.start(loopback, uri))
    while client:alive() do uv.run "once" end
  end
  return live, function()
    local is_over
    server:kill(function() is_over = true end)
    assert(loop.wait(function() return is_over end))
  end
end

-- What Lua holds in the end, in bytes.
function M.memory()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count" * 1024
end

return M
