local keys = require "slipstream.keys"

describe("the keys of a table", function()
  it("are in the order of their texts", function()
    assert.same({ "a", "b", "c" }, keys.sorted { c = 1, a = 2, b = 3 })
    assert.same({}, keys.sorted {})
    assert.equal("ann, bob", keys.listed { bob = true, ann = true })
  end)

  it("have numbers first, by their size, and then what is neither number nor text", function()
    assert.same({ 2, 9.5, 10, false, true, "1", "9" },
      keys.sorted { [10] = 1, ["9"] = 1, [2] = 1, [9.5] = 1, ["1"] = 1, [true] = 1, [false] = 1 })
  end)

  it("are its own, whatever its metatable says", function()
    local map = setmetatable({ a = 1 }, { __pairs = function() error "asked" end })
    assert.same({ "a" }, keys.sorted(map))
  end)
end)
