-- Wire_client: our client on a real socket, with what it tells kept in the order of telling.
local core = require "slipstream.core"
local loop = require "spec.support.loop"

local M = {}

local Client = {}
Client.__index = Client

local told = {
  "connected", "disconnected", "joined", "topic_closed", "left", "message", "reply", "failed",
}

local handlers = {}

for _, name in ipairs(told) do
  handlers[name] = function(self, ...) table.insert(self.events, { name = name, ... }) end
end

function handlers.connect_due(self)
  assert(self.core:dial { uri = ("ws://%s:%d/socket/websocket?vsn=2.0.0"):format(self.host, self.port) })
end

function handlers.join_due(self, topic)
  assert(self.core:send_join(topic, "{}", false))
end

-- Connects to a port of this machine. `config` as of host:client; `host` its name, if not 127.0.0.1.
function M.connect(port, config, host)
  local self = setmetatable({ port = port, host = host or "127.0.0.1", events = {} }, Client)
  self.core = core.host():client(handlers, self, config)
  assert(self.core:connect())
  return self
end

-- The next event, waited for: it must be `name`; answers its arguments. `msec` as of loop.wait.
function Client:expect(name, msec)
  assert(loop.wait(function() return self.events[1] end, msec), ("nothing told instead of %s"):format(name))
  local event = table.remove(self.events, 1)
  if event.name ~= name then
    error(("told %s (%s) instead of %s"):format(event.name, tostring(event[1]), name), 2)
  end
  return table.unpack(event)
end

function Client:close() self.core:close() end

-- Ends what a spec has begun; nothing of it may be left on the loop.
function M.finish(client, server)
  client:close()
  server:close()
  core.host():close()
  assert(loop.is_empty(), "something is left on the loop")
end

return M
