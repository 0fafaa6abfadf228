--- Expectation: what is compared of a recorded value when something of it is to be ignored.

local core = require "slipstream.core"
local difference = require "slipstream.scenario.replay.difference"
local keys = require "slipstream.keys"
local literal = require "slipstream.scenario.replay.literal"
local any = require("slipstream.match").any

local M = {}

local function is_branch(value)
  return type(value) == "table" and getmetatable(value) ~= core.binary_mt
end

-- Its keys in order, each with the place that it leads to.
local function children(value, place)
  local list = {}
  for i, key in ipairs(keys.sorted(value)) do
    local inner = table.move(place, 1, #place, 1, {})
    inner[#inner + 1] = difference.name_of(value, key)
    list[i] = { key = key, place = inner }
  end
  return list
end

local function has_ignored(ignored, value, place)
  if difference.is_ignored(ignored, place) then return true end
  for _, child in ipairs(is_branch(value) and children(value, place) or {}) do
    if has_ignored(ignored, value[child.key], child.place) then return true end
  end
  return false
end

local function name_of(prefix, key)
  if math.type(key) == "integer" then return ("%s[%d]"):format(prefix, key) end
  if literal.is_name(key) then return prefix .. "." .. key end
  return ("%s[%s]"):format(prefix, literal.string(key))
end

local function collect(parts, ignored, value, place, name)
  if difference.is_ignored(ignored, place) then return end
  if not has_ignored(ignored, value, place) then
    parts[#parts + 1] = { value = value, name = name }
    return
  end
  for _, child in ipairs(children(value, place)) do
    collect(parts, ignored, value[child.key], child.place, name_of(name, child.key))
  end
end

--- The parts of a value without anything to be ignored in them, as large as they can be.
---@param ignored slipstream.Ignored
---@param value any
---@param place string[] where it is in its message
---@param name string of the variable that has it
---@return { value: any, name: string }[]? parts nil: nothing in it is to be ignored
function M.parts(ignored, value, place, name)
  if not has_ignored(ignored, value, place) then return nil end
  local parts = {}
  collect(parts, ignored, value, place, name)
  return parts
end

--- A pattern of the value that says nothing of what is to be ignored.
---@param ignored slipstream.Ignored
---@param value any
---@param place string[]
---@return any
function M.pattern(ignored, value, place)
  if difference.is_ignored(ignored, place) then return any end
  if not is_branch(value) then return value end
  local copy = setmetatable({}, getmetatable(value))
  for _, child in ipairs(children(value, place)) do
    local inner = M.pattern(ignored, value[child.key], child.place)
    if inner ~= any or difference.is_list(value) then copy[child.key] = inner end
  end
  return copy
end

return M
