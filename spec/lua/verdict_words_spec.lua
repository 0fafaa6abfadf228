local verdict = require "slipstream.verdict"

describe("a verdict that there is not", function()
  local function fault_of(callback)
    return select(2, verdict.read(callback, "replay"))
  end

  it("is told together with those that this callback may give", function()
    assert.matches('"reply", value', fault_of "handle_call", 1, true)
    assert.matches('"ignore"', fault_of "init", 1, true)
    assert.not_matches('"reply"', fault_of "handle_info", 1, true)
  end)
end)
