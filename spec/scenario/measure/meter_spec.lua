-- What a worker has measured, second by second.
local core = require "slipstream.core"
local measurement = require "slipstream.scenario.measure.measurement"
local meter = require "slipstream.scenario.measure.meter"

local function seconds_of(parts)
  local seconds = {}
  for place, part in ipairs(parts) do seconds[place] = part.second end
  return seconds
end

-- One run of a meter: in each second so many joins of so many microseconds.
local function measure(seconds, name)
  local worker = meter.new()
  for second, usec in pairs(seconds) do
    worker:advance(second)
    worker:sample(name or "join", usec)
    worker:count("iterations", 1)
    worker:count("vu_seconds", 5)
  end
  return worker:take(true)
end

describe("a meter", function()
  it("gives away each second once it is over", function()
    local worker = meter.new()
    worker:sample("join", 100)
    assert.same({}, worker:take())
    worker:advance(1)
    worker:fail("join", "timeout")
    assert.same({ 0 }, seconds_of(worker:take()))
    assert.same({}, worker:take())
    assert.same({ 1 }, seconds_of(worker:take(true)))
    assert.same({}, worker:take(true))
  end)

  it("gives nothing for seconds of which it has nothing", function()
    local worker = meter.new()
    for second = 1, 100 do worker:advance(second) end
    worker:count("iterations", 1)
    worker:advance(101)
    assert.same({ 100 }, seconds_of(worker:take(true)))
  end)

  it("corrects what is measured at a pace", function()
    local worker = meter.new()
    worker:paced(10000):sample("join", 40000)
    worker:sample("leave", 40000)
    local all = measurement.new()
    all:add(worker:take(true)[1])
    assert.equal(4, all.total.metrics.join.histogram:count())
    assert.equal(1, all.total.metrics.leave.histogram:count())
  end)
end)

describe("a measurement", function()
  it("is the same from two workers as from one", function()
    local first, second = measure { [0] = 100, 200, 300 }, measure { [0] = 400, 500 }
    local all = measurement.new()
    for _, parts in ipairs { first, second } do
      for _, part in ipairs(parts) do all:add(core.unpack(core.pack(part))) end
    end
    assert.equal(5, all.total.metrics.join.histogram:count())
    local rows = all.series:summary().rows
    assert.same({ 10, 10, 5 }, { rows[1].vus, rows[2].vus, rows[3].vus })
  end)
end)
