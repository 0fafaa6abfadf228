-- What is told of a load while it runs.
local meters = require "slipstream.scenario.measure.meter"
local progress = require "slipstream.scenario.load.progress"

-- The parts of a second in which so many iterations went well, and so many did not.
local function second_of(good, bad)
  local meter = meters.new()
  for _ = 1, good do
    meter:sample("reply", 2000)
    meter:sample("iteration", 50000)
  end
  for _ = 1, bad do meter:fail("iteration", "timeout") end
  meter:count("iterations", good + bad)
  return meter:take(true)[1]
end

local function told(is_terminal, seconds, in_second)
  local texts = {}
  local line = progress.new(function(text) texts[#texts + 1] = text end, is_terminal)
  for second = 1, seconds do
    local part = in_second(second)
    part.second = second - 1
    line:hear(part)
    line:tick(7)
  end
  return texts, line
end

describe("progress", function()
  it("is a line that is written anew each second on a terminal", function()
    local texts = told(true, 2, function(second) return second_of(10 * second, 1) end)
    assert.same({
      "\r\27[K\27[?7l   1 s  11.0/s  7 VUs  1 errors  p95 2.00 ms\27[?7h",
      "\r\27[K\27[?7l   2 s  21.0/s  7 VUs  2 errors  p95 2.00 ms\27[?7h",
    }, texts)
  end)

  it("is a line each ten seconds elsewhere, of all ten", function()
    local texts = told(false, 25, function(second) return second_of(second <= 10 and 4 or 8, 0) end)
    assert.same({
      "  10 s  4.00/s  7 VUs  0 errors  p95 2.00 ms\n", "  20 s  8.00/s  7 VUs  0 errors  p95 2.00 ms\n",
    }, texts)
  end)

  it("has no latency when there was none, and says what was dropped", function()
    local texts = told(true, 1, function()
      local meter = meters.new()
      meter:count("dropped", 3)
      return meter:take(true)[1]
    end)
    assert.truthy(texts[1]:find("0.00/s  7 VUs  0 errors  p95 -  3 dropped", 1, true))
  end)

  it("is none before it has heard of a second", function()
    local texts, line = told(true, 0)
    line:tick(7)
    assert.same({}, texts)
    line:hear(second_of(10, 0))
    line:tick(7)
    assert.truthy(texts[1]:find("   1 s  10.0/s", 1, true))
  end)

  it("goes at the end", function()
    local texts, line = told(true, 1, function() return second_of(1, 0) end)
    line:clear()
    assert.equal("\r\27[K", texts[2])
    texts, line = told(false, 1, function() return second_of(1, 0) end)
    line:clear()
    assert.same({}, texts)
  end)
end)
