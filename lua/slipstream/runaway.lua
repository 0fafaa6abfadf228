--- Runaway callbacks: the log warns of one that keeps all other clients waiting, and when it goes on it is
-- stopped by an error, so that their heartbeats survive.

local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local is_users = require("slipstream.frame").is_users
local journal = require "slipstream.journal"
local log = require "slipstream.log"

local M = {}

local SLOW_MSEC, MOST_MSEC = 100, 10000
local SECOND_MSEC = 1000
local none = {} -- of what is asked of a worker, which is no client's

-- The script's line among those that run; nil when it has none, as in a default.
local function users_line()
  for level = 2, math.huge do
    local frame = debug.getinfo(level, "Sl")
    if not frame then return nil end
    if is_users(frame) then return ("%s:%d"):format(frame.short_src, frame.currentline) end
  end
end

local hear_of

--- From now on `fn` hears once a second of what does not return, a callback or a script: whose it is, and
-- where. It is called inside of that.
---@param fn fun(what: { client: string?, callback: string?, line: string? })
function M.on_second(fn)
  hear_of = fn
end

local function tell(owner, elapsed, before)
  if not hear_of or elapsed // SECOND_MSEC == before // SECOND_MSEC then return end
  local client = not owner._is_script and owner._client.name or nil
  hear_of { client = client, callback = owner._callback, line = users_line() }
end

-- 0: there is no limit.
local function is_over(elapsed, limit)
  return limit > 0 and elapsed >= limit
end

-- Most have nobody that waits for them but themselves, and no limit.
local function watch_script(script, elapsed)
  local most = script._max_slice_msec
  if most and elapsed >= most then return ("ran for more than %d msec without waiting"):format(most) end
end

-- Called from inside the code that runs for so long, and was called `before`; what is returned is raised in
-- it.
local function watch(elapsed, _, before)
  local owner = fiber.current()
  if not owner then return end
  tell(owner, elapsed, before)
  if owner._is_script then return watch_script(owner, elapsed) end
  local module = owner._client._module
  local options = module and getmetatable(module).options or none
  local slow = options.slow_callback_msec or SLOW_MSEC
  if is_over(elapsed, slow) and not is_over(before, slow) then
    journal.slow(owner, elapsed, users_line())
  end
  local most = options.max_callback_msec or MOST_MSEC
  if is_over(elapsed, most) then
    return ("%s ran for more than %d msec (max_callback_msec)"):format(owner._callback, most)
  end
end

local ok, text = core.watch(watch)
if not ok then log.warn("callbacks are not watched", { reason = text }) end

return M
