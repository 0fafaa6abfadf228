--- Subject: of what a threshold speaks, as "reply.p95", "errors.timeout" or "iterations", and its value in
-- what was measured.

local keys = require "slipstream.keys"
local metrics = require "slipstream.scenario.measure.metric"
local nearest = require "slipstream.nearest"

local M = {}

local errors = { timeout = true, refused = true, closed = true, assertion = true, error = true }
local counts = {
  iterations = true, dropped = true, connections = true, messages_in = true, messages_out = true,
  bytes_in = true, bytes_out = true,
}
local stats = { min = true, max = true, mean = true, count = true, rate = true, errors = true, p95 = true }

---@class slipstream.scenario.Subject
---@field kind "time"|"errors"|"rate"|"count" which units its limit may have
---@field metric string? a metric of the meter
---@field count string? or a count
---@field stat string? of a time: "at", "min", "max", "mean"
---@field percent number? of "at"
---@field error string? a kind of error; nil: all

-- Values.

local function time_of(histogram, subject)
  if subject.stat == "at" then return histogram:at(subject.percent) end
  if subject.stat == "mean" then return histogram:mean() end
  return subject.stat == "min" and histogram:least() or histogram:greatest()
end

local function metric_value(subject, tally, seconds)
  local attempts, failed = tally:attempts(subject.metric)
  local metric = tally.metrics[subject.metric]
  if subject.kind == "errors" then
    if attempts == 0 then return nil end
    return subject.error and (metric.failures[subject.error] or 0) or failed, attempts
  elseif attempts == failed then
    return nil
  elseif subject.kind == "time" then
    return time_of(metric.histogram, subject)
  end
  local count = attempts - failed
  return subject.kind == "rate" and count / seconds or count
end

--- Its value; nil when there are no samples. Of errors also among how many.
---@param subject slipstream.scenario.Subject
---@param tally slipstream.scenario.Tally
---@param seconds number in which that was measured
---@return number? value, integer? attempts
function M.value(subject, tally, seconds)
  if subject.metric then return metric_value(subject, tally, seconds) end
  if not next(tally.counts) then return nil end
  local count = tally.counts[subject.count] or 0
  return subject.kind == "rate" and count / seconds or count
end

-- Reading.

local function unknown(what, name, names)
  local guess = nearest.find(name, names)
  if guess then return ("no such %s; did you mean %s?"):format(what, guess) end
  return ("no such %s; there are %s"):format(what, keys.listed(names))
end

-- "p95" and so on, as a subject without its metric.
local function read_stat(stat)
  local percent = tonumber(stat:match "^p(%d+%.?%d*)$")
  if percent and percent <= 100 then return { kind = "time", stat = "at", percent = percent } end
  local kind = stat:match "^errors%.([%w_]+)$"
  if kind then return { kind = "errors", error = kind } end
  if stat == "errors" or stat == "rate" or stat == "count" then return { kind = stat } end
  if stat == "min" or stat == "max" or stat == "mean" then return { kind = "time", stat = stat } end
end

-- The name of a step may have dots, and a percentile, too.
local function split(text)
  for _, pattern in ipairs { "^(.+)%.(p%d+%.%d+)$", "^(.+)%.(errors%.[%w_]+)$", "^(.+)%.([%w_]*)$" } do
    local name, stat = text:match(pattern)
    if name then return name, stat end
  end
  return text
end

-- Of a kind that is misspelt there would never be one, so that the threshold would hold for ever.
local function read_metric(text, name, stat)
  local subject = read_stat(stat)
  if not subject then return nil, unknown("value of " .. name, stat, stats), #name + 1 end
  local kind = subject.error
  if kind and not errors[kind] then return nil, unknown("kind of error", kind, errors), #text - #kind end
  subject.metric = name
  return subject
end

local function read_count(name, stat)
  if not stat then return { kind = "count", count = name } end
  if stat == "rate" then return { kind = "rate", count = name } end
  return nil, ("%s is a number; all that there is else is %s.rate"):format(name, name), #name + 1
end

local function fault_of(name)
  if name == "" then return "what is to be measured? for example reply.p95, errors or iterations" end
  local names = { errors = true, rate = true, [metrics.STEP .. "NAME"] = true }
  for metric in pairs(metrics.is_built_in) do names[metric] = true end
  for count in pairs(counts) do names[count] = true end
  return unknown("metric", name, names)
end

--- Reads a subject.
---@param text string
---@return slipstream.scenario.Subject?
---@return string? fault
---@return integer? place of the fault, how many bytes before it
function M.read(text)
  if text == "rate" then return read_count("iterations", "rate") end
  if text == "errors" or text:find "^errors%.[%w_]+$" then return read_metric(text, "iteration", text) end
  local name, stat = split(text)
  if counts[name] then return read_count(name, stat) end
  local is_step = name:find("^" .. metrics.STEP .. ".") ~= nil
  if not metrics.is_built_in[name] and not is_step then return nil, fault_of(name), 0 end
  if stat then return read_metric(text, name, stat) end
  return nil, ("which value of it? for example %s.p95, %s.max or %s.errors"):format(name, name, name), #name
end

return M
