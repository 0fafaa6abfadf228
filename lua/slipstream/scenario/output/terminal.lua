--- Terminal: the last line of one, which tells how far a run is and is written over again and again.

local uv = require "luv"

local M = {}

--- Whether a file descriptor is that of a terminal which can do this.
---@param number integer
---@return boolean
function M.is_able(number)
  return uv.guess_handle(number) == "tty" and os.getenv "TERM" ~= "dumb"
end

--- Takes the line away.
M.CLEAR = "\r\27[K"

-- One that is too long is cut by the terminal, whatever its width is by now.
local CUT, WRAP = "\27[?7l", "\27[?7h"

--- The line, where it was taken away.
---@param words string
---@return string
function M.line(words) return CUT .. words .. WRAP end

return M
