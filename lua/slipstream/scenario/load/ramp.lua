--- Ramp: a level over time: virtual users, or iterations a second. It is linear between its points, and stays
-- as it is behind the last one.

local amount = require "slipstream.scenario.measure.amount"

local M = {}

local SECOND_MSEC, MSEC_USEC = 1000, 1000

---@class slipstream.scenario.Point
---@field at number msec
---@field level number
---@field area number what the level, a second, comes to until then

---@class slipstream.scenario.Ramp
local Ramp = {}
Ramp.__index = Ramp

local function area_between(from, to)
  return (from.level + to.level) / 2 * (to.at - from.at) / SECOND_MSEC
end

--- Makes one.
---@param points { at: number, level: number }[] ascending; the first one is at 0
---@return slipstream.scenario.Ramp
function M.new(points)
  local ramp = setmetatable({}, Ramp)
  for place, point in ipairs(points) do
    local before = ramp[place - 1]
    ramp[place] = { at = point.at, level = point.level, area = 0 }
    if before then ramp[place].area = before.area + area_between(before, ramp[place]) end
  end
  return ramp
end

--- One that is always the same.
---@param level number
---@return slipstream.scenario.Ramp
function M.flat(level) return M.new { { at = 0, level = level } } end

-- The last point that has come, by one of its fields, and the one after it.
local function around(ramp, field, value)
  local place = 1
  while ramp[place + 1] and ramp[place + 1][field] <= value do place = place + 1 end
  return ramp[place], ramp[place + 1]
end

-- By how much the level rises in a msec from there on.
local function slope_of(point, following)
  return following and (following.level - point.level) / (following.at - point.at) or 0
end

--- The level at a time.
---@param at number msec
---@return number
function Ramp:level(at)
  local point, following = around(self, "at", at)
  return point.level + slope_of(point, following) * (at - point.at)
end

--- When the level, counted each second, has come to so much: when iteration `area`, from 0, is to begin.
---@param area number
---@return number? msec nil: never
function Ramp:time_of(area)
  local point, following = around(self, "area", area)
  local rest, level, slope = (area - point.area) * SECOND_MSEC, point.level, slope_of(point, following)
  if level == 0 and slope <= 0 then return nil end
  if rest == 0 or slope == 0 then return point.at + (rest > 0 and rest / level or 0) end
  local root = level * level + 2 * slope * rest
  if root < 0 then return nil end
  return point.at + 2 * rest / (level + math.sqrt(root)) -- so it is exact for slopes near 0, too
end

--- The last of its points.
---@return number msec
function Ramp:ends() return self[#self].at end

--- The highest level.
---@return number
function Ramp:most()
  local most = 0
  for _, point in ipairs(self) do most = math.max(most, point.level) end
  return most
end

-- Reading.

local POINT = "TIME:USERS or TIME:RATE/s expected, as 30s:500 or 30s:200/s, got %q"
local FIRST = "a first point at 0 expected, as 0:0,30s:500, got %q"
local ORDER = "points in the order of time expected, got %q"
local MIXED = "/s behind all points or behind none expected, got %q"

local function read_point(text)
  local time, level, unit = text:match "^%s*([^:]+):(%d+%.?%d*)(.*)$"
  local usec = time and (time == "0" and 0 or amount.read_time(time))
  if not usec or unit ~= "" and unit ~= "/s" then return nil end
  return { at = usec / MSEC_USEC, level = tonumber(level) }, unit == "/s"
end

local function fault_of(points, text)
  if #points == 0 or points[1].at ~= 0 then return FIRST:format(text) end
  for place = 2, #points do
    local is_later = points[place].at > points[place - 1].at
    if not is_later then return ORDER:format(text) end
  end
end

--- Reads "0:0,30s:500,2m:500", of users, or "0:0/s,30s:200/s", of iterations.
---@param text string
---@return slipstream.scenario.Ramp? ramp
---@return boolean|string is_rate else what is wrong
function M.read(text)
  local points, rates = {}, 0
  for part in (text .. ","):gmatch "([^,]*)," do
    local point, is_rate = read_point(part)
    if not point then return nil, POINT:format(part) end
    points[#points + 1] = point
    if is_rate then rates = rates + 1 end
  end
  if rates ~= 0 and rates ~= #points then return nil, MIXED:format(text) end
  local fault = fault_of(points, text)
  if fault then return nil, fault end
  return M.new(points), rates > 0
end

return M
