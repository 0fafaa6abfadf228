--- Summary: what a load run comes to, as one table: `--summary` writes it, the report draws it. Its shape is
-- part of what we promise, see docs/scenarios.md. Latencies are in microseconds.

local core = require "slipstream.core"
local metrics = require "slipstream.scenario.measure.metric"

local M = {}

-- A list that is one in JSON also when it is empty.
local function new_list() return setmetatable({}, core.array_mt) end

local SECOND_MSEC = 1000
local FIELDS = { p50 = 50, p90 = 90, p95 = 95, p99 = 99, p999 = 99.9 }
local WHOLE = 100

-- Two points for each halving of what is left, until that is less than one of the samples.
local function distribution_of(histogram)
  local points, left, count = new_list(), WHOLE, histogram:count()
  local function add(percent) points[#points + 1] = { percent, histogram:at(percent) } end
  while left * count >= WHOLE do
    add(WHOLE - left)
    add(WHOLE - left * 3 / 4)
    left = left / 2
  end
  add(WHOLE)
  return points
end

local function metric_row(metric, msec)
  local histogram = metric.histogram
  local count = histogram:count()
  local row = {
    count = count, errors = metric.failures, rate = count * SECOND_MSEC / msec, distribution = new_list(),
  }
  if count == 0 then return row end
  for name, percent in pairs(FIELDS) do row[name] = histogram:at(percent) end
  row.max, row.mean = histogram:greatest(), math.tointeger((histogram:mean() + 0.5) // 1)
  row.distribution = distribution_of(histogram)
  return row
end

local function metric_rows(measurement, msec)
  local rows = {}
  for name, metric in pairs(measurement.total.metrics) do
    if measurement.total:attempts(name) > 0 then rows[name] = metric_row(metric, msec) end
  end
  return rows
end

local function judge_all(thresholds, measurement)
  local rows, are_held = new_list(), true
  for place, threshold in ipairs(thresholds) do
    local ok, measured = threshold:judge(measurement)
    rows[place] = { text = threshold.text, ok = ok, measured = measured }
    are_held = are_held and ok
  end
  return rows, are_held
end

-- Whether somebody has said how many errors are too many.
local function are_errors_judged(thresholds)
  for _, threshold in ipairs(thresholds) do
    if threshold.subject.kind == "errors" then return true end
  end
  return false
end

-- Where not one iteration has ended, nothing shows that anything works.
local function verdict_of(facts, are_held, iterations, failed)
  if facts.is_interrupted then return "interrupted" end
  if not are_held then return "missed" end
  if iterations == 0 then return "failed" end
  return failed > 0 and not are_errors_judged(facts.thresholds) and "failed" or "passed"
end

local function most_vus(rows)
  local most = 0
  for _, row in ipairs(rows) do most = math.max(most, row.vus) end
  return most
end

-- Of each kind how many iterations failed so, and the first story; the most frequent first.
local function errors_of(total, stories)
  local rows = new_list()
  local iteration = total.metrics.iteration
  local counts = iteration and iteration.failures or {}
  for place, kind in ipairs(metrics.kinds(counts)) do
    local story = setmetatable(stories[kind] or {}, core.array_mt)
    rows[place] = { kind = kind, count = counts[kind], story = story }
  end
  return rows
end

local COUNTS = { "bytes_in", "bytes_out", "messages_in", "messages_out", "connections", "dropped" }

local function counts_of(total)
  local counts = {}
  for _, name in ipairs(COUNTS) do counts[name] = total.counts[name] or 0 end
  return counts
end

---@class slipstream.scenario.Facts
---@field uri string without secrets
---@field began integer seconds since 1970
---@field thresholds slipstream.scenario.Threshold[]
---@field vus_max integer? when it is known better than from the series
---@field workers integer?
---@field is_interrupted boolean?
---@field stories table<string, string[]>? the first of each kind of error

--- Makes the summary of a run.
---@param measurement slipstream.scenario.Measurement
---@param facts slipstream.scenario.Facts
---@return table
function M.of(measurement, facts)
  local total, msec = measurement.total, math.max(measurement.msec, 1)
  local thresholds, are_held = judge_all(facts.thresholds, measurement)
  local series = measurement.series:summary()
  local iterations, failed = total:attempts "iteration"
  return {
    uri = facts.uri, version = core.version, began = facts.began, workers = facts.workers,
    duration_msec = measurement.msec, vus_max = facts.vus_max or most_vus(series.rows),
    iterations = total.counts.iterations or 0, thresholds = thresholds,
    verdict = verdict_of(facts, are_held, iterations, failed), errors = errors_of(total, facts.stories or {}),
    metrics = metric_rows(measurement, msec), counts = counts_of(total), series = series,
  }
end

return M
