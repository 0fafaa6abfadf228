--- Timers of a client: messages to itself, later.

local check = require "slipstream.check"
local copy = require("slipstream.copy").copy
local process = require "slipstream.process"

---@class slipstream.Socket
local Socket = {}

-- The name of their metatable, which belongs to the client module.
local NAME = "slipstream.socket"

---@class slipstream.Timer
---@field socket slipstream.Socket
---@field message any
---@field interval integer? msec from one to the next
---@field due integer when the next one should be, on the host's clock
local Timer = {}
Timer.__index = Timer
Timer.__name = "slipstream.timer"
Timer.__shared = true

--- Unsets it; its client forgets it.
---@return integer? msec that were left; nil when it was over
function Timer:unset()
  local left = self._clock:left()
  self._clock:unset()
  if self.socket._timers then self.socket._timers[self] = nil end
  return left
end

-- Counted from when it should have come, so that delays do not add up; those that were missed stay out.
local function set_next(timer, now)
  local late = now - timer.due
  timer.due = timer.due + timer.interval * (1 + late // timer.interval)
  timer._clock:set(timer.due - now)
end

local function ring(timer)
  local socket = timer.socket
  if not timer.interval then
    timer:unset()
    return process.arrive(socket, "info", timer.message)
  end
  set_next(timer, socket._client._host:now())
  return process.arrive(socket, "info", copy(timer.message))
end

local function new_timer(socket, msec, message, interval)
  local ok, copied = pcall(copy, message)
  if not ok then check.fail(2, copied) end
  local host = socket._client._host
  local timer = setmetatable({ socket = socket, message = copied, interval = interval }, Timer)
  timer._clock = host:timer(ring, timer)
  timer.due = host:now() + msec
  socket._timers = socket._timers or {}
  socket._timers[timer] = true
  timer._clock:set(msec) -- last: what is above may raise
  return timer
end

-- The longest time that the host can count.
local MOST_MSEC = 1 << 53

local function check_timer(socket, msec, least)
  check.self(socket, NAME)
  local whole = check.whole(msec)
  if whole and whole >= least and whole <= MOST_MSEC then return whole end
  local text = "an integer of msec from %d to %d expected, got %s"
  check.fail(1, text:format(least, MOST_MSEC, tostring(msec)))
end

--- Gives `handle_info` the message in `msec`. Ends with the client.
---@param msec integer
---@param message any tables are copied
---@return slipstream.Timer? timer, string? err, string? code nil, "stopping"
function Socket:send_after(msec, message)
  msec = check_timer(self, msec, 0)
  if self._ending then return nil, "stopping", "stopping" end
  return new_timer(self, msec, message)
end

--- Gives `handle_info` the message every `msec`, the first one in `msec`. Ends with the client.
---@param msec integer from 1
---@param message any tables are copied
---@return slipstream.Timer? timer, string? err, string? code nil, "stopping"
function Socket:send_interval(msec, message)
  msec = check_timer(self, msec, 1)
  if self._ending then return nil, "stopping", "stopping" end
  return new_timer(self, msec, message, msec)
end

--- Cancels a timer; one that has come or was cancelled is no harm. A message that waits in the mailbox
-- already still comes.
---@param timer slipstream.Timer
---@return integer? msec that were left; nil when it was over
function Socket:cancel_timer(timer)
  check.self(self, NAME)
  if getmetatable(timer) ~= Timer then check.fail(1, "a timer expected") end
  return timer:unset()
end

return Socket
