--- Words: values as a scenario would write them, in one line of bounded length, and without secrets.

local core = require "slipstream.core"
local any = require("slipstream.match").any
local redact = require("slipstream.secret").redact
local shorten = require("slipstream.show").shorten

local M = {}

local MOST_ENTRIES, DEEPEST = 20, 4

local constants = { [any] = "slipstream.any", [core.null] = "slipstream.null" }

local text_of

local function sorted_keys(map)
  local keys = {}
  for key in next, map do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

-- Params are looked into: what is secret in them has a name that says so.
local function shown(key, value)
  if key == "params" and type(value) == "table" then return value end
  return redact(key, value)
end

local function entry_of(key, value, depth)
  local text = text_of(shown(key, value), depth)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return key .. " = " .. text end
  return ("[%s] = %s"):format(text_of(key, depth), text)
end

local function table_text(value, depth)
  if depth > DEEPEST then return "{ … }" end
  local parts, count = {}, rawlen(value)
  for place = 1, math.min(count, MOST_ENTRIES) do parts[place] = text_of(rawget(value, place), depth + 1) end
  for _, key in ipairs(sorted_keys(value)) do
    local is_listed = math.type(key) == "integer" and key >= 1 and key <= count
    if not is_listed then parts[#parts + 1] = entry_of(key, rawget(value, key), depth + 1) end
    if #parts > MOST_ENTRIES then break end
  end
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

local function is_plain(value)
  local meta = debug.getmetatable(value)
  return meta == nil or meta == core.array_mt
end

function text_of(value, depth)
  if constants[value] then return constants[value] end
  local kind = type(value)
  if kind == "string" then return '"' .. shorten(value):gsub('["\\]', "\\%0") .. '"' end
  if kind == "table" and debug.getmetatable(value) == core.binary_mt then
    return ("slipstream.binary(%d bytes)"):format(#tostring(value.bytes))
  end
  if kind == "table" and is_plain(value) then return table_text(value, depth) end
  if kind == "function" then return "function" end
  return tostring(value)
end

--- A value.
---@param value any
---@return string
function M.value(value)
  if value == nil then return "nil" end
  return shorten(text_of(value, 1))
end

--- The arguments of a call, in its parentheses; nil at the end is left out.
---@param values any[] with `n`
---@return string
function M.arguments(values)
  local count, parts = values.n, {}
  while count > 0 and values[count] == nil do count = count - 1 end
  for place = 1, count do parts[place] = M.value(values[place]) end
  local text = table.concat(parts, ", ")
  if count == 1 and type(values[1]) == "table" then return " " .. text end
  return "(" .. text .. ")"
end

return M
