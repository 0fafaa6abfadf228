-- The binding; how exact it is, spec/core/histogram_test.c says.
local core = require "slipstream.core"

local function histogram_of(...)
  local histogram = core.histogram()
  for _, usec in ipairs { ... } do histogram:record(usec) end
  return histogram
end

describe("a histogram", function()
  it("says where its values lie", function()
    local histogram = histogram_of(1, 2, 3, 4, 100)
    assert.same({ 5, 0 }, { histogram:count() })
    assert.equal(1, histogram:least())
    assert.equal(100, histogram:greatest())
    assert.same({ 22.0, 110.0 }, { histogram:mean(), histogram:sum() })
    assert.same({ 1, 3, 4, 100, 100 }, {
      histogram:at(0), histogram:at(50), histogram:at(80), histogram:at(99.9), histogram:at(100),
    })
  end)

  it("is all zeros when nothing was recorded", function()
    local histogram = core.histogram()
    assert.same({ 0, 0, 0 }, { (histogram:count()), histogram:at(50), histogram:greatest() })
    assert.equal(0, histogram:mean())
  end)

  it("adds others, and the bytes of others", function()
    local histogram = histogram_of(1)
    assert.is_true(histogram:add(histogram_of(2)))
    assert.is_true(histogram:add(histogram_of(3, 4):pack()))
    assert.equal(histogram_of(1, 2, 3, 4):pack(), histogram:pack())
  end)

  it("counts what a long value at a pace has left out", function()
    local histogram = core.histogram()
    histogram:record(40, 10)
    assert.equal(histogram_of(10, 20, 30, 40):pack(), histogram:pack())
  end)

  it("takes what is below 0 for 0, and what is over an hour for an hour", function()
    local histogram = histogram_of(-5, math.maxinteger)
    assert.same({ 2, 1 }, { histogram:count() })
    assert.equal(0, histogram:least())
    assert.equal(3600 * 1000000, histogram:greatest())
  end)

  it("is empty once cleared", function()
    local histogram = histogram_of(7)
    histogram:clear()
    assert.equal(core.histogram():pack(), histogram:pack())
  end)

  it("refuses bytes that are none", function()
    local ok, _, code = core.histogram():add ""
    assert.same({ nil, "malformed" }, { ok, code })
    assert.has_error(function() core.histogram():add(5) end)
  end)

  it("refuses percentages that are none", function()
    for _, percent in ipairs { -1, 100.1, 0 / 0 } do
      assert.has_error(function() core.histogram():at(percent) end)
    end
  end)
end)
