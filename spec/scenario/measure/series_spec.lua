-- How a load went over time.
local series = require "slipstream.scenario.measure.series"
local tally = require "slipstream.scenario.measure.tally"

local function second_of(usec, failed)
  local part = tally.new()
  part:sample("join", usec)
  part:sample("iteration", usec * 1000)
  if failed then part:fail("iteration", "timeout") end
  part:count("iterations", 1)
  part:count("vu_seconds", 4)
  return part
end

local function steps_of(rows) return rows:summary().rows end

local function row(at_msec, usec, errors, vus, rate)
  return {
    at_msec = at_msec, vus = vus or 4, rate = rate or 1.0, errors = errors or 0,
    p50 = usec, p95 = usec, p99 = usec,
  }
end

describe("a series", function()
  it("has a row a second, of the latencies of all verbs", function()
    local rows = series.new()
    rows:add(0, second_of(100))
    rows:add(1, second_of(50, true))
    assert.same({ step_msec = 1000, rows = { row(0, 100), row(1000, 50, 1) } }, rows:summary())
  end)

  it("has rows without latencies for seconds without samples", function()
    local rows = series.new()
    rows:add(2, second_of(100))
    assert.same(row(1000, nil, 0, 0, 0.0), steps_of(rows)[2])
    assert.equal(3, #steps_of(rows))
  end)

  it("takes seconds in any order, from any worker", function()
    local rows, others = series.new(4), series.new(4)
    for second = 0, 20 do
      rows:add(second, second_of(100 + second))
      others:add(20 - second, second_of(120 - second))
    end
    assert.same(steps_of(rows), steps_of(others))
  end)

  it("doubles its steps when they would be too many", function()
    local rows = series.new(4)
    for second = 0, 3 do rows:add(second, second_of(100)) end
    assert.equal(1000, rows:summary().step_msec)
    rows:add(4, second_of(300, true))
    assert.same({
      step_msec = 2000, rows = { row(0, 100), row(2000, 100), row(4000, 300, 1, 2, 0.5) },
    }, rows:summary())
  end)

  it("has at most so many rows, however long it lasts", function()
    local rows = series.new()
    for second = 0, 100000, 997 do rows:add(second, second_of(100)) end
    assert.is_true(#steps_of(rows) <= 600)
    assert.equal(256000, rows:summary().step_msec)
  end)
end)
