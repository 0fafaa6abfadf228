-- What `slipstream scenario` tells of a run: to a terminal, to pipes and to files.
local core = require "slipstream.core"
local program = require "spec.support.program"
local shell = require "spec.support.shell"

local scenarios = [[
local scenario = require "slipstream.scenario"
scenario("two users meet", function(t)
  local ann, bob = t:connect(), t:connect()
  ann:join "room:lobby"
  bob:join "room:lobby"
end)
scenario("nobody \27[31manswers", function(t)
  local ann = t:connect { params = { user = "ann" } }
  ann:join "room:lobby"
  ann:await_message("room:lobby", "never", nil, 50)
end)
scenario("not today", function(t) t:skip "no moon" end)
local tries = 0
scenario("at last", function(t)
  tries = tries + 1
  t:log "a log"
  t.is_true(tries == 2)
end)
]]

local function run(...)
  local path = program.file "chat_scenario.lua" (scenarios)
  local code, it_ran = program.run { "scenario", path, "--retry", "1", ... }
  return code, it_ran, path
end

local function read(name)
  local file <close> = assert(io.open(program.folder() .. "/" .. name))
  return file:read "a"
end

-- What it writes at a terminal of its own.
local function at_terminal(env, text, options)
  local path = program.file "chat_scenario.lua" (text or scenarios)
  local command = ("%s scenario %s %s"):format(program.binary, path, options or "--retry 1")
  local _, it_ran = program.run({ "-qec", command, "/dev/null" }, { path = "/usr/bin/script", env = env })
  return (it_ran:output():gsub("\r\n", "\n"))
end

describe("slipstream scenario", function()
  after_each(program.clean_up)

  it("tells a pipe in plain words how each scenario ended, and why", function()
    local code, it_ran, path = run()
    assert.equal(1, code)
    local text = it_ran:output()
    assert.matches("^4 scenarios against ws://127%.0%.0%.1:%d+/socket/websocket\n"
      .. "ok   two users meet\nFAIL nobody \\x1b%[31manswers %(failed 2 times%)\n"
      .. "skip not today %(no moon%)\n"
      .. "ok   at last %(flaky: passed at try 2%)\n\n1%) nobody \\x1b%[31manswers\n   ", text)
    assert.is_truthy(text:find(path .. ":10\n", 1, true), text)
    assert.matches('\n   ann:await_message%("room:lobby", "never", nil, 50%): nothing within 50 msec\n', text)
    assert.matches("\n2 passed, 1 failed, 1 skipped, 1 flaky in [%d.]+ m?se?c?\n$", text)
  end)

  it("writes several formats at once, to files and to the standard output", function()
    local folder = program.folder()
    local code, it_ran = run("--format", "junit", "--output", folder .. "/x.xml", "--format", "json",
      "--output", folder .. "/x.jsonl", "--format", "tap")
    assert.equal(1, code)
    assert.matches("^TAP version 13\n1..4\nok 1 %- two users meet\n", it_ran:output())
    assert.equal("", shell.read(("xmllint --noout --schema spec/support/junit.xsd %s/x.xml 2>&1 "
      .. "| grep -v validates"):format(folder)))
    local events = {}
    for line in read("x.jsonl"):gmatch "[^\n]+" do
      local object = core.json.decode(line)
      events[#events + 1] = object.event
      if object.name == "not today" and object.status then assert.equal("no moon", object.why) end
      if object.failure then assert.equal("timeout", object.failure.kind) end
    end
    assert.same({
      "begun", "started", "ended", "started", "ended", "started", "ended", "started", "ended", "finished",
    }, events)
  end)

  it("still tells people when a file has the report", function()
    local _, it_ran = run("--format", "junit", "--output", program.folder() .. "/x.xml")
    assert.matches("^4 scenarios .*\n2 passed, 1 failed", it_ran:output())
  end)

  it("is used wrongly with an --output of no format, or in no folder, and plays nothing then", function()
    local code, it_ran = run("--output", "x.xml")
    assert.equal(2, code)
    assert.equal("", it_ran:output())
    assert.equal("slipstream: --output x.xml: it goes right behind the --format that it is for\n",
      it_ran:errors())
    code, it_ran = run("--format", "tap", "--output", "/no/such/folder/x.tap")
    assert.equal(2, code)
    assert.equal("", it_ran:output())
    assert.equal("slipstream: /no/such/folder/x.tap cannot be written: No such file or directory\n",
      it_ran:errors())
  end)

  it("fails when an output cannot be written to its end", function()
    local code, it_ran = run("--filter", "two users", "--format", "json", "--output", "/dev/full")
    assert.equal(1, code)
    assert.matches("\nok   two users meet\n", it_ran:output())
    assert.equal("slipstream: /dev/full cannot be written: No space left on device\n", it_ran:errors())
  end)

  it("fails when the standard output cannot be written, also of a list", function()
    local path = program.file "chat_scenario.lua" 'require "slipstream.scenario" ("a", function() end)'
    for _, options in ipairs { "", "--list" } do
      local command = ("%s scenario %s %s >/dev/full"):format(program.binary, path, options)
      local code, it_ran = program.run({ "-c", command }, { path = "/bin/sh" })
      assert.equal(1, code)
      assert.equal("slipstream: standard output cannot be written: No space left on device\n",
        it_ran:errors())
    end
  end)

  describe("at a terminal", function()
    it("has what scenarios print in the place of the line of progress, which comes again below", function()
      local text = at_terminal({ TERM = "xterm", NO_COLOR = "1" }, [[
        require "slipstream.scenario" ("talks", function() print "hello" end)
      ]])
      assert.is_truthy(text:find("\r\27[Khello\n\r\27[K\27[?7l0/1  talks", 1, true), text)
    end)

    it("has marks, colours and a line of progress", function()
      local text = at_terminal { TERM = "xterm", LC_ALL = "C.UTF-8", NO_COLOR = "" }
      assert.is_truthy(text:find("\r\27[K\27[32m✓\27[0m two users meet\n\27[?7l1/4", 1, true))
      assert.is_truthy(text:find("\27[31m✗\27[0m nobody \\x1b[31manswers", 1, true))
      assert.is_truthy(text:find("1/4\27[2m  nobody \\x1b[31manswers\27[0m\27[?7h", 1, true))
    end)

    it("has no colours where they are not wanted", function()
      local text = at_terminal { TERM = "xterm", LC_ALL = "C.UTF-8", NO_COLOR = "1" }
      assert.is_truthy(text:find("\r\27[K✓ two users meet\n\27[?7l1/4", 1, true))
      assert.is_nil(text:find "\27%[%d+m")
    end)

    it("has nothing that a dumb one cannot do, and ASCII for a locale that has no more", function()
      local text = at_terminal { TERM = "dumb", LC_ALL = "C", NO_COLOR = "" }
      assert.is_nil(text:find "[\r\27\x80-\xff]")
      assert.is_truthy(text:find("\nok   two users meet\nFAIL nobody", 1, true))
    end)

    it("has a line of progress under load, too, but none that a dumb one cannot write over", function()
      local thinks = 'require "slipstream.scenario" ("thinks", function(t) t:think(1200) end)'
      local function at(name) return at_terminal({ TERM = name }, thinks, "--vus 1 --iterations 1") end
      assert.is_truthy(at("xterm"):find("\r\27[K\27[?7l   1 s  0.00/s  1 VUs", 1, true))
      assert.is_nil(at("dumb"):find "[\r\27]")
    end)
  end)
end)
