--- Difference: where two values differ, but for what is to be ignored.

local core = require "slipstream.core"
local keys = require "slipstream.keys"

local M = {}

-- "~1" and "~0" in a JSON pointer (RFC 6901) are a slash and a tilde.
local function unescape(part)
  return (part:gsub("~1", "/"):gsub("~0", "~"))
end

local function escape(part)
  return (tostring(part):gsub("~", "~0"):gsub("/", "~1"))
end

---@class slipstream.Ignored
---@field names table<string, boolean>
---@field pointers string[][]

--- Reads what is to be ignored: names of keys, wherever they are, and JSON pointers, in which `*` stands for
-- any key and any place of a list.
---@param paths string[]
---@return slipstream.Ignored
function M.ignored(paths)
  local ignored = { names = {}, pointers = {} }
  for _, path in ipairs(paths) do
    if path:sub(1, 1) ~= "/" then
      ignored.names[path] = true
    else
      local parts = {}
      for part in path:gmatch "/([^/]*)" do parts[#parts + 1] = unescape(part) end
      table.insert(ignored.pointers, parts)
    end
  end
  return ignored
end

local function is_at(parts, place)
  if #parts ~= #place then return false end
  for i, part in ipairs(parts) do
    if part ~= "*" and part ~= place[i] then return false end
  end
  return true
end

--- Whether what is at a place is to be ignored.
---@param ignored slipstream.Ignored
---@param place string[] the keys that lead to it; of a list's element its number from 0
---@return boolean
function M.is_ignored(ignored, place)
  if ignored.names[place[#place]] then return true end
  for _, parts in ipairs(ignored.pointers) do
    if is_at(parts, place) then return true end
  end
  return false
end

--- Whether a value is an array of JSON.
---@param value any
---@return boolean
function M.is_list(value) return getmetatable(value) == core.array_mt end

--- What a place calls a key: lists count from 0 there.
---@param parent table
---@param key any
---@return string
function M.name_of(parent, key) return tostring(M.is_list(parent) and key - 1 or key) end

-- The keys of both, sorted, so that the same difference is the first each time.
local function keys_of(one, other)
  local all = {}
  for _, map in ipairs { one, other } do
    for key in pairs(map) do all[key] = true end
  end
  return keys.sorted(all)
end

local find

local function find_in(expected, got, ignored, place)
  for _, key in ipairs(keys_of(expected, got)) do
    place[#place + 1] = M.name_of(expected, key)
    local difference = not M.is_ignored(ignored, place) and find(expected[key], got[key], ignored, place)
    place[#place] = nil
    if difference then return difference end
  end
end

local function pointer_of(place)
  local parts = {}
  for i, part in ipairs(place) do parts[i] = "/" .. escape(part) end
  return table.concat(parts)
end

function find(expected, got, ignored, place)
  local are_alike = type(expected) == "table" and type(got) == "table"
    and getmetatable(expected) == getmetatable(got)
  if are_alike then return find_in(expected, got, ignored, place) end
  if expected ~= got then return { pointer = pointer_of(place), expected = expected, got = got } end
end

--- Where they first differ.
---@param expected any
---@param got any
---@param ignored slipstream.Ignored
---@return { pointer: string, expected: any, got: any }? difference nil: nowhere
function M.find(expected, got, ignored)
  return find(expected, got, ignored, {}) or nil
end

return M
