--- Places: "file.lua:12: " before what an error says.

local M = {}

-- Lua leaves out the beginning of a long path.
local function is_short_for(path, file)
  if path == file then return true end
  local ending = path:match "^%.%.%.(.+)$"
  return ending ~= nil and file:sub(-#ending) == ending
end

--- Splits a text that begins with a place in a file.
---@param text string
---@param file string? any Lua file when absent
---@return string rest the text without the place
---@return integer? line nil: it begins otherwise
function M.split(text, file)
  local path, line, rest = text:match "^([^\n]-%.lua):(%d+): (.*)$"
  if not path or file and not is_short_for(path, file) then return text end
  return rest, math.tointeger(line)
end

return M
