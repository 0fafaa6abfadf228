--- Families: which metrics there are of a load besides those of its clients: what its summary has of it, by
-- the same names (slipstream.scenario.measure.summary), until the last second that the workers have told of.

local family = require "slipstream.cli.family"
local keys = require "slipstream.keys"
local metrics = require "slipstream.scenario.measure.metric"

-- In seconds: from what a step without the network takes, to what a user waits for at most.
local BOUNDS = {
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
}

---@class slipstream.scenario.LoadScene
---@field tally slipstream.scenario.Tally all that was measured
---@field users integer how many there are now

local one = family.one

local function count_of(name)
  return function(scene) return one(scene.load.tally.counts[name] or 0) end
end

local function errors_of(scene)
  local samples, measured = {}, scene.load.tally.metrics
  for _, name in ipairs(metrics.names(measured)) do
    for _, kind in ipairs(keys.sorted(measured[name].failures)) do
      samples[#samples + 1] = { measured[name].failures[kind], { metric = name, kind = kind } }
    end
  end
  return samples
end

local function timing_of(histogram)
  return { histogram = histogram, usec = histogram:sum(), bounds = BOUNDS }
end

local function latencies_of(scene)
  local samples, measured = {}, scene.load.tally.metrics
  for place, name in ipairs(metrics.names(measured)) do
    samples[place] = { timing_of(measured[name].histogram), { metric = name } }
  end
  return samples
end

local list = family.list()

list:gauge("slipstream_load_vus", "Virtual users that there are.",
  function(scene) return one(scene.load.users) end)
list:counter("slipstream_load_iterations", "Iterations that ended, those that failed among them.",
  count_of "iterations")
list:counter("slipstream_load_dropped", "Iterations that did not begin, as no user was free.",
  count_of "dropped")
list:counter("slipstream_load_errors", "What failed, by verb, step or iteration, and by kind.", errors_of)
list:histogram("slipstream_load_latency_seconds", "How long what went well took, by verb, step or iteration.",
  latencies_of)

return list
