--- Series: how a load went over time, in steps of a second. There are at most so many: when they would be
-- more, each two become one.

local core = require "slipstream.core"

local M = {}

local MOST_STEPS = 600
local SECOND_MSEC = 1000

---@class slipstream.scenario.Step
---@field iterations integer
---@field errors integer iterations that failed
---@field vu_seconds integer
---@field latency string a histogram's bytes: of all verbs

---@class slipstream.scenario.Series
---@field seconds integer in a step
---@field steps slipstream.scenario.Step[]
local Series = {}
Series.__index = Series

--- Makes an empty one.
---@param most integer? an even number of steps; 600
---@return slipstream.scenario.Series
function M.new(most)
  return setmetatable({
    seconds = 1, steps = {}, _most = most or MOST_STEPS, _scratch = core.histogram(),
  }, Series)
end

local function new_step()
  return { iterations = 0, errors = 0, vu_seconds = 0, latency = core.histogram():pack() }
end

-- The latencies of both.
local function join(scratch, bytes, others)
  scratch:clear()
  assert(scratch:add(bytes))
  assert(scratch:add(others))
  return scratch:pack()
end

local function add(series, step, other)
  step.iterations = step.iterations + other.iterations
  step.errors = step.errors + other.errors
  step.vu_seconds = step.vu_seconds + other.vu_seconds
  step.latency = join(series._scratch, step.latency, other.latency)
end

local function halve(series)
  local halved = {}
  for place = 1, #series.steps, 2 do
    local step, other = series.steps[place], series.steps[place + 1]
    if other then add(series, step, other) end
    table.insert(halved, step)
  end
  series.steps, series.seconds = halved, series.seconds * 2
end

-- The step of a second; those before it are there as well.
local function step_at(series, second)
  while second // series.seconds >= series._most do halve(series) end
  local place = second // series.seconds + 1
  for missing = #series.steps + 1, place do series.steps[missing] = new_step() end
  return series.steps[place]
end

local function step_of(series, part)
  local latency = series._scratch
  part:read_verbs(latency)
  local _, errors = part:attempts "iteration"
  return {
    iterations = part.counts.iterations or 0, errors = errors,
    vu_seconds = part.counts.vu_seconds or 0, latency = latency:pack(),
  }
end

--- Adds what was measured in a second.
---@param second integer
---@param part slipstream.scenario.Tally
function Series:add(second, part)
  local step = step_of(self, part)
  add(self, step_at(self, second), step)
end

local function row_of(series, place, step)
  local latency = series._scratch
  latency:clear()
  assert(latency:add(step.latency))
  local function at(percent) return latency:count() > 0 and latency:at(percent) or nil end
  return {
    at_msec = (place - 1) * series.seconds * SECOND_MSEC,
    vus = math.tointeger((step.vu_seconds + series.seconds // 2) // series.seconds),
    rate = step.iterations / series.seconds, errors = step.errors,
    p50 = at(50), p95 = at(95), p99 = at(99),
  }
end

--- What the summary has of it.
---@return table
function Series:summary()
  local rows = setmetatable({}, core.array_mt)
  for place, step in ipairs(self.steps) do rows[place] = row_of(self, place, step) end
  return { step_msec = self.seconds * SECOND_MSEC, rows = rows }
end

return M
