--- Threshold: what a load run is to hold, as "reply.p95<50ms", "errors<0.1%" or "join.p99<200ms over 10s".

local amount = require "slipstream.scenario.measure.amount"
local subject = require "slipstream.scenario.measure.subject"

local M = {}

local SECOND_MSEC, SECOND_USEC = 1000, 1000000

---@class slipstream.scenario.Threshold
---@field text string
---@field subject slipstream.scenario.Subject
---@field relation "<"|"<="|">"|">="
---@field limit number microseconds, a share of 1, a number, or so many in a second
---@field is_share boolean? of errors
---@field seconds integer? it is to hold in every window of so many seconds
local Threshold = {}
Threshold.__index = Threshold

-- Reading.

local relations = {
  ["<"] = function(value, limit) return value < limit end,
  ["<="] = function(value, limit) return value <= limit end,
  [">"] = function(value, limit) return value > limit end,
  [">="] = function(value, limit) return value >= limit end,
}

-- The threshold, and under the place what is wrong there.
local function fault(text, place, words)
  local before = utf8.len(text:sub(1, place)) or place
  return nil, ("%s\n%s^ %s"):format(text, (" "):rep(before), words)
end

-- What the limits of each kind of subject may have behind them, and what that makes of them.
local units = {
  time = amount.units,
  errors = { ["%"] = 0.01, [""] = 1 },
  rate = { ["/s"] = 1 },
  count = { [""] = 1, ["/s"] = 1 },
}
local unit_words = {
  time = "a time with us, ms, s or m, as 50ms",
  errors = "a percentage, as 0.1%, or a number",
  rate = "so many in a second, as 100/s",
  count = "a number, or so many in a second, as 100/s",
}

local function set_limit(threshold, number, unit)
  local about = threshold.subject
  threshold.limit = number * units[about.kind][unit]
  threshold.is_share = unit == "%"
  if unit == "/s" then about.kind = "rate" end
end

-- Answers the place behind it.
local function read_limit(threshold, from)
  local text, kind = threshold.text, threshold.subject.kind
  local place, number, unit_at, unit, after = text:match("^%s*()(%d+%.?%d*)%s*()([%a%%/]*)()", from)
  if not number then return fault(text, text:match("^%s*()", from) - 1, unit_words[kind] .. " expected") end
  if unit == "over" then unit, after = "", unit_at end
  if not units[kind][unit] then return fault(text, place - 1, unit_words[kind] .. " expected") end
  set_limit(threshold, tonumber(number), unit)
  return after
end

local function read_window(threshold, from)
  local text = threshold.text
  local place, word, time_at = text:match("^%s*()(%S*)%s*()", from)
  if word == "" then return threshold end
  if word ~= "over" then return fault(text, place - 1, "nothing, or over and a time, expected") end
  local usec, after = amount.read_time(text, time_at)
  if not usec or text:find("%S", after) or usec < SECOND_USEC or usec % SECOND_USEC ~= 0 then
    return fault(text, time_at - 1, "whole seconds expected, as 10s")
  end
  threshold.seconds = math.tointeger(usec // SECOND_USEC)
  return threshold
end

--- Reads a threshold.
---@param text string
---@return slipstream.scenario.Threshold?
---@return string? fault the text, and a line that points at the place
function M.parse(text)
  local start, name, place, relation, after = text:match "^%s*()(.-)%s*()([<>]=?)()"
  if not relation then
    return fault(text, (text:find "[=!~]" or #text + 1) - 1, "<, <=, > or >= and a limit expected")
  end
  local about, words, offset = subject.read(name)
  if not about then return fault(text, start - 1 + offset, words) end
  if text:find("^[<>=]", after) then return fault(text, place - 1, "<, <=, > or >= expected") end
  local threshold = setmetatable({ text = text, subject = about, relation = relation }, Threshold)
  local from, trouble = read_limit(threshold, after)
  if not from then return nil, trouble end
  return read_window(threshold, from)
end

--- Those that are to hold in every window.
---@param thresholds slipstream.scenario.Threshold[]
---@return slipstream.scenario.Threshold[]
function M.over_windows(thresholds)
  local list = {}
  for _, threshold in ipairs(thresholds) do
    if threshold.seconds then list[#list + 1] = threshold end
  end
  return list
end

-- Judging.

local function show(threshold, value)
  local kind = threshold.subject.kind
  if kind == "time" then return amount.time(value) end
  if kind == "rate" then return amount.rate(value) end
  return threshold.is_share and amount.share(value) or ("%d"):format(value)
end

local function value_in(threshold, tally, seconds)
  local value, attempts = subject.value(threshold.subject, tally, seconds)
  return value and threshold.is_share and value / attempts or value
end

--- Whether a value is further from what it is to be than another.
---@param value number
---@param other number
---@return boolean
function Threshold:is_worse(value, other)
  if self.relation:sub(1, 1) == "<" then return value > other end
  return value < other
end

--- What a window comes to. In one without any samples nothing is too slow, but a rate is 0.
---@param tally slipstream.scenario.Tally
---@return number?
function Threshold:value_in_window(tally)
  local value = value_in(self, tally, self.seconds)
  if not value and self.subject.kind == "rate" then return 0 end
  return value
end

-- The last window ends with the last whole second in which iterations began.
local function value_of(threshold, measurement)
  local value = value_in(threshold, measurement.total, math.max(measurement.msec, 1) / SECOND_MSEC)
  local seconds = measurement.begun_msec // SECOND_MSEC
  if not value or not threshold.seconds or seconds < threshold.seconds then return value end
  return measurement.windows:worst(threshold, seconds)
end

--- Judges a run. Without any samples it is missed: nothing shows that it holds.
---@param measurement slipstream.scenario.Measurement
---@return boolean ok
---@return string measured in words
function Threshold:judge(measurement)
  local value, second = value_of(self, measurement)
  if not value then return false, "no samples" end
  local words = show(self, value)
  if second then words = ("%s in the %d s from second %d on"):format(words, self.seconds, second) end
  return relations[self.relation](value, self.limit), words
end

return M
