local scenario_run = require "spec.support.scenario_run"
local shell = require "spec.support.shell"

local tell = scenario_run.tell

-- What xmllint says of it, with what the readers of such files expect.
local function validate(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local words = shell.read(("xmllint --noout --schema spec/support/junit.xsd %s 2>&1"):format(path))
  os.remove(path)
  return (words:gsub(path, "it"))
end

describe("the JUnit output", function()
  it("has a suite for each file, in the order of their names, with its totals and scenarios", function()
    assert.equal([[
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="slipstream scenario" tests="4" failures="1" errors="0" skipped="1" time="6.248">
  <testsuite name="chat.lua" tests="3" failures="0" errors="0" skipped="1" time="1.246"]]
      .. [[ timestamp="2023-11-14T22:13:20">
    <properties><property name="seed" value="42"/></properties>
    <testcase name="two users hear each other" classname="chat.lua" file="chat.lua" line="4"]]
      .. [[ time="0.012">
      <system-out>room:lobby it is</system-out>
    </testcase>
    <testcase name="the moon is full" classname="chat.lua" file="chat.lua" line="20"]]
      .. [[ time="0.000">
      <skipped message="not #today"/>
    </testcase>
    <testcase name="it works at last" classname="chat.lua" file="chat.lua" line="30"]]
      .. [[ time="1.234">
      <system-out>flaky: passed at try 3</system-out>
    </testcase>
  </testsuite>
  <testsuite name="rooms/a.lua" tests="1" failures="1" errors="0" skipped="0" time="5.002"]]
      .. [[ timestamp="2023-11-14T22:13:20">
    <properties><property name="seed" value="42"/></properties>
    <testcase name="a late user hears it, too" classname="rooms/a.lua" file="rooms/a.lua"]]
      .. [[ line="8" time="5.002">
      <failure message="bob:await_message(&quot;room:lobby&quot;, &quot;shout&quot;): nothing within]]
      .. [[ 5000 msec" type="timeout">rooms/a.lua:11
bob:await_message(&quot;room:lobby&quot;, &quot;shout&quot;): nothing within 5000 msec
  the last events of bob:
    +12 msec joined room:lobby
logged:
  bob is late</failure>
    </testcase>
  </testsuite>
</testsuites>
]], (tell "junit"))
  end)

  it("is what readers of such files expect", function()
    assert.equal("it validates\n", validate(tell "junit"))
  end)

  it("is that whatever the texts are", function()
    local results = { scenario_run.hostile, scenario_run.passed }
    local hostile = scenario_run.hostile
    results[3] = { case = hostile.case, status = "skipped", msec = 0, failure = hostile.failure }
    assert.equal("it validates\n", validate(tell("junit", { results = results })))
  end)

  it("is that with any byte in it", function()
    for first = 0, 255, 32 do
      local bytes = {}
      for byte = first, first + 31 do bytes[#bytes + 1] = string.char(byte) end
      local results = { scenario_run.all_of(table.concat(bytes)) }
      assert.equal("it validates\n", validate(tell("junit", { results = results })))
    end
  end)

  it("is that when nothing was run", function()
    assert.equal("it validates\n", validate(tell("junit", { results = {}, not_run = 3 })))
  end)
end)
