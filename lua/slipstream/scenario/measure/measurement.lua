--- Measurement: all that the meters of all workers have measured: in total, over time, and in windows.

local series = require "slipstream.scenario.measure.series"
local tally = require "slipstream.scenario.measure.tally"
local windows = require "slipstream.scenario.measure.windows"

local M = {}

---@class slipstream.scenario.Measurement
---@field total slipstream.scenario.Tally
---@field series slipstream.scenario.Series
---@field msec integer how long it was measured
---@field begun_msec integer how long of that iterations began
---@field windows slipstream.scenario.Windows
local Measurement = {}
Measurement.__index = Measurement

--- Makes an empty one.
---@param thresholds slipstream.scenario.Threshold[]? that are to hold in every window
---@return slipstream.scenario.Measurement
function M.new(thresholds)
  return setmetatable({
    total = tally.new(), series = series.new(), windows = windows.new(thresholds or {}), msec = 0,
    begun_msec = 0, _scratch = tally.new(),
  }, Measurement)
end

--- Adds what a meter has measured in a second.
---@param part table of slipstream.scenario.Meter's `take`; one that `is_end` is of when no other iteration
---began, and in no window
function Measurement:add(part)
  self.total:add(part)
  self._scratch:clear()
  self._scratch:add(part)
  self.series:add(part.second, self._scratch)
  if not part.is_end then self.windows:add(part) end
end

--- A worker is done.
---@param msec integer since the load began
---@param begun_msec integer how long of that iterations began
function Measurement:extend(msec, begun_msec)
  self.msec, self.begun_msec = math.max(self.msec, msec), math.max(self.begun_msec, begun_msec)
end

return M
