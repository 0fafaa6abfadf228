--- Net: the network between a scenario and its server, which can be made a bad one: `t.net:latency(200)`.

local check = require "slipstream.check"
local faults = require "slipstream.faults"

---@class slipstream.scenario.Net: slipstream.Fault
---@field to_server slipstream.FaultWay
---@field to_client slipstream.FaultWay
local Net = {}
Net.__index = Net
Net.__name = "slipstream.scenario.context.net"

--- Begins to listen in front of the scenario's server.
---@param t slipstream.scenario.Context
---@return slipstream.scenario.Net
function Net.new(t)
  local proxy = assert(faults.listen { to = t._options.uri })
  return setmetatable({ _proxy = proxy, to_server = proxy.up, to_client = proxy.down }, Net)
end

local function checked(self)
  check.self(self, Net.__name)
  return self._proxy
end

-- Those of docs/faults.md.
for _, name in ipairs { "latency", "bandwidth", "stall", "black_hole", "slice", "corrupt", "cut_after" } do
  Net[name] = function(self, ...)
    local proxy = checked(self)
    proxy[name](proxy, ...)
    return self
  end
end

--- Closes all connections, now.
function Net:cut() checked(self):cut() end

--- Resets all connections, now.
function Net:reset() checked(self):reset() end

--- The server cannot be reached from now on, and nobody stays connected.
function Net:down()
  checked(self):refuse(true)
  self._proxy:cut()
end

--- It can be reached again.
function Net:up() checked(self):refuse(false) end

--- Ends all faults.
function Net:heal() checked(self):clear() end

--- Where sockets connect instead of the server.
---@return string
function Net:_uri() return self._proxy:uri() end

--- The config's `tls` for that: certificates are the server's.
---@param tls table?
---@return table?
function Net:_tls(tls)
  if tls and tls.server_name or self._proxy.to.scheme ~= "wss" then return tls end
  local own = { server_name = self._proxy.to[1] }
  for key, value in pairs(tls or {}) do own[key] = value end
  return own
end

--- Nothing of it stays on the loop.
function Net:_close() self._proxy:close() end

return Net
