--- Windows: what thresholds that are to hold in every window have come to until now. They begin with every
-- second. Of what was measured only those seconds are kept that a window still to be judged has in it, so
-- that a load may last for days.

local tallies = require "slipstream.scenario.measure.tally"

local M = {}

-- Workers tell of a second when it is over. What comes later than this is missing in its windows.
local LATE_SECONDS = 10

---@class slipstream.scenario.Windows
---@field private watched table[] of each threshold the `next` window, the `worst` value, and `at` when it was
---@field private names table<string, true> the metrics that they are about
---@field private seconds table<integer, table[]> parts, by their seconds
---@field private first integer the oldest second that is kept
---@field private latest integer
local Windows = {}
Windows.__index = Windows

--- Makes those of which nothing was measured yet.
---@param thresholds slipstream.scenario.Threshold[] with `seconds`
---@return slipstream.scenario.Windows
function M.new(thresholds)
  local self = { watched = {}, names = {}, seconds = {}, first = 0, latest = 0, scratch = tallies.new() }
  for place, threshold in ipairs(thresholds) do
    self.watched[place] = { threshold = threshold, next = 0, worst = false, at = false }
    if threshold.subject.metric then self.names[threshold.subject.metric] = true end
  end
  return setmetatable(self, Windows)
end

local function judge_next(windows, watched)
  local tally, threshold = windows.scratch, watched.threshold
  tally:clear()
  for second = watched.next, watched.next + threshold.seconds - 1 do
    for _, part in ipairs(windows.seconds[second] or {}) do tally:add(part) end
  end
  local value = threshold:value_in_window(tally)
  if value and (not watched.worst or threshold:is_worse(value, watched.worst)) then
    watched.worst, watched.at = value, watched.next
  end
  watched.next = watched.next + 1
end

-- No window needs them any more.
local function forget_before(windows, second)
  for old = windows.first, second - 1 do windows.seconds[old] = nil end
  windows.first = math.max(windows.first, second)
end

-- Judges those that end before a second.
local function settle(windows, second)
  local first
  for _, watched in ipairs(windows.watched) do
    while watched.next + watched.threshold.seconds <= second do judge_next(windows, watched) end
    first = math.min(first or watched.next, watched.next)
  end
  if first then return forget_before(windows, first) end
end

--- Adds what was measured in a second.
---@param part table of slipstream.scenario.Meter's `take`
function Windows:add(part)
  if #self.watched == 0 or part.second < self.first then return end
  local metrics = {}
  for name in pairs(self.names) do metrics[name] = part.metrics[name] end
  self.seconds[part.second] = self.seconds[part.second] or {}
  table.insert(self.seconds[part.second], { metrics = metrics, counts = part.counts })
  if part.second <= self.latest then return end
  self.latest = part.second
  return settle(self, self.latest - LATE_SECONDS)
end

--- The worst that one of its windows has come to, and the second in which that window began; nil: there were
-- no samples in any. All has been added.
---@param threshold slipstream.scenario.Threshold
---@param seconds integer how many whole ones there were
---@return number? value, integer? second
function Windows:worst(threshold, seconds)
  settle(self, seconds)
  for _, watched in ipairs(self.watched) do
    if watched.threshold == threshold and watched.worst then return watched.worst, watched.at end
  end
end

return M
