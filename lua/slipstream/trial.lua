--- Trials: calls code that is about to be taken over, where it can do no harm: an error is caught, it cannot
-- wait, and it is ended when it runs for too long.

local client_modules = require "slipstream.client"
local fiber = require "slipstream.fiber"

local M = {}

local REFUSAL = "waits, which code that is being reloaded cannot do"

local function settled(owner, state, ...)
  owner.has_failed = state == "failed"
  owner.caught = ...
end

--- Calls `fn(...)`.
---@param host userdata whose clients it may start
---@param name string for the log
---@param fn function
---@param ... any
---@return slipstream.Caught? caught nil: it went well
function M.run(host, name, fn, ...)
  local owner = {
    _client = { name = name, _host = host, _module = client_modules.passive }, _callback = name,
    _fiber = false, _done = false, _alarm = false, _refusal = REFUSAL,
  }
  fiber.run(owner, settled, fn, ...)
  return owner.has_failed and owner.caught or nil
end

return M
