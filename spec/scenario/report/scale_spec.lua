local number = require "slipstream.scenario.report.number"
local scale = require "slipstream.scenario.report.scale"

-- Ticks as an axis names them, since few fractions are whole in binary.
local function names(ticks)
  local list = {}
  for place, tick in ipairs(ticks) do list[place] = ("%.7g"):format(tick) end
  return table.concat(list, " ")
end

describe("an axis", function()
  it("goes from 0 to a round number", function()
    local cases = {
      [0] = "0 0.5 1", [0.07] = "0 0.02 0.04 0.06 0.08", [1] = "0 0.5 1", [7] = "0 2 4 6 8",
      [100] = "0 50 100", [243] = "0 100 200 300", [1e6] = "0 500000 1000000",
    }
    for most, ticks in pairs(cases) do assert.equal(ticks, names(scale.linear(most, 0, 1).ticks), most) end
    local axis = scale.linear(7, 100, 20)
    assert.equal(100, axis.place(0))
    assert.equal(60, axis.place(4))
    assert.equal(20, axis.place(8))
  end)

  it("names whole numbers of what is counted", function()
    assert.equal("0 1 2 3 4", names(scale.whole(0, 0, 1).ticks))
    assert.equal("0 2 4 6", names(scale.whole(5, 0, 1).ticks))
  end)

  it("gives each power of ten the same room, where values are far apart", function()
    local axis = scale.latency(500, 90000, 0, 300)
    assert.equal("1000 10000 100000", names(axis.ticks))
    assert.near(0, axis.place(500), 0.001)
    assert.near(300, axis.place(100000), 0.001)
    assert.near(axis.place(10000) - axis.place(1000), axis.place(100000) - axis.place(10000), 0.001)
    assert.near(0, axis.place(0), 0.001) -- not below the ground
    assert.equal("0 500 1000", names(scale.latency(500, 1000, 0, 1).ticks))
    assert.equal("1 2 5 10", names(scale.log(1, 1, 0, 1).ticks))
    assert.equal("1 100 10000 1000000 1e+08", names(scale.log(1, 1e8, 0, 1).ticks))
  end)

  it("has ticks as a clock does", function()
    local cases = {
      [1500] = "0 500 1000 1500", [30000] = "0 10000 20000 30000", [120000] = "0 30000 60000 90000 120000",
      [7200000] = "0 1800000 3600000 5400000 7200000",
    }
    for msec, ticks in pairs(cases) do assert.equal(ticks, names(scale.time(msec, 0, 1, 4).ticks), msec) end
  end)

  it("gives each nine of a percentile the same room", function()
    local axis = scale.percentile(99.99, 0, 416)
    assert.equal("0 50 90 99 99.9 99.99", names(axis.ticks))
    assert.near(100, axis.place(90), 0.001)
    assert.near(200, axis.place(99), 0.001)
    assert.near(400, axis.place(99.99), 0.001)
    assert.equal(416, axis.place(100))
    assert.equal("0 50 90", names(scale.percentile(50, 0, 1).ticks))
  end)
end)

describe("numbers of the report", function()
  it("are grouped by three digits", function()
    local cases = {
      [0] = "0", [999] = "999", [1000] = "1,000", [123456] = "123,456", [1234567] = "1,234,567",
    }
    for count, words in pairs(cases) do assert.equal(words, number.count(count)) end
  end)

  it("are short on axes", function()
    assert.equal("0", number.short(0))
    assert.equal("0.5", number.short(0.5))
    assert.equal("1.5k", number.short(1500))
    assert.equal("2M", number.short(2e6))
    assert.same({ "0", "200 us", "1.5 ms", "10 s" },
      { number.short_time(0), number.short_time(200), number.short_time(1500), number.short_time(1e7) })
    local times = {
      [0] = "0 s", [500] = "0.5 s", [59000] = "59 s", [65000] = "1:05", [3600000] = "1:00:00",
    }
    for msec, words in pairs(times) do assert.equal(words, number.clock(msec)) end
  end)
end)
