-- Load_summary: the summary of a load run of half a minute, as it is measured, for specs of the report:
--
--   local summary = load_summary.new()                     -- all went well
--   local summary = load_summary.new { hostile = text }    -- with this text wherever one can be
local measurement = require "slipstream.scenario.measure.measurement"
local meter = require "slipstream.scenario.measure.meter"
local summary = require "slipstream.scenario.measure.summary"
local threshold = require "slipstream.scenario.measure.threshold"

local M = {}

local SECONDS, SAMPLES, MOST_VUS = 30, 60, 20

-- Latencies of which a few are very long, the same in each run.
local function latency(base, place) return base + base * (place * 37 % 100) ^ 3 // 20000 end

local function fill(worker, second)
  local vus = math.min(MOST_VUS, 2 * second + 2)
  worker:advance(second)
  for place = 1, SAMPLES do
    worker:sample("join", latency(1100, place))
    worker:sample("reply", latency(420, place + second))
    worker:sample("step:log in", latency(5200, place))
    worker:sample("iteration", latency(9000, place))
  end
  worker:count("iterations", SAMPLES)
  worker:count("vu_seconds", vus)
  worker:count("bytes_in", 1234567)
  worker:count("messages_in", 2345)
end

-- In one second something fails, which is called by that name.
local function fail(worker, text)
  worker:fail("join", text)
  worker:fail("step:" .. text, text)
  worker:fail("iteration", text)
  worker:sample("step:" .. text, 700)
end

local function facts_of(text)
  local thresholds = {}
  for place, each in ipairs { "reply.p95<50ms", "errors<0.01%" } do
    thresholds[place] = assert(threshold.parse(each))
  end
  return {
    uri = "wss://ann:secret@chat.example/socket/websocket?token=secret", began = 1700000000, workers = 2,
    thresholds = thresholds, stories = text and { [text] = { text, "second line" } },
  }
end

-- The summary of a run; with `hostile` in the options something failed, which has this text for its name
-- and story.
function M.new(options)
  local text = options and options.hostile
  local worker, all = meter.new(), measurement.new()
  for second = 0, SECONDS - 1 do
    fill(worker, second)
    if text and second == SECONDS // 2 then fail(worker, text) end
  end
  for _, part in ipairs(worker:take(true)) do all:add(part) end
  all:extend(SECONDS * 1000, SECONDS * 1000)
  local made = summary.of(all, facts_of(text))
  if text then
    made.thresholds[2].measured, made.uri, made.version = text, made.uri .. text, text
  end
  return made
end

-- One of a run that was over before it measured anything.
function M.empty()
  return summary.of(measurement.new(), { uri = "ws://host/", began = 0, thresholds = {} })
end

return M
