--- SIGINT and SIGTERM: the first asks the program to end, the second ends it at once.

local uv = require "luv"

local M = {}

local numbers = { sigint = 2, sigterm = 15 }

--- Calls `on_signal(exit_code)` at the first signal. The system's own action is back in force as soon as
-- the kernel has delivered it ("oneshot"), not when the loop hears of it: the same signal a second time ends
-- the process even when a script keeps the loop busy for ever.
function M.watch(on_signal)
  local handles = {}
  for name, number in pairs(numbers) do
    local handle = uv.new_signal()
    handles[#handles + 1] = handle
    handle:unref() -- waiting for signals is no reason to go on
    uv.signal_start_oneshot(handle, name, function() -- luv 1.44 has no method for it
      for _, each in ipairs(handles) do each:close() end
      on_signal(128 + number)
    end)
  end
end

return M
