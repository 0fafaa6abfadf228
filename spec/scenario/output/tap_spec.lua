local scenario_run = require "spec.support.scenario_run"
local shell = require "spec.support.shell"

local tell = scenario_run.tell

-- What prove, which comes with Perl, says of it.
local function prove(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local words = shell.read(("prove -e cat %s 2>&1"):format(path))
  os.remove(path)
  return words
end

describe("the TAP output", function()
  it("has a test point for each scenario, and below it what is known of it", function()
    assert.equal([[
TAP version 13
1..4
ok 1 - two users hear each other
  ---
  duration_ms: 12
  ...
not ok 2 - a late user hears it, too
  ---
  at: "rooms/a.lua:11"
  message:
    - "bob:await_message(\"room:lobby\", \"shout\"): nothing within 5000 msec"
    - "  the last events of bob:"
    - "    +12 msec joined room:lobby"
    - "logged:"
    - "  bob is late"
  duration_ms: 5002
  tries: 2
  ...
ok 3 - the moon is full # SKIP not \#today
  ---
  duration_ms: 0
  ...
ok 4 - it works at last
  ---
  duration_ms: 1234
  tries: 3
  ...
]], (tell "tap"))
  end)

  it("is read by prove", function()
    local good = { scenario_run.passed, scenario_run.skipped, scenario_run.flaky }
    assert.matches("\nResult: PASS\n$", prove(tell("tap", { results = good })))
    local words = prove(tell "tap")
    assert.matches("Failed 1/4 subtests", words)
    assert.matches("Failed test:  2\n", words)
    assert.is_nil(words:find "Parse error")
  end)

  it("is read by prove whatever the texts are", function()
    local words = prove(tell("tap", { results = { scenario_run.passed, scenario_run.hostile } }))
    assert.matches("Failed test:  2\n", words)
    assert.is_nil(words:find "Parse error")
  end)

  it("bails out when scenarios were not run", function()
    local text = tell("tap", { results = { scenario_run.passed }, not_run = 2 })
    assert.matches("^TAP version 13\n1%.%.3\n", text)
    assert.matches("\nBail out! 2 of 3 scenarios were not run\n$", text)
    assert.matches("Bailout called%.  Further testing stopped:  2 of 3 scenarios were not run", prove(text))
  end)

  it("is a plan that is skipped when there is nothing to run", function()
    local text = tell("tap", { results = {} })
    assert.equal("TAP version 13\n1..0 # SKIP no scenarios\n", text)
    assert.matches("Result: NOTESTS", prove(text))
  end)
end)
