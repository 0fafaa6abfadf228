--- Runaway callbacks: the log warns of one that keeps all other clients waiting, and when it goes on it is
-- stopped by an error, so that their heartbeats survive.

local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local is_users = require("slipstream.frame").is_users
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

-- The script's line among those that run; nil when it has none, as in a default.
local function users_line()
  for level = 2, math.huge do
    local frame = debug.getinfo(level, "Sl")
    if not frame then return nil end
    if is_users(frame) then return ("%s:%d"):format(frame.short_src, frame.currentline) end
  end
end

local function warn(owner, elapsed)
  last.is_warned = true
  journal.slow(owner, elapsed, users_line())
end

-- 0: there is no limit.
local function is_over(elapsed, limit)
  return limit > 0 and elapsed >= limit
end

-- Called from inside the code that runs for so long; what is returned is raised in it. Scripts have nobody
-- that waits for them but themselves.
local function watch(elapsed)
  local owner = fiber.current()
  if not owner or owner._is_script then return end
  local options = getmetatable(owner._client._module).options
  if is_next_slice(owner, elapsed) then last.is_warned = false end
  if not last.is_warned and is_over(elapsed, options.slow_callback_msec or SLOW_MSEC) then
    warn(owner, elapsed)
  end
  local most = options.max_callback_msec or MOST_MSEC
  if is_over(elapsed, most) then
    last.owner = nil
    return ("%s ran for more than %d msec (max_callback_msec)"):format(owner._callback, most)
  end
end

local ok, text = core.watch(watch)
if not ok then log.warn("callbacks are not watched", { reason = text }) end
