-- The order of shuffled scenarios.
local order = require "slipstream.scenario.case.order"

local function shuffled(seed)
  return table.concat(order.shuffle({ "a", "b", "c", "d", "e", "f", "g", "h" }, seed))
end

describe("a shuffled order", function()
  it("is the same for the same seed, on every machine", function()
    assert.equal("cehdabfg", shuffled(1))
    assert.equal("cedgabfh", shuffled(2))
  end)

  it("has everything once", function()
    for seed = 1, 100 do
      local list = order.shuffle({ 1, 2, 3, 4, 5 }, seed)
      table.sort(list)
      assert.same({ 1, 2, 3, 4, 5 }, list)
    end
  end)

  it("leaves the list as it is", function()
    local list = { 1, 2, 3 }
    order.shuffle(list, 1)
    assert.same({ 1, 2, 3 }, list)
  end)

  it("has every order equally often", function()
    local counts = {}
    for seed = 1, 6000 do
      local key = table.concat(order.shuffle({ 1, 2, 3 }, seed))
      counts[key] = (counts[key] or 0) + 1
    end
    for _, key in ipairs { "123", "132", "213", "231", "312", "321" } do
      assert.is_true(counts[key] > 900 and counts[key] < 1100, key .. ": " .. counts[key])
    end
  end)

  it("can do with nothing", function()
    assert.same({}, order.shuffle({}, 1))
  end)

  it("has a seed that can be typed", function()
    local seed = order.seed()
    assert.is_true(seed >= 1 and seed <= 999999)
  end)
end)
