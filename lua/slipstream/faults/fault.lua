--- Fault: the faults that last, as methods: what each takes, for whatever bytes pass through.
--
-- They are the same for one way of one connection, for one connection, for one way of all, and for all.
-- Called without an argument, each is over (`false` for the two that take none); `clear` ends all.

local check = require "slipstream.check"

---@class slipstream.Fault
---@field latency fun(self, msec: number?, jitter_msec: number?): self bytes come that much later, in order
---@field bandwidth fun(self, bytes_per_second: number?): self may be below 1
---@field stall fun(self, is_on: boolean?): self nothing moves; all goes on when it is over
---@field black_hole fun(self, is_on: boolean?): self what is sent is lost; who lost something stays dead
---@field slice fun(self, bytes: integer?): self pieces of at most that size, each in a write of its own
---@field corrupt fun(self, every: integer|(fun(bytes: string): string)|nil): self each so-manieth byte
---@field cut_after fun(self, bytes: integer?): self after that many more bytes both ends are closed

---@class slipstream.Faults: slipstream.Fault
---@field clear fun(self): self ends all of them

local M = {}

local function is_between(value, least, most)
  return type(value) == "number" and value >= least and value <= most
end

local function check_msec(position, value)
  if is_between(value, 0, check.MOST_MSEC) then return end
  check.fail(position, ("msec from 0 to %d expected, got %s"):format(check.MOST_MSEC, tostring(value)))
end

local function check_count(value, least)
  if math.type(value) == "integer" and value >= least then return end
  check.fail(1, ("an integer from %d expected, got %s"):format(least, tostring(value)))
end

local function read_flag(is_on)
  check.is_optional(1, is_on, "boolean")
  return is_on ~= false or nil
end

-- A fault's value from the method's arguments; nil is none.
local readers = { black_hole = read_flag, stall = read_flag }

function readers.latency(msec, jitter)
  if msec == nil then return end
  check_msec(1, msec)
  if jitter ~= nil then check_msec(2, jitter) end
  return { msec = msec, jitter = jitter or 0 }
end

-- The least is a byte in eleven days, so that what is computed from it stays a time.
function readers.bandwidth(rate)
  if rate == nil or is_between(rate, 1e-6, 1e12) then return rate end
  check.fail(1, ("bytes per second from 1e-6 to 1e12 expected, got %s"):format(tostring(rate)))
end

function readers.slice(bytes)
  if bytes ~= nil then check_count(bytes, 1) end
  return bytes
end

function readers.corrupt(every)
  if every ~= nil and type(every) ~= "function" then check_count(every, 1) end
  return every
end

function readers.cut_after(bytes)
  if bytes ~= nil then check_count(bytes, 0) end
  return bytes
end

local function set_both_ways(self, name, value)
  self.up:_set(name, value)
  self.down:_set(name, value)
end

--- Gives a class the methods. It has the ways `up` and `down`, or its own `_set(name, value)` already, which
-- gets nil for a fault that is over.
---@param class table
function M.install(class)
  class._set = class._set or set_both_ways
  for name, read in pairs(readers) do
    class[name] = function(self, ...)
      check.self(self, class.__name)
      class._set(self, name, (read(...)))
      return self
    end
  end
  function class:clear()
    check.self(self, class.__name)
    for name in pairs(readers) do class._set(self, name, nil) end
    return self
  end
end

return M
