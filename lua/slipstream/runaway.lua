--- Runaway callbacks: the log warns of one that keeps all other clients waiting, and when it goes on it is
-- stopped by an error, so that their heartbeats survive.

local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local journal = require "slipstream.journal"
local log = require "slipstream.log"

local SLOW_MSEC, MOST_MSEC = 100, 10000

-- What was told last: a client's next slice begins to be told from the start.
local last = { elapsed = 0 }

local function is_next_slice(owner, elapsed)
  local is_next = last.owner ~= owner or elapsed <= last.elapsed
  last.owner, last.elapsed = owner, elapsed
  return is_next
end

local function warn(owner, elapsed, where)
  last.is_warned = true
  journal.slow(owner, elapsed, where)
end

-- 0: there is no limit.
local function is_over(elapsed, limit)
  return limit > 0 and elapsed >= limit
end

-- Called from inside the code that runs for so long; what is returned is raised in it. Scripts have nobody
-- that waits for them but themselves.
local function watch(elapsed, where)
  local owner = fiber.current()
  if not owner or owner._is_script then return end
  local options = getmetatable(owner._client._module).options
  if is_next_slice(owner, elapsed) then last.is_warned = false end
  if not last.is_warned and is_over(elapsed, options.slow_callback_msec or SLOW_MSEC) then
    warn(owner, elapsed, where)
  end
  local most = options.max_callback_msec or MOST_MSEC
  if is_over(elapsed, most) then
    last.owner = nil
    return ("%s ran for more than %d msec (max_callback_msec)"):format(owner._callback, most)
  end
end

local ok, text = core.watch(watch)
if not ok then log.warn("callbacks are not watched", { reason = text }) end
