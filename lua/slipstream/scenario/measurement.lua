--- Measurement: all that the meters of all workers have measured: in total, over time, and second by second
-- for thresholds that are to hold in every window.

local series = require "slipstream.scenario.series"
local tally = require "slipstream.scenario.tally"

local M = {}

---@class slipstream.scenario.Measurement
---@field total slipstream.scenario.Tally
---@field series slipstream.scenario.Series
---@field msec integer how long it was measured
---@field latest integer the latest second of which there is anything
local Measurement = {}
Measurement.__index = Measurement

---@param windowed table<string, true>? the metrics of which seconds are kept: about a kilobyte each
---@return slipstream.scenario.Measurement
function M.new(windowed)
  return setmetatable({
    total = tally.new(), series = series.new(), msec = 0, latest = 0,
    _windowed = windowed, _seconds = {}, _scratch = tally.new(),
  }, Measurement)
end

-- The counts are needed for rates.
local function keep_second(measurement, part)
  local metrics = {}
  for name in pairs(measurement._windowed) do metrics[name] = part.metrics[name] end
  local seconds = measurement._seconds
  seconds[part.second] = seconds[part.second] or {}
  table.insert(seconds[part.second], { metrics = metrics, counts = part.counts })
end

--- Adds what a meter has measured in a second.
---@param part table of slipstream.scenario.Meter's `take`
function Measurement:add(part)
  self.total:add(part)
  self._scratch:clear()
  self._scratch:add(part)
  self.series:add(part.second, self._scratch)
  self.latest = math.max(self.latest, part.second)
  if self._windowed then keep_second(self, part) end
end

--- What was measured in some seconds; valid until the next call.
---@param first integer
---@param count integer
---@return slipstream.scenario.Tally
function Measurement:window(first, count)
  self._scratch:clear()
  for second = first, first + count - 1 do
    for _, part in ipairs(self._seconds[second] or {}) do self._scratch:add(part) end
  end
  return self._scratch
end

return M
