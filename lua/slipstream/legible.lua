--- Legible: what scripts and servers said, made fit to be read. It may have any bytes: what is no UTF-8, what
-- a terminal obeys and what turns the direction of writing is shown by its number instead.

local M = {}

--- Bytes that are no UTF-8 as \xNN; the rest as it is.
---@param text string
---@return string
function M.utf8(text)
  local good, bad = utf8.len(text)
  if good then return text end
  local parts, first = {}, 1
  repeat
    parts[#parts + 1] = text:sub(first, bad - 1)
    parts[#parts + 1] = ("\\x%02x"):format(text:byte(bad))
    first = bad + 1
    good, bad = utf8.len(text, first)
  until good
  return table.concat(parts) .. text:sub(first)
end

local names = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function show_control(c) return names[c] or ("\\x%02x"):format(c:byte()) end

local function show_character(c) return ("\\u{%x}"):format(utf8.codepoint(c)) end

-- C1 controls; marks of direction and separators of lines; those that isolate a direction; and no characters
-- at all, which XML does not allow.
local unseen = {
  "\xc2[\x80-\x9f]", "\xe2\x80[\x8e\x8f\xa8-\xae]", "\xe2\x81[\xa6-\xa9]", "\xef\xbf[\xbe\xbf]",
}

local function reveal(text, controls)
  text = tostring(text)
  if not text:find "[^ -~]" then return text end -- plain ASCII, as nearly all is
  text = M.utf8(text):gsub(controls, show_control)
  for _, pattern in ipairs(unseen) do text = text:gsub(pattern, show_character) end
  return text
end

--- In one line.
---@param text any
---@return string
function M.line(text) return reveal(text, "%c") end

--- In as many lines as it has.
---@param text any
---@return string
function M.block(text) return reveal(text, "[^%C\n\t]") end

return M
