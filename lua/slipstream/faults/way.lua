--- Way: one way of all connections of a proxy: what is set is set for those that live, and new ones begin
-- with it.

local Fault = require "slipstream.faults.fault"
local check = require "slipstream.check"
local frame = require "slipstream.frame"

---@class slipstream.FaultWay: slipstream.Faults
local Way = {}
Way.__index = Way
Way.__name = "slipstream.faults.way"

--- Makes one: "up" or "down".
---@param proxy slipstream.FaultProxy
---@param name string
---@return slipstream.FaultWay
function Way.new(proxy, name)
  return setmetatable({ proxy = proxy, name = name, faults = {} }, Way)
end

--- Raises, at the script's line, when the proxy is closed.
---@param proxy slipstream.FaultProxy
function Way.check_open(proxy)
  if proxy.is_closed then error("attempt to use a closed proxy", (frame.caller())) end
end

--- For a connection that begins.
---@param connection slipstream.FaultConnection
function Way:begin(connection)
  for name, value in pairs(self.faults) do connection[self.name]:_set(name, value) end
end

function Way:_set(name, value)
  Way.check_open(self.proxy)
  self.faults[name] = value
  for _, connection in ipairs(self.proxy:connections()) do connection[self.name]:_set(name, value) end
end

Fault.install(Way)

--- Half closes that way of all connections; see the pipe's.
function Way:half_close()
  check.self(self, Way.__name)
  Way.check_open(self.proxy)
  for _, connection in ipairs(self.proxy:connections()) do connection[self.name]:half_close() end
end

return Way
