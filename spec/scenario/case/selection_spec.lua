-- Which scenarios run.
local selection = require "slipstream.scenario.case.selection"

local cases = {
  { name = "ann joins", tags = { "chat", "fast" } },
  { name = "bob joins", tags = { "chat" } },
  { name = "a thousand come", tags = { "slow" } },
  { name = "nobody comes", tags = {} },
}

local function pick(wanted)
  local names = {}
  local all = { filters = {}, tags = {}, excluded_tags = {} }
  for key, list in pairs(wanted) do all[key] = list end
  for _, case in ipairs(selection.pick(cases, all)) do names[#names + 1] = case.name end
  return names
end

describe("a selection", function()
  it("has all, in their order, when nothing is asked for", function()
    assert.same({ "ann joins", "bob joins", "a thousand come", "nobody comes" }, pick {})
  end)

  it("has the names that one of the filters matches, which are Lua patterns", function()
    assert.same({ "ann joins", "bob joins" }, pick { filters = { "joins$" } })
    assert.same({ "ann joins", "nobody comes" }, pick { filters = { "^ann", "^no" } })
    assert.same({}, pick { filters = { "carl" } })
  end)

  it("has those with one of the tags", function()
    assert.same({ "ann joins", "a thousand come" }, pick { tags = { "fast", "slow" } })
  end)

  it("has none with an excluded tag, also when another of its tags is wanted", function()
    assert.same({ "bob joins", "nobody comes" }, pick { excluded_tags = { "fast", "slow" } })
    assert.same({ "bob joins" }, pick { tags = { "chat" }, excluded_tags = { "fast" } })
  end)

  it("has what the filter and the tags both want", function()
    assert.same({ "bob joins" }, pick { filters = { "bob", "nobody" }, tags = { "chat" } })
  end)

  it("says what is wrong with a filter that is no pattern", function()
    assert.is_nil(selection.fault_of "^a.*%d$")
    assert.equal("no Lua pattern: [a (malformed pattern (missing ']'))", selection.fault_of "[a")
  end)
end)
