local scenario_run = require "spec.support.scenario_run"

local tell = scenario_run.tell

local function lines_of(text)
  local lines = {}
  for line in text:gmatch "[^\n]*" do lines[#lines + 1] = line end
  return lines
end

describe("the pretty output", function()
  it("has a line for each scenario, the stories of the failures, and the totals", function()
    assert.equal([[
4 scenarios against ws://[redacted]@host/socket?[redacted], 2 at a time
✓ two users hear each other
✗ a late user hears it, too (failed 2 times, 5.0 s)
○ the moon is full (not #today)
✓ it works at last (flaky: passed at try 3, 1.2 s)

1) a late user hears it, too
   rooms/a.lua:11
   bob:await_message("room:lobby", "shout"): nothing within 5000 msec
     the last events of bob:
       +12 msec joined room:lobby
   logged:
     bob is late

2 passed, 1 failed, 1 skipped, 1 flaky in 6.3 s (seed 42)
]], (tell("pretty", { unicode = true })))
  end)

  it("says how many were not run, and when there was nothing to run", function()
    assert.matches("\n1 passed, 2 not run in 6.3 s %(seed 42%)\n$", tell("pretty", {
      results = { scenario_run.passed }, not_run = 2,
    }))
    assert.matches("^0 scenarios .*\nno scenarios in 6.3 s", tell("pretty", { results = {} }))
  end)

  it("has marks of ASCII where the locale has no others", function()
    local lines = lines_of(tell("pretty"))
    assert.same({
      "ok   two users hear each other", "FAIL a late user hears it, too (failed 2 times, 5.0 s)",
    }, { lines[2], lines[3] })
  end)

  it("has colours where they are wanted, which end where they began", function()
    local lines = lines_of(tell("pretty", { color = true, unicode = true }))
    assert.equal("\27[31m✗\27[0m a late user hears it, too \27[2m(failed 2 times, 5.0 s)\27[0m", lines[3])
    for _, line in ipairs(lines) do
      local _, begun = line:gsub("\27%[%d+m", "")
      local _, ended = line:gsub("\27%[0m", "")
      assert.equal(begun, 2 * ended, line)
    end
  end)

  it("has a line of progress on a terminal, which gives way to others and is gone at the end", function()
    local results = { scenario_run.failed, scenario_run.passed }
    local text, parts = tell("pretty", { is_terminal = true, results = results })
    local line = "\r\27[KFAIL a late user hears it, too (failed 2 times, 5.0 s)\n\27[?7l1/2 1 failed\27[?7h"
    assert.equal(line, parts[3])
    assert.equal("\r\27[K\27[?7l1/2 1 failed  two users hear each other\27[?7h", parts[4])
    assert.matches("^\r\27%[K\n1%) ", parts[6])
    assert.matches("%(seed 42%)\n$", text)
  end)

  it("says nothing twice, and nothing that moves, where there is no terminal", function()
    local text, parts = tell("pretty", { unicode = true })
    assert.is_nil(text:find "[\r\27]")
    assert.equal(6, #parts)
  end)

  it("shows what is not for terminals by its numbers", function()
    local text = tell("pretty", { results = { scenario_run.hostile } })
    assert.is_truthy(utf8.len(text))
    assert.is_nil(text:find "[^%C\n]")
    assert.is_nil(text:find "\u{202e}")
    local lines = lines_of(text)
    assert.equal("FAIL \\x1b[31m # <b> & \"q\" ]]> \\ %s \\xff\\u{202e}\\u{9b}\\u{fffe}\\x00", lines[2])
  end)
end)

describe("the plain output", function()
  it("is the pretty one in ASCII, whatever a terminal can do", function()
    local plain = tell("plain", { is_terminal = true, color = true, unicode = true })
    assert.equal((tell "pretty"), plain)
    assert.is_nil(plain:find "[\x80-\xff\27\r]")
  end)

  it("gives way to what else is written to the terminal, also before and after the run", function()
    local parts = {}
    local function write(text) parts[#parts + 1] = text end
    local function warn() write "a warning\n" end
    local output = require("slipstream.scenario.output.pretty").new(write, { is_terminal = true })
    output:begun { count = 1 }
    output:aside(warn)
    assert.same({ "\r\27[K", "a warning\n", "\r\27[K\27[?7l0/1\27[?7h" }, table.move(parts, 2, 4, 1, {}))
    output:finished { passed = 0, failed = 0, skipped = 0, not_run = 1, msec = 1 }
    parts = {}
    output:aside(warn)
    assert.same({ "a warning\n" }, parts)
  end)
end)
