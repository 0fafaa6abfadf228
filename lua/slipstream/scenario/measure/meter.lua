--- Meter: where a worker's scenarios say what they measure. It has only what has not been taken away yet:
-- each second becomes a plain tally, for slipstream.scenario.measure.measurement to add to those of the
-- others.

local tally = require "slipstream.scenario.measure.tally"

local M = {}

---@class slipstream.scenario.Meter
---@field second integer the one that lasts, from 0
local Meter = {}
Meter.__index = Meter

--- Makes one, whose first second begins.
---@return slipstream.scenario.Meter
function M.new()
  return setmetatable({ second = 0, _now = tally.new(), _parts = {}, _pace = nil }, Meter)
end

--- The same meter, for what is to happen every so often: what a long sample has left out counts as well.
---@param usec integer
---@return slipstream.scenario.Meter to `sample`, `fail` and `count`
function Meter:paced(usec)
  return setmetatable({ _now = self._now, _pace = usec }, Meter)
end

--- A verb, a step or an iteration went well and took so long.
---@param name string see slipstream.scenario.measure.metric
---@param usec integer
function Meter:sample(name, usec)
  self._now:sample(name, usec, self._pace)
end

--- It did not go well.
---@param name string as for `sample`
---@param kind string one word: "timeout", "refused", "closed", "assertion" …
function Meter:fail(name, kind)
  self._now:fail(name, kind)
end

--- There were so many more of something.
---@param name string "bytes_in", "bytes_out", "messages_in", "messages_out", "connections", "iterations" …
---@param n integer
function Meter:count(name, n)
  self._now:count(name, n)
end

local function close_second(meter)
  local part = meter._now:plain()
  if next(part.metrics) or next(part.counts) then
    part.second = meter.second
    table.insert(meter._parts, part)
  end
  meter._now:clear()
end

--- Says which second it is; what was measured until now belongs to the one before.
---@param second integer
function Meter:advance(second)
  if second == self.second then return end
  close_second(self)
  self.second = second
end

--- Takes away what was measured, and forgets it: plain tallies, each with its `second`. The second that
-- lasts is left, unless `is_over`.
---@param is_over boolean?
---@return table[]
function Meter:take(is_over)
  if is_over then close_second(self) end
  local parts = self._parts
  self._parts = {}
  return parts
end

return M
