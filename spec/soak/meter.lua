-- What this process takes, and whether a row of such readings is flat.

local uv = require "luv"

local M = {}

local PAGE_KIB = 4
local WARM_UP, LEAST_WARM_UP = 0.3, 30 -- this share of the readings, but at least so many, count for nothing
local FEWEST = 20 -- of the rest; with fewer nothing can be said
local MOST_GROWTH = 0.05

local function resident_kib()
  local file <close> = assert(io.open "/proc/self/statm")
  return math.tointeger(tonumber(file:read "a":match "^%d+ (%d+)")) * PAGE_KIB
end

local function count_files()
  local count = 0
  for _ in uv.fs_scandir_next, assert(uv.fs_scandir "/proc/self/fd") do count = count + 1 end
  return count
end

--- After a full collection.
---@return { resident_kib: integer, lua_kib: integer, files: integer }
function M.read()
  collectgarbage()
  collectgarbage()
  return { resident_kib = resident_kib(), lua_kib = math.ceil(collectgarbage "count"), files = count_files() }
end

-- The median of list[first .. last].
local function median(list, first, last)
  local part = table.move(list, first, last, 1, {})
  table.sort(part)
  return part[(#part + 1) // 2]
end

---@class soak.Trend
---@field first integer KiB: the median of the third that follows the warm-up
---@field last integer of the last third
---@field is_flat boolean

--- How the readings developed, or nil when they are too few.
---@param readings integer[]
---@return soak.Trend?
function M.trend(readings)
  local start = math.max(math.ceil(#readings * WARM_UP), LEAST_WARM_UP) + 1
  local count = #readings - start + 1
  if count < FEWEST then return nil end
  local first = median(readings, start, start + count // 3 - 1)
  local last = median(readings, #readings - count // 3 + 1, #readings)
  return { first = first, last = last, is_flat = last <= first * (1 + MOST_GROWTH) }
end

return M
