--- Proxy: listens, has connections, and the faults of all of them.

local Connection = require "slipstream.faults.connection"
local Fault = require "slipstream.faults.fault"
local Way = require "slipstream.faults.way"
local check = require "slipstream.check"
local show = require "slipstream.show"
local uv = require "luv"

---@class slipstream.FaultProxy: slipstream.Faults
---@field host string
---@field port integer where it listens
---@field up slipstream.FaultWay from the clients to the server
---@field down slipstream.FaultWay from the server to the clients
local Proxy = {}
Proxy.__index = Proxy
Proxy.__name = "slipstream.faults.proxy"

local BACKLOG <const> = 128

-- Listening.

local function accept(proxy)
  local client = uv.new_tcp()
  if not proxy.listener:accept(client) then return client:close() end
  proxy.counts.accepted = proxy.counts.accepted + 1
  local connection = Connection.new(proxy, proxy.counts.accepted, client)
  proxy.alive[connection] = true
  proxy.watcher.began(connection)
  proxy.up:begin(connection)
  proxy.down:begin(connection)
  connection:dial(proxy.to)
end

-- A socket that has the port; nobody can connect before it listens.
local function bind(host, port)
  local listener = uv.new_tcp()
  local is_address, ok, text = pcall(listener.bind, listener, host, port)
  if is_address and ok then return listener end
  listener:close()
  return nil, is_address and text or "not an IP address"
end

local function listen(proxy)
  return proxy.listener:listen(BACKLOG, function(err)
    if not err then accept(proxy) end
  end)
end

local function nothing() end

-- What there is to see, for who records it; each is told the connection.
---@class slipstream.FaultWatcher
---@field began fun(connection) before anything is read
---@field dried fun(connection, pipe, err: string?) the pipe's source has ended
---@field ended fun(connection) it has its outcome
local nobody = { began = nothing, dried = nothing, ended = nothing }

--- Opens one.
---@param to slipstream.FaultTarget
---@param host string
---@param port integer
---@param seed integer
---@param watcher slipstream.FaultWatcher?
---@return slipstream.FaultProxy? proxy, string? err
function Proxy.open(to, host, port, seed, watcher)
  local listener, text = bind(host, port)
  local self = setmetatable({
    to = to, host = host, seed = seed, watcher = watcher or nobody, listener = listener, alive = {},
    counts = { accepted = 0, closed = 0, cut = 0, reset = 0, unreachable = 0, up = 0, down = 0 },
  }, Proxy)
  self.up, self.down = Way.new(self, "up"), Way.new(self, "down")
  local ok
  if listener then ok, text = listen(self) end
  if ok then
    self.port = listener:getsockname().port
    return self
  end
  if listener then listener:close() end
  return nil, show.cannot_listen(show.address(host, port), text)
end

--- Accepts nobody from now on, as a machine without the server: the port is kept, but closed, so that who
-- connects is refused by the kernel. `refuse(false)` and `clear` open it again.
---@param is_on boolean? true when absent
---@return slipstream.FaultProxy
function Proxy:refuse(is_on)
  check.self(self, Proxy.__name)
  check.is_optional(1, is_on, "boolean")
  Way.check_open(self)
  is_on = is_on ~= false
  if is_on ~= (self.is_refusing or false) then
    self.is_refusing = is_on
    if is_on then
      self.listener:close()
      self.listener = assert(bind(self.host, self.port))
    else
      assert(listen(self))
    end
  end
  return self
end

-- Faults of all.

Fault.install(Proxy)

local clear_ways = Proxy.clear

--- Ends all faults. What was lost in a black hole stays lost.
---@return slipstream.FaultProxy
function Proxy:clear()
  check.self(self, Proxy.__name)
  clear_ways(self)
  return self:refuse(false)
end

--- Closes all connections, now, and goes on listening.
function Proxy:cut()
  check.self(self, Proxy.__name)
  for _, connection in ipairs(self:connections()) do connection:cut() end
end

--- Resets all connections, now, and goes on listening.
function Proxy:reset()
  check.self(self, Proxy.__name)
  for _, connection in ipairs(self:connections()) do connection:reset() end
end

-- What there is.

--- The address of the proxy as a URI.
---@param path string? with its query; that of the target when absent
---@return string
function Proxy:uri(path)
  check.self(self, Proxy.__name)
  check.is_optional(1, path, "string")
  path = path or self.to.path or "/socket/websocket"
  return ("%s://%s%s"):format(self.to.scheme, show.address(self.host, self.port), path)
end

--- The connections that live, oldest first.
---@return slipstream.FaultConnection[]
function Proxy:connections()
  check.self(self, Proxy.__name)
  local list = {}
  for connection in pairs(self.alive) do list[#list + 1] = connection end
  table.sort(list, function(one, other) return one.number < other.number end)
  return list
end

--- For a connection that has ended.
---@param connection slipstream.FaultConnection
function Proxy:forget(connection)
  self.alive[connection] = nil
  local counts, stats = self.counts, connection:stats()
  counts[connection.outcome] = counts[connection.outcome] + 1
  counts.up, counts.down = counts.up + stats.up, counts.down + stats.down
  self.watcher.ended(connection)
end

---@class slipstream.FaultTotals: slipstream.FaultStats
---@field accepted integer connections that came
---@field open integer those that live
---@field closed integer both ends had finished
---@field cut integer
---@field reset integer by the script, or by one end and passed on to the other
---@field unreachable integer the target was not there

--- Bytes and connections so far.
---@return slipstream.FaultTotals
function Proxy:stats()
  check.self(self, Proxy.__name)
  local totals = { open = 0, held = 0 }
  for name, count in pairs(self.counts) do totals[name] = count end
  for connection in pairs(self.alive) do
    totals.open = totals.open + 1
    for name, count in pairs(connection:stats()) do totals[name] = totals[name] + count end
  end
  return totals
end

--- Closes everything: nothing of it stays on the loop. Once more is no harm.
function Proxy:close()
  check.self(self, Proxy.__name)
  if self.is_closed then return end
  self.is_closed = true
  self.listener:close()
  self:cut()
end

function Proxy:__close() self:close() end

return Proxy
