-- Levels over time.
local ramps = require "slipstream.scenario.load.ramp"

local function read(text)
  local ramp, is_rate = ramps.read(text)
  return assert(ramp, is_rate), is_rate
end

local function near(wanted, got)
  assert.is_true(math.abs(wanted - got) < 1e-6, ("%s is not near %s"):format(got, wanted))
end

describe("a ramp", function()
  it("has levels between its points, and the last one behind them", function()
    local ramp = read "0:0,30s:500,2m:500,3m:100"
    for at, level in pairs {
      [0] = 0, [15000] = 250, [30000] = 500, [60000] = 500, [120000] = 500, [150000] = 300, [180000] = 100,
      [999999] = 100,
    } do
      near(level, ramp:level(at))
    end
    assert.same({ 180000.0, 500 }, { ramp:ends(), ramp:most() })
  end)

  it("is always the same when it is flat", function()
    local ramp = ramps.flat(5)
    assert.same({ 5, 5 }, { ramp:level(0), ramp:level(1e9) })
  end)

  it("says when each iteration begins at a constant rate", function()
    local ramp = ramps.flat(200)
    for n = 0, 1000 do near(n * 5, ramp:time_of(n)) end
  end)

  it("says when each iteration begins at a rising rate", function()
    local ramp = read "0:0/s,10s:100/s" -- 500 of them by then
    near(0, ramp:time_of(0))
    near(10000, ramp:time_of(500))
    near(5000, ramp:time_of(125))
    near(11000, ramp:time_of(600))
  end)

  it("begins as many iterations by a time as the area is until then", function()
    local ramp = read "0:10/s,4s:50/s,6s:50/s,8s:0/s"
    local before = -1
    for n = 0, 269 do
      local at = ramp:time_of(n)
      assert.is_true(at > before)
      before = at
      local area = 0 -- by trapezoids of a msec
      for msec = 0, at // 1 - 1 do area = area + (ramp:level(msec) + ramp:level(msec + 1)) / 2000 end
      assert.is_true(math.abs(area - n) < 0.06)
    end
    assert.is_nil(ramp:time_of(271))
  end)

  it("never begins anything at a rate of 0", function()
    assert.is_nil(ramps.flat(0):time_of(0))
    near(1000, read "0:0/s,1s:0/s,1001ms:1000/s":time_of(0))
  end)

  it("tells users from iterations a second", function()
    assert.is_false(select(2, read "0:5"))
    assert.is_true(select(2, read "0:5/s,500ms:1.5/s"))
  end)

  for text, wanted in pairs {
    [""] = 'TIME:USERS or TIME:RATE/s expected, as 30s:500 or 30s:200/s, got ""',
    ["0:5,"] = 'TIME:USERS or TIME:RATE/s expected, as 30s:500 or 30s:200/s, got ""',
    ["0:5,30:5"] = 'TIME:USERS or TIME:RATE/s expected, as 30s:500 or 30s:200/s, got "30:5"',
    ["0:5,30s:x"] = 'TIME:USERS or TIME:RATE/s expected, as 30s:500 or 30s:200/s, got "30s:x"',
    ["0:5,30s:5/m"] = 'TIME:USERS or TIME:RATE/s expected, as 30s:500 or 30s:200/s, got "30s:5/m"',
    ["0:5,30s:5/s"] = '/s behind all points or behind none expected, got "0:5,30s:5/s"',
    ["5s:5"] = 'a first point at 0 expected, as 0:0,30s:500, got "5s:5"',
    ["0:5,5s:5,5s:6"] = 'points in the order of time expected, got "0:5,5s:5,5s:6"',
  } do
    it(("is not %q"):format(text), function() assert.same({ nil, wanted }, { ramps.read(text) }) end)
  end
end)
