--- Connection: what came to the proxy, what it dialled for that, and the pipes between the two.

local Fault = require "slipstream.faults.fault"
local Pipe = require "slipstream.faults.pipe"
local Target = require "slipstream.faults.target"
local check = require "slipstream.check"

---@class slipstream.FaultConnection: slipstream.Faults
---@field number integer counted from 1
---@field up slipstream.FaultPipe from the client to the server
---@field down slipstream.FaultPipe from the server to the client
---@field outcome "closed"|"cut"|"reset"|"unreachable"|nil nil while it lives
---@field fault string? why it was unreachable
local Connection = {}
Connection.__index = Connection
Connection.__name = "slipstream.faults.connection"

--- Takes a socket that came in; its server is there when it has dialled.
---@param proxy slipstream.FaultProxy
---@param number integer
---@param client userdata
---@return slipstream.FaultConnection
function Connection.new(proxy, number, client)
  local self = setmetatable({ proxy = proxy, number = number, client = client }, Connection)
  self.up = Pipe.new(self, client, nil, proxy.seed, 2 * number)
  self.down = Pipe.new(self, nil, client, proxy.seed, 2 * number + 1)
  return self
end

local function start(self)
  self.client:nodelay(true)
  self.server:nodelay(true)
  self.up:start()
  if not self.outcome then self.down:start() end -- it may be cut after nothing
end

--- Nothing is read before the server is there.
---@param to slipstream.FaultTarget
function Connection:dial(to)
  local function made(socket)
    self.server, self.up.target, self.down.source = socket, socket, socket
  end
  Target.connect(to, made, function(err)
    if not err then return start(self) end
    self.fault = err
    self:finish("unreachable", true)
  end)
end

-- Ends.

-- By RST when asked for: libuv refuses that for a socket that is being shut down.
local function close(socket, by_reset)
  if by_reset and socket:close_reset() then return end
  socket:close()
end

--- Closes both sides, once.
---@param outcome string
---@param by_reset boolean?
function Connection:finish(outcome, by_reset)
  if self.outcome then return end
  self.outcome = outcome
  self.up:stop()
  self.down:stop()
  close(self.client, by_reset)
  close(self.server, by_reset)
  self.proxy:forget(self)
end

--- A way is over: so is the connection when the other one is, too.
function Connection:settle()
  if self.up.is_over and self.down.is_over then self:finish "closed" end
end

--- A socket is dead, so its peer is told, unless what it says is lost on the way.
---@param socket userdata
function Connection:broken(socket)
  if self.outcome then return end
  local from, to = self.up, self.down
  if socket == self.server then from, to = to, from end
  if not from:is_silent() then return self:finish("reset", true) end
  to.has_lost, from.has_ended = true, true
  to:lose()
  from:lose()
end

-- What a script does.

Fault.install(Connection)

--- Closes both sides, now. What is under way is lost.
function Connection:cut()
  check.self(self, Connection.__name)
  self:finish "cut"
end

--- Resets both sides, now: each gets RST.
function Connection:reset()
  check.self(self, Connection.__name)
  self:finish("reset", true)
end

---@class slipstream.FaultStats
---@field up integer bytes that the server was sent
---@field down integer bytes that the client was sent
---@field held integer bytes that were read and not sent yet

--- What has gone through it.
---@return slipstream.FaultStats
function Connection:stats()
  check.self(self, Connection.__name)
  return { up = self.up.passed, down = self.down.passed, held = self.up.held + self.down.held }
end

return Connection
