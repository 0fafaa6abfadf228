--- Exit: what `os.exit` is to scenarios. If it ended the program, the exit code would be theirs, and the rest
-- would never be played.

local M = {}

--- From now on it raises, in this Lua state.
function M.forbid()
  rawset(os, "exit", function() error("os.exit would end the run; return, skip or raise an error", 2) end)
end

return M
