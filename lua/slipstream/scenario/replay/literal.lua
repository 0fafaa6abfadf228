--- Literal: values as Lua code that makes them.

local any = require("slipstream.match").any
local core = require "slipstream.core"
local keys = require "slipstream.keys"

local M = {}

local WIDTH <const> = 100
local LONG <const> = 60 -- bytes of a text for which long brackets are worth it

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then
  true until while]]):gmatch "%a+" do keywords[word] = true end

--- Whether a text may stand as a name.
---@param text string
---@return boolean
function M.is_name(text)
  return text:find "^[%a_][%w_]*$" ~= nil and not keywords[text]
end

-- What is not ASCII stays readable where it is UTF-8.
local function quote(text)
  local is_utf8 = utf8.len(text) ~= nil
  local quoted = text:gsub('[%c"\\\x7f-\xff]', function(c)
    if c == "\n" then return "\\n" end
    if c == '"' or c == "\\" then return "\\" .. c end
    if is_utf8 and c:byte() >= 0x80 then return c end
    return ("\\x%02x"):format(c:byte())
  end)
  return '"' .. quoted .. '"'
end

-- In long brackets where that can be read better: several lines of text.
local function long(text)
  local flat, breaks = text:gsub("\n", "")
  if breaks < 2 or #text < LONG or flat:find "%c" or not utf8.len(text) then return nil end
  local level = ""
  while (text .. "]"):find("]" .. level .. "]", 1, true) do level = level .. "=" end
  return ("[%s[\n%s]%s]"):format(level, text, level)
end

--- A string.
---@param text string
---@return string
function M.string(text) return long(text) or quote(text) end

local write

local function entries_of(value, indent)
  local entries = {}
  if getmetatable(value) == core.array_mt then
    for place, entry in ipairs(value) do entries[place] = write(entry, indent .. "  ") end
    return entries
  end
  for _, key in ipairs(keys.sorted(value)) do
    local name = M.is_name(key) and key or ("[%s]"):format(quote(key))
    entries[#entries + 1] = name .. " = " .. write(value[key], indent .. "  ")
  end
  return entries
end

local function write_table(value, indent)
  local entries = entries_of(value, indent)
  if #entries == 0 then return getmetatable(value) == core.array_mt and "slipstream.array()" or "{}" end
  local line = "{ " .. table.concat(entries, ", ") .. " }"
  if #line + #indent <= WIDTH and not line:find("\n", 1, true) then return line end
  local inner = indent .. "  "
  return ("{\n%s%s,\n%s}"):format(inner, table.concat(entries, ",\n" .. inner), indent)
end

-- The shortest text that reads back as the same number.
local function number(value)
  if math.type(value) == "integer" then return tostring(value) end
  local text = ("%.14g"):format(value)
  if tonumber(text) ~= value then text = ("%.17g"):format(value) end
  return text:find "[.en]" and text or text .. ".0"
end

function write(value, indent)
  if value == core.null then return "slipstream.null" end
  if value == any then return "slipstream.any" end
  local kind = type(value)
  if kind == "string" then return M.string(value) end
  if kind == "number" then return number(value) end
  if kind ~= "table" then return tostring(value) end
  if getmetatable(value) == core.binary_mt then
    return ("slipstream.binary(%s)"):format(quote(value.bytes))
  end
  return write_table(value, indent)
end

--- A value that JSON can say, or a binary payload. It may name `slipstream`.
---@param value any
---@param indent string? of the line that it stands in
---@return string
function M.value(value, indent) return write(value, indent or "") end

return M
