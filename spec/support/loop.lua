-- Loop: luv's loop for specs that meet real sockets: waiting without sleeping, closing without leaks.
local uv = require "luv"

local M = {}

-- Runs the loop until is_done() is true; false when that takes longer than `msec` (default 2000).
function M.wait(is_done, msec)
  local stop = uv.hrtime() + (msec or 2000) * 1000000
  local tick = uv.new_timer() -- what was told just before the loop waits must be looked at too
  tick:start(5, 5, function() end)
  tick:unref() -- so that it does not count as something alive
  while not is_done() and uv.hrtime() < stop do uv.run "once" end
  M.close(tick)
  return is_done() and true or false
end

-- What is due now, without waiting.
function M.turn() uv.run "nowait" end

-- Closes a handle for good: luv crashes at the end of the state when a closed one has not seen another
-- turn of the loop.
function M.close(handle)
  if not handle:is_closing() then handle:close() end
  uv.run "nowait"
end

-- Whether nothing is left on the loop, or goes in time.
function M.is_empty()
  return M.wait(function() return not uv.loop_alive() end)
end

return M
