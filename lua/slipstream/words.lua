--- Words: values as a scenario or a test would write them, in one line of bounded length, and without
-- secrets; and what was wrong with one that was awaited.

local core = require "slipstream.core"
local keys = require "slipstream.keys"
local match = require "slipstream.match"
local redact = require("slipstream.secret").redact
local show = require "slipstream.show"

local any = match.any

local M = {}

local MOST_ENTRIES, DEEPEST = 20, 4

-- What is written by its name.
local names = setmetatable({ [any] = "slipstream.any", [core.null] = "slipstream.null" }, { __mode = "k" })

local text_of

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
  for _, key in ipairs(keys.sorted(value)) do
    local is_listed = math.type(key) == "integer" and key >= 1 and key <= count
    if not is_listed then parts[#parts + 1] = entry_of(key, rawget(value, key), depth + 1) end
    if #parts > MOST_ENTRIES then break end
  end
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

function text_of(value, depth)
  if names[value] then return names[value] end
  local kind = type(value)
  if kind == "string" then return show.quote(value) end
  if kind == "table" and debug.getmetatable(value) == core.binary_mt then
    return ("slipstream.binary(%s)"):format(show.count(#tostring(value.bytes), "byte"))
  end
  if show.is_plain(value) then return table_text(value, depth) end
  if kind == "function" then return "function" end
  return tostring(value)
end

--- From now on a value is written like that.
---@param value any
---@param text string
function M.name(value, text) names[value] = text end

--- A value.
---@param value any
---@return string
function M.value(value)
  if value == nil then return "nil" end
  return show.shorten(text_of(value, 1))
end

--- The arguments of a call, in its parentheses; nil at the end is left out.
---@param values any[] with `n`
---@return string
function M.arguments(values)
  local count, parts = values.n, {}
  while count > 0 and values[count] == nil do count = count - 1 end
  for place = 1, count do parts[place] = M.value(values[place]) end
  local text = table.concat(parts, ", ")
  if count == 1 and show.is_plain(values[1]) then return " " .. text end
  return "(" .. text .. ")"
end

--- The words, and a payload behind them as JSON, when there is something in it.
---@param text string
---@param payload any
---@return string
function M.with(text, payload)
  local is_empty = payload == nil or type(payload) == "table" and next(payload) == nil
  return is_empty and text or text .. " " .. show.json(payload)
end

local function parts_that_differ(pattern, payload)
  local parts = {}
  for key, part in pairs(pattern) do
    local value = payload[key]
    local is_there = value ~= nil
    if not (is_there and match.matches(part, value)) then
      parts[#parts + 1] = (is_there and "other " or "no ") .. tostring(key)
    end
  end
  table.sort(parts)
  return parts[1] and table.concat(parts, ", ")
end

--- Which parts of a payload are otherwise than a pattern wants them: "other body, no user".
---@param pattern any
---@param payload any
---@return string? nil when none is, or that cannot be said
function M.difference(pattern, payload)
  if pattern == nil or pattern == any then return nil end
  if type(pattern) ~= "table" or type(payload) ~= "table" then return "other payload" end
  local ok, words = pcall(parts_that_differ, pattern, payload)
  return ok and words or nil
end

return M
