--- Tally: what was measured in some stretch of time, by one worker or by all. It can be added to another, as
-- it is or as a plain table, which goes from worker to worker.

local core = require "slipstream.core"
local metrics = require "slipstream.scenario.measure.metric"

local M = {}

-- Each costs 14 kB, and a step's name is the script's: all that would be more are one.
local MOST_METRICS, OTHERS = 100, metrics.STEP .. "others"

---@class slipstream.scenario.Metric
---@field histogram userdata of what went well, in microseconds
---@field failures table<string, integer> how often it did not, by kind

---@class slipstream.scenario.Tally
---@field metrics table<string, slipstream.scenario.Metric>
---@field counts table<string, integer>
---@field size integer how many metrics there are
local Tally = {}
Tally.__index = Tally

--- Makes an empty one.
---@return slipstream.scenario.Tally
function M.new()
  return setmetatable({ metrics = {}, counts = {}, size = 0 }, Tally)
end

local function is_verb(name)
  return metrics.is_built_in[name] and name ~= "iteration"
end

local function metric_of(tally, name)
  local metric = tally.metrics[name]
  if metric then return metric end
  local is_one_more = tally.size >= MOST_METRICS and not metrics.is_built_in[name] and name ~= OTHERS
  if is_one_more then return metric_of(tally, OTHERS) end
  metric = { histogram = core.histogram(), failures = {} }
  tally.metrics[name], tally.size = metric, tally.size + 1
  return metric
end

--- Something went well and took so long.
---@param name string
---@param usec integer
---@param pace integer? microseconds: how often it was to happen; what a long one has left out counts as well
function Tally:sample(name, usec, pace)
  local metric = self.metrics[name] or metric_of(self, name)
  metric.histogram:record(usec, pace)
end

--- Something did not go well.
---@param name string
---@param kind string
function Tally:fail(name, kind)
  local failures = metric_of(self, name).failures
  failures[kind] = (failures[kind] or 0) + 1
end

--- There were so many more of something.
---@param name string
---@param n integer
function Tally:count(name, n)
  self.counts[name] = (self.counts[name] or 0) + n
end

local function add_counts(counts, others)
  for name, n in pairs(others) do counts[name] = (counts[name] or 0) + n end
end

--- Adds what another has measured.
---@param other slipstream.scenario.Tally|table a tally, or what `plain` makes of one
function Tally:add(other)
  for name, part in pairs(other.metrics) do
    local metric = metric_of(self, name)
    assert(metric.histogram:add(part.histogram))
    add_counts(metric.failures, part.failures)
  end
  add_counts(self.counts, other.counts)
end

--- How often it was tried.
---@param name string
---@return integer attempts, integer failed
function Tally:attempts(name)
  local metric, failed = self.metrics[name], 0
  if not metric then return 0, 0 end
  for _, n in pairs(metric.failures) do failed = failed + n end
  return metric.histogram:count() + failed, failed
end

--- Has a histogram be that of all verbs, without the script's own steps and iterations.
---@param histogram userdata
function Tally:read_verbs(histogram)
  histogram:clear()
  for name, metric in pairs(self.metrics) do
    if is_verb(name) then assert(histogram:add(metric.histogram)) end
  end
end

--- The same as a plain table, without metrics of which nothing was measured.
---@return table
function Tally:plain()
  local packed = {}
  for name, metric in pairs(self.metrics) do
    if self:attempts(name) > 0 then
      packed[name] = { histogram = metric.histogram:pack(), failures = metric.failures }
    end
  end
  return { metrics = packed, counts = self.counts }
end

--- Has it be as new; its histograms are used again.
function Tally:clear()
  for _, metric in pairs(self.metrics) do
    metric.histogram:clear()
    metric.failures = {}
  end
  self.counts = {}
end

return M
