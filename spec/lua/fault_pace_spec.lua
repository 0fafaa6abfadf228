-- When a piece may go through a slow link: pure, so the times are exact.
local luck = require "slipstream.faults.luck"
local pace = require "slipstream.faults.pace"

describe("the pace of a link", function()
  local function entry(at, swing) return { at = at, swing = swing or 0 } end

  it("is that of its latency, give or take the jitter", function()
    local faults = { latency = { msec = 100, jitter = 40 } }
    assert.equal(100, pace.new():wait(entry(0), 1, faults, 0))
    assert.equal(130, pace.new():wait(entry(0, 0.75), 1, faults, 0))
    assert.equal(60, pace.new():wait(entry(0, -1), 1, faults, 0))
    assert.equal(0, pace.new():wait(entry(0), 1, faults, 100))
  end)

  it("is never one of bytes that come before they were sent", function()
    assert.equal(0, pace.new():wait(entry(0, -1), 1, { latency = { msec = 10, jitter = 40 } }, 0))
  end)

  it("gives each piece the time that its bits take", function()
    local link, faults = pace.new(), { bandwidth = 1000 }
    assert.equal(20, link:wait(entry(5000), 20, faults, 5000))
    assert.equal(5, link:wait(entry(5000), 20, faults, 5015))
    assert.equal(0, link:wait(entry(5000), 20, faults, 5020))
    assert.equal(20, link:wait(entry(5000), 20, faults, 5020))
  end)

  it("counts latency before the time that the bits take", function()
    local link, faults = pace.new(), { latency = { msec = 100, jitter = 0 }, bandwidth = 1000 }
    assert.equal(100, link:wait(entry(1000), 20, faults, 1000))
    assert.equal(20, link:wait(entry(1000), 20, faults, 1100))
  end)

  it("makes good for timers that were late, but not for a long pause", function()
    local link, faults = pace.new(), { bandwidth = 1000 }
    link:wait(entry(5000), 20, faults, 5000)
    assert.equal(0, link:wait(entry(5000), 20, faults, 5030))
    assert.equal(10, link:wait(entry(5000), 20, faults, 5030))
    assert.equal(0, link:wait(entry(5000), 20, faults, 5040))
    local sent = 0
    while link:wait(entry(5000), 20, faults, 60000) == 0 do sent = sent + 20 end
    assert.equal(100, sent)
  end)

  it("cuts what goes through a slow link into small pieces, of one byte at least", function()
    assert.equal(20, pace.piece(1000))
    assert.equal(20, pace.piece(1000.5))
    assert.equal(1, pace.piece(1 / 60))
  end)
end)

describe("the luck of a proxy", function()
  local function draws(seed, stream)
    local draw, list = luck.new(seed, stream), {}
    for i = 1, 20 do list[i] = luck.swing(draw) end
    return list
  end

  it("is the same at each run, and another for each seed and stream", function()
    assert.same(draws(1, 0), draws(1, 0))
    assert.are_not.same(draws(1, 0), draws(2, 0))
    assert.are_not.same(draws(1, 0), draws(1, 1))
  end)

  it("swings from -1 to 1, to both sides", function()
    local least, most, draw = 1, -1, luck.new(0, 0)
    for _ = 1, 1000 do
      local swing = luck.swing(draw)
      least, most = math.min(least, swing), math.max(most, swing)
    end
    assert.is_true(least >= -1 and least < -0.9 and most > 0.9 and most <= 1)
  end)
end)
