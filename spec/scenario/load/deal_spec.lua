-- Which user plays which scenario.
local deal = require "slipstream.scenario.load.deal"

local function case(name)
  return function(weight) return { name = name, weight = weight } end
end

local a, b, c = case "a", case "b", case "c"

local function names(cases, users)
  local order, list = deal.order(cases), {}
  for vu = 1, users do list[vu] = deal.of(order, vu).name end
  return table.concat(list)
end

describe("scenarios are dealt to users", function()
  it("in turn", function()
    assert.equal("abcabca", names({ a(1), b(1), c(1) }, 7))
  end)

  it("by their weights, as evenly as can be", function()
    assert.equal("aabaaaba", names({ a(3), b(1) }, 8))
    assert.equal("aabacaa", names({ a(5), b(1), c(1) }, 7))
  end)
end)
