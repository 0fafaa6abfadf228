-- Shell: commands of specs, without the sanitizer that busted was lent: with ThreadSanitizer no shell starts.
local uv = require "luv"

local M = {}

local lent = uv.os_getenv "LD_PRELOAD"

-- In front of a command: it shall have the sanitizer all the same.
M.LENT = lent and ("LD_PRELOAD='%s' "):format(lent) or ""

local function without_sanitizer(fn, ...)
  uv.os_unsetenv "LD_PRELOAD"
  local result = table.pack(fn(...))
  if lent then uv.os_setenv("LD_PRELOAD", lent) end
  return table.unpack(result, 1, result.n)
end

-- As os.execute.
function M.run(command)
  return without_sanitizer(os.execute, command)
end

-- All that it writes to its standard output.
function M.read(command)
  local output <close> = assert(without_sanitizer(io.popen, command))
  return output:read "a"
end

return M
