-- What thresholds over windows have come to, without all that was measured.
local measurement = require "slipstream.scenario.measure.measurement"
local meters = require "slipstream.scenario.measure.meter"
local progress = require "slipstream.scenario.load.progress"
local thresholds = require "slipstream.scenario.measure.threshold"

local HOUR, DAY, STEP = 3600, 24 * 3600, 20

describe("windows", function()
  local over, all

  before_each(function()
    over = assert(thresholds.parse "join.max<10ms over 5s")
    all = measurement.new { over }
  end)

  -- What a worker has measured in a second.
  local function part_of(second, usec)
    local meter = meters.new()
    meter:advance(second)
    meter:sample("join", usec)
    return meter:take(true)[1]
  end

  local function worst(seconds) return { all.windows:worst(over, seconds) } end

  it("have of all workers what they tell of the same second", function()
    for second = 0, 5 do
      all:add(part_of(second, 1000))
      all:add(part_of(second, second == 0 and 20000 or 1000))
    end
    assert.equal(0, worst(6)[2])
    assert.is_true(worst(6)[1] >= 19800)
  end)

  it("wait for a worker that is late", function()
    for second = 0, 9 do all:add(part_of(second, 1000)) end
    all:add(part_of(0, 20000))
    assert.equal(0, worst(10)[2])
  end)

  it("do without what comes when they are judged", function()
    for second = 0, 30 do all:add(part_of(second, 1000)) end
    all:add(part_of(0, 20000))
    assert.equal(1000, worst(31)[1])
  end)

  it("have no seconds in which no other iteration began", function()
    for second = 0, 5 do all:add(part_of(second, 1000)) end
    local last = part_of(6, 20000)
    last.is_end = true
    all:add(last)
    assert.equal(1000, worst(7)[1])
  end)

  it("are nothing where nothing was", function()
    assert.same({}, worst(100))
  end)
end)

describe("a load of a day", function()
  it("takes no more memory than one of an hour", function()
    local list = { thresholds.parse "reply.p95<50ms over 10s", thresholds.parse "rate>1/s over 1s" }
    local worker, all = meters.new(), measurement.new(list)
    local line, told = progress.new(function() end, false), 0
    local function play(from, to)
      for second = from, to - 1, STEP do
        worker:sample("reply", 1000 + second % 1000)
        worker:sample("step:" .. second, 1000)
        worker:fail("iteration", "timeout")
        worker:count("iterations", 1)
        worker:advance(second + 1)
        for _, part in ipairs(worker:take()) do
          all:add(part)
          line:hear(part)
          told = told + 1
        end
        line:tick(1)
      end
      collectgarbage()
      return collectgarbage "count"
    end
    local after_an_hour = play(0, HOUR)
    local after_a_day = play(HOUR, DAY)
    assert.equal(DAY // STEP, told)
    assert.is_true(after_a_day < after_an_hour + 100, after_a_day - after_an_hour)
  end)
end)
