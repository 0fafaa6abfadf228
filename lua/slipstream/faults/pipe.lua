--- Pipe: one way of a connection: from one socket to the other, by way of a queue and its faults.
--
-- At most one write is under way, and the next piece goes when it is done: so the order is kept, each piece
-- has a write and a turn of the loop of its own, and a receiver that is slow makes the queue grow. While
-- that is long, nothing is read, so that the sender feels it.

local Fault = require "slipstream.faults.fault"
local check = require "slipstream.check"
local luck = require "slipstream.faults.luck"
local pace = require "slipstream.faults.pace"
local spoil = require "slipstream.faults.spoil"
local uv = require "luv"

---@class slipstream.FaultPipe: slipstream.Faults
local Pipe = {}
Pipe.__index = Pipe
Pipe.__name = "slipstream.faults.pipe"

-- Of one pipe; reading goes on when half of it is gone.
local MOST_HELD <const> = 1 << 20

--- Makes one that does not run yet, from one socket of the connection to the other; the server's is set when
-- there is one, before the pipe starts.
---@param connection slipstream.FaultConnection
---@param source userdata?
---@param target userdata?
---@param seed integer
---@param stream integer of the seed's streams
function Pipe.new(connection, source, target, seed, stream)
  local pipe = setmetatable({
    connection = connection, source = source, target = target, timer = uv.new_timer(), faults = {},
    queue = {}, first = 1, last = 0, -- of { bytes, taken, at, swing }, or { is_end } as the last one
    held = 0, passed = 0, -- bytes in the queue or under way; those that went through
    clock = pace.new(), draw = luck.new(seed, 2 * stream),
    spoiler = spoil.new(luck.new(seed, 2 * stream + 1)),
  }, Pipe)
  pipe.on_due = function() pipe:pump(true) end
  pipe.on_written = function(err) pipe:written(err) end
  pipe.on_bytes = function(err, bytes) pipe:receive(err, bytes) end
  return pipe
end

function Pipe:start()
  self.is_running = true
  self:adjust()
end

--- For good.
function Pipe:stop()
  self.is_running, self.queue, self.held = false, {}, 0
  self.timer:close()
end

-- Reads, or not, and sends what is due: after anything that may have changed either.
function Pipe:adjust()
  if not self.is_running then return end
  local limit = self.is_reading and MOST_HELD or MOST_HELD // 2
  local may_read = not (self.is_dry or self.faults.stall) and self.held < limit
  if may_read ~= (self.is_reading or false) then
    self.is_reading = may_read
    if may_read then self.source:read_start(self.on_bytes) else self.source:read_stop() end
  end
  self:pump()
end

-- What comes in.

-- Whether what comes in is lost. The stream has a hole from then on, so it cannot be mended.
function Pipe:is_silent()
  return self.faults.black_hole or self.has_lost
end

function Pipe:add(entry)
  uv.update_time() -- for the latency of what a long callback has kept waiting
  entry.at, entry.swing = uv.now(), luck.swing(self.draw)
  self.last = self.last + 1
  self.queue[self.last] = entry
end

-- The source has ended.
function Pipe:dry(err)
  self.is_dry = true
  self.connection.proxy.watcher.dried(self.connection, self, err)
end

function Pipe:receive(err, bytes)
  if not self.is_running then return end
  if not bytes then self:dry(err) end
  if err then return self.connection:broken(self.source) end
  if not bytes then return self:end_input() end
  if self.has_ended then return end -- it was half closed: what follows goes nowhere
  if self:is_silent() then
    self.has_lost = true
    return
  end
  bytes = self.spoiler(bytes, self.faults.corrupt)
  if bytes == "" then return end
  self:add { bytes = bytes, taken = 0 }
  self.held = self.held + #bytes
  self:adjust()
end

-- Nothing more comes in: the receiver will hear of it behind what is queued.
function Pipe:end_input()
  if self.has_ended then return end
  self.has_ended = true
  if self:is_silent() then return self:lose() end
  self:add { is_end = true }
  self:pump()
end

--- Loses what is under way, and all that comes.
function Pipe:lose()
  if self.last < self.first and not self.has_ended then return end
  self.has_lost, self.queue, self.first, self.last = true, {}, 1, 0
  self.held = self.under_way or 0
  if self.has_ended then self:finish() end
end

-- What goes out.

-- How much of an entry goes in the next write.
function Pipe:size_of_piece(entry)
  if entry.is_end then return 0 end
  local size = #entry.bytes - entry.taken
  local faults = self.faults
  if faults.slice then size = math.min(size, faults.slice) end
  if faults.bandwidth then size = math.min(size, pace.piece(faults.bandwidth)) end
  if self.cut_at then size = math.min(size, self.cut_at - self.passed) end
  return size
end

-- `is_due`: its timer rang. A slice goes only then, so once in a turn: libuv tells of several writes in one
-- turn, but only between turns does a receiver on the same loop read.
function Pipe:pump(is_due)
  if not self.is_running or self.under_way or self.faults.stall then return end
  if self.cut_at and self.passed >= self.cut_at then return self.connection:cut() end
  local entry = self.queue[self.first]
  if not entry then return end
  if self.faults.slice and not is_due then return self.timer:start(0, 0, self.on_due) end
  local size = self:size_of_piece(entry)
  uv.update_time()
  local wait = self.clock:wait(entry, size, self.faults, uv.now())
  if wait > 0 then
    self.timer:start(wait, 0, self.on_due)
  elseif entry.is_end then
    self:shut_down()
  else
    self:send(entry, size)
  end
end

function Pipe:send(entry, size)
  local bytes = entry.bytes
  if size < #bytes then bytes = bytes:sub(entry.taken + 1, entry.taken + size) end
  entry.taken = entry.taken + size
  if entry.taken == #entry.bytes then
    self.queue[self.first] = nil
    self.first = self.first + 1
  end
  self.under_way = size
  if not self.target:write(bytes, self.on_written) then self.connection:broken(self.target) end
end

function Pipe:written(err)
  if not self.is_running then return end
  local size = self.under_way
  self.under_way = nil
  self.held, self.passed = self.held - size, self.passed + size
  if err then return self.connection:broken(self.target) end
  self:adjust()
end

function Pipe:shut_down()
  self.under_way = 0
  if not self.target:shutdown(function() self:finish() end) then self:finish() end
end

-- All that there will be has gone through, or nobody will hear of it.
function Pipe:finish()
  if self.connection.outcome then return end
  self.is_over = true
  self.connection:settle()
end

-- The faults.

local effects = {}

function effects.black_hole(pipe, is_on)
  if is_on then pipe:lose() end
end

function effects.cut_after(pipe, bytes)
  pipe.cut_at = bytes and pipe.passed + (pipe.under_way or 0) + bytes
end

function Pipe:_set(name, value)
  self.faults[name] = value
  if effects[name] then effects[name](self, value) end
  self:adjust()
end

Fault.install(Pipe)

--- The receiver is told that nothing more comes, behind what is queued; the other way goes on.
function Pipe:half_close()
  check.self(self, Pipe.__name)
  if not self.connection.outcome then self:end_input() end
end

return Pipe
