--- When what has ended is to be started again, and when to give it up: what OTP's supervisor(3) calls
-- restart types and maximum restart intensity.

local check = require "slipstream.check"

local M = {}

--- The defaults, which are those of Elixir's Supervisor: so many restarts within so many seconds.
M.MAX_RESTARTS = 3
M.MAX_SECONDS = 5

local FIRST_MSEC = 100
local MOST_MSEC = 5000
local MOST_DOUBLINGS = 6 -- more than it takes from the first to the most

---@alias slipstream.RestartPolicy
---| "permanent" # started again however it ended
---| "transient" # after a failure only
---| "temporary" # never

--- Whether what ended is to be started again.
---@param policy slipstream.RestartPolicy
---@param is_failure boolean it crashed, or stopped for a reason that is none of the good ones
---@return boolean
function M.is_wanted(policy, is_failure)
  return policy == "permanent" or policy == "transient" and is_failure
end

--- How long to wait before a restart that is the `count`-th in a row: 100 msec, 200, 400 … at most 5000.
---@param count integer from 1
---@return integer msec
function M.pause(count)
  return math.min(FIRST_MSEC << math.min(count - 1, MOST_DOUBLINGS), MOST_MSEC)
end

local policies = { permanent = true, transient = true, temporary = true }

--- Whether a value is a policy.
---@param value any
---@return boolean
function M.is_policy(value)
  return policies[value] == true
end

local function fault_of(options)
  local most, seconds = options.max_restarts, options.max_seconds
  if options.restart and not M.is_policy(options.restart) then
    local text = 'restart: "permanent", "transient" or "temporary" expected, got %q'
    return text:format(options.restart)
  elseif most and (math.type(most) ~= "integer" or most < 0) then
    return ("max_restarts: an integer from 0 expected, got %s"):format(most)
  elseif seconds and not (seconds > 0 and seconds < math.huge) then
    return ("max_seconds: a number of seconds above 0 expected, got %s"):format(seconds)
  end
end

--- Raises for `restart`, `max_restarts` or `max_seconds` of the options that a script gave, whose types
-- are right already.
---@param position integer
---@param options { restart: string?, max_restarts: integer?, max_seconds: number? }
function M.check(position, options)
  local fault = fault_of(options)
  if fault then check.fail(position, fault) end
end

---@class slipstream.RestartHistory
---@field private max_restarts integer
---@field private window integer msec
---@field private times integer[] of the restarts within the window, at the places from `head` to `tail`
---@field private head integer
---@field private tail integer
local History = {}
History.__index = History
History.__name = "slipstream.restart_history"

--- Makes the empty history of one supervisor's restarts.
---@param max_restarts integer 0: give up at the first
---@param max_seconds number
---@return slipstream.RestartHistory
function M.new_history(max_restarts, max_seconds)
  local history = { max_restarts = max_restarts, window = max_seconds * 1000, times = {}, head = 1, tail = 0 }
  return setmetatable(history, History)
end

local function forget_before(history, time)
  while history.head <= history.tail and history.times[history.head] < time do
    history.times[history.head] = nil
    history.head = history.head + 1
  end
end

--- Notes that a restart is due. False: that is more than there may be within the time, so give up.
---@param now_msec integer of a clock that never goes back
---@return boolean
function History:add(now_msec)
  forget_before(self, now_msec - self.window)
  self.tail = self.tail + 1
  self.times[self.tail] = now_msec
  return self:count() <= self.max_restarts
end

--- How many restarts there were within the time that ended with the last one, that one included: what
-- `pause` wants to know.
---@return integer
function History:count()
  return self.tail - self.head + 1
end

return M
