--- SIGINT and SIGTERM: the first asks the program to end, the second ends it at once.

local uv = require "luv"

local M = {}

local numbers = { sigint = 2, sigterm = 15 }

--- Calls `on_signal(exit_code)` at the first signal. From then on the system's own action is back in
-- force, so a second signal ends the process even when a script keeps it busy.
function M.watch(on_signal)
  local handles = {}
  for name, number in pairs(numbers) do
    local handle = uv.new_signal()
    handles[#handles + 1] = handle
    handle:unref() -- waiting for signals is no reason to go on
    handle:start(name, function()
      for _, each in ipairs(handles) do each:close() end
      on_signal(128 + number)
    end)
  end
end

return M
