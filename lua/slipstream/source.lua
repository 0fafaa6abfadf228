--- Source: the text of a file, and the chunk that it is: together they do what Lua's loadfile does.

local M = {}

--- What is in a file.
---@param file string
---@return string? text, string? fault
function M.read(file)
  local handle <close>, fault = io.open(file, "rb")
  if not handle then return nil, "cannot open " .. fault end
  local text, why = handle:read "a"
  if text then return text end
  return nil, ("cannot read %s: %s"):format(file, why)
end

--- Compiles what was in a file. Bytecode is refused.
---@param text string
---@param file string for errors
---@return function? chunk, string? fault
function M.load(text, file)
  -- without the mark of its encoding, and the line that is for a shell
  local code = text:gsub("^\xEF\xBB\xBF", ""):gsub("^#[^\n]*", "")
  return load(code, "@" .. file, "t")
end

return M
