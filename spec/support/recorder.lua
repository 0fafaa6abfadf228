-- Recorder: a client module that notes every callback, so that a spec can say what came.
local slipstream = require "slipstream"

local M = {}

local callbacks = {
  "handle_connect", "handle_disconnect", "handle_join", "handle_message", "handle_reply",
  "handle_topic_close", "handle_leave", "terminate",
}

-- A module whose callbacks go to `calls` as { name, … } and then to the default. `init` connects with
-- `config` over a virtual server's uri; callbacks in `own` come first and may answer a verdict.
-- It is not started again, so that a story may end with a failure.
function M.module(config, own)
  local module, calls = slipstream.client { restart = "temporary" }, {}
  config = config or {}
  config.uri = config.uri or "ws://phoenix.test/socket/websocket"
  config.jitter = config.jitter or 0
  function module:init()
    calls.socket = self
    assert(self:connect(config))
  end
  for _, name in ipairs(callbacks) do
    module[name] = function(self, ...)
      calls[#calls + 1] = { name, ... }
      if own and own[name] then return own[name](self, ...) end
      return slipstream.default[name](self, ...)
    end
  end
  for name, fn in pairs(own or {}) do module[name] = rawget(module, name) or fn end
  return module, calls
end

-- The names of the callbacks so far.
function M.names(calls)
  local names = {}
  for index, call in ipairs(calls) do names[index] = call[1] end
  return names
end

-- The last call of that callback: its arguments.
function M.last(calls, name)
  for index = #calls, 1, -1 do
    if calls[index][1] == name then return table.unpack(calls[index], 2) end
  end
end

return M
