--- Plan: what load the options of a command ask for.

local ramps = require "slipstream.scenario.load.ramp"

local M = {}

local MAX_VUS = 1000
local GRACEFUL_MSEC = 5000

---@class slipstream.scenario.LoadPlan
---@field is_rate boolean? iterations begin at a rate
---@field points { at: number, level: number }[] of the ramp: users, or iterations a second
---@field max_vus integer
---@field duration_msec integer?
---@field iterations integer?
---@field pace_msec integer?
---@field graceful_msec integer how long iterations may take to end

-- What makes it a load, and what needs that.
local kinds = { "vus", "rate", "ramp" }
local details = {
  "duration", "iterations", "pace", "graceful", "max_vus", "threshold", "summary", "report", "workers",
  "max_memory", "metrics",
}

-- What is of a run that plays each scenario once.
local of_runs = { "jobs", "retry", "shuffle", "seed", "bail", "outputs" }
local OF_RUNS = "%s: is of runs that play each scenario once; it is no option of a load"

local function name_of(option)
  if option == "outputs" then return "--format and --output" end
  return "--" .. option:gsub("_", "-")
end

local function is_given(value)
  return value ~= nil and (type(value) ~= "table" or next(value) ~= nil)
end

--- Whether the options ask for a load; what is wrong with them when they do only in part.
---@param options table
---@return boolean is_load
---@return string? fault
function M.is_load(options)
  for _, option in ipairs(kinds) do
    if options[option] then return true end
  end
  for _, option in ipairs(details) do
    if is_given(options[option]) then
      return false, name_of(option) .. ": is of load runs; say of what: --vus, --rate or --ramp"
    end
  end
  return false
end

local function ramp_of(options)
  if options.ramp then return options.ramp.ramp, options.ramp.is_rate end
  return ramps.flat(options.rate or options.vus), options.rate ~= nil
end

local function fault_of(options, is_rate, has_end)
  for _, option in ipairs(of_runs) do
    if is_given(options[option]) then return OF_RUNS:format(name_of(option)) end
  end
  local given = (options.vus and 1 or 0) + (options.rate and 1 or 0) + (options.ramp and 1 or 0)
  if given > 1 then return "--vus, --rate and --ramp: one of them expected" end
  if is_rate and options.pace then return "--pace: iterations have their times already, by the rate" end
  if not is_rate and options.max_vus then return "--max-vus: is for rates; else --vus or --ramp says it" end
  if not has_end then return "how long? --duration or --iterations expected" end
end

--- The load that the options ask for.
---@param options table see slipstream.cli.scenario.load
---@return slipstream.scenario.LoadPlan?
---@return string? fault
function M.of(options)
  local ramp, is_rate = ramp_of(options)
  local duration = options.duration
  if not duration and not options.iterations and #ramp > 1 then duration = ramp:ends() end
  local fault = fault_of(options, is_rate, duration or options.iterations)
  if fault then return nil, fault end
  local points = {}
  for place, point in ipairs(ramp) do points[place] = { at = point.at, level = point.level } end
  return {
    is_rate = is_rate, points = points, duration_msec = duration, iterations = options.iterations,
    max_vus = is_rate and (options.max_vus or MAX_VUS) or math.tointeger(ramp:most() // 1),
    pace_msec = options.pace, graceful_msec = options.graceful or GRACEFUL_MSEC,
  }
end

return M
