-- `slipstream scenario`: which scenarios play, in which order, and what the exit code is. What is in a
-- scenario is told of in spec/scenario.
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local uv = require "luv"

local SIGTERM = 15

-- Writes a file of scenarios.
local function write(name, text)
  return program.file(name) ('local scenario = require "slipstream.scenario"\n' .. text)
end

-- Runs it; answers the exit code and the program.
local function run(text, ...)
  return program.run { "scenario", write("one_scenario.lua", text), ... }
end

-- The names in the order in which they ended, with how they did: "ok a".
local function told(it_ran)
  local list = {}
  for mark, name in it_ran:output():gmatch "%f[^\n%z](%l+)%s+([^\n(]-) *%f[\n(]" do
    if mark == "ok" or mark == "skip" then list[#list + 1] = mark .. " " .. name end
  end
  return list
end

local four = [[
  scenario("ann", { tags = { "chat" } }, function() end)
  scenario("bob", { tags = { "chat", "slow" } }, function() end)
  scenario("carl", { tags = { "slow" } }, function() end)
  scenario("dora", function() end)
]]

local two = [[
  scenario("two users hear each other", { tags = { "chat" } }, function(t)
    local ann, bob = t:connect { params = { user = "ann" } }, t:connect { params = { user = "bob" } }
    ann:join "room:lobby"
    bob:join "room:lobby"
    ann:push("room:lobby", "shout", { body = "hi" })
    t.same({ body = "hi" }, bob:await_message("room:lobby", "shout"))
  end)
]]

local fails = [[
  scenario("bad", function(t)
    t.equal(1, 2)
  end)
]]

describe("slipstream scenario", function()
  after_each(program.clean_up)

  it("plays against the embedded chat server, and exits with 0 when all passed", function()
    local code, it_ran = run(two)
    assert.equal(0, code, it_ran:output() .. it_ran:errors())
    assert.same({ "ok two users hear each other" }, told(it_ran))
    it_ran:read "1 passed"
    assert.equal("", it_ran:errors())
  end)

  it("plays against the server of --uri", function()
    local it_serves = program.start { "serve", "--port", "0" }
    local uri = it_serves:read("listening on "):match "ws://%S+"
    local code, it_ran = run(two, "--uri", uri)
    assert.equal(0, code, it_ran:output())
    assert.truthy(it_ran:output():find(uri, 1, true))
  end)

  local app = [[
    local app = require("slipstream.server").new { path = "/mine" }
    return app:channel("room:*", {
      join = function() return "ok", { mine = true } end, handle_in = function() end,
    })
  ]]

  it("serves the app of --serve itself", function()
    local code, it_ran = run([[
      scenario("mine", function(t) t.is_true(t:connect():join("room:1").mine) end)
    ]], "--serve", program.file "app.lua" (app))
    assert.equal(0, code, it_ran:output())
    assert.truthy(it_ran:output():find "ws://127%.0%.0%.1:%d+/mine")
  end)

  it("tells the files of --set, and where the server is, in args", function()
    local code, it_ran = run([[
      local args = ...
      scenario("set", function(t)
        t.equal("ann", args.user)
        t.truthy(args.uri:find "^ws://127")
      end)
    ]], "--set", "user=ann")
    assert.equal(0, code, it_ran:output())
  end)

  it("exits with 1 when one failed, and tells of it last, with its place; others go on", function()
    local code, it_ran = run(fails .. four)
    assert.equal(1, code)
    assert.equal(4, #told(it_ran))
    it_ran:read "FAIL bad"
    it_ran:read "1) bad"
    it_ran:read "one_scenario.lua:3"
    it_ran:read "4 passed, 1 failed"
    assert.equal("", it_ran:errors())
  end)

  describe("picks", function()
    local function picks(names, ...)
      local code, it_ran = run(four, ...)
      assert.equal(0, code, it_ran:errors())
      assert.same(names, told(it_ran))
    end

    it("by name", function()
      picks({ "ok ann" }, "--filter", "nn$")
      picks({ "ok ann", "ok dora" }, "--filter", "ann", "--filter", "^d")
    end)

    it("by tags", function()
      picks({ "ok ann", "ok bob" }, "--tag", "chat")
      picks({ "ok ann" }, "--tag", "chat", "--exclude-tag", "slow")
      picks({ "ok dora" }, "--exclude-tag", "slow", "--exclude-tag", "chat")
    end)

    it("and lists what it picked, without playing it", function()
      local code, it_ran = run(four .. fails, "--list", "--exclude-tag", "chat")
      assert.equal(0, code)
      local path = program.folder() .. "/one_scenario.lua"
      assert.equal(("%s:4: carl [slow]\n%s:5: dora\n%s:6: bad\n"):format(path, path, path), it_ran:output())
    end)

    it("and lists them in a line each, whatever they are called", function()
      local _, it_ran = run('scenario("\\27[31mred\\nand blue", function() end)', "--list")
      assert.matches(":2: \\x1b%[31mred\\nand blue\n$", it_ran:output())
    end)

    it("the scenarios of a folder, in the order of its files", function()
      write("b_scenario.lua", 'scenario("second", function() end)')
      write("a_scenario.lua", 'scenario("first", function() end)')
      program.file "helper.lua" "error 'is no scenario'"
      local code, it_ran = program.run { "scenario", program.folder() }
      assert.equal(0, code, it_ran:errors())
      assert.same({ "ok first", "ok second" }, told(it_ran))
    end)
  end)

  it("gives each file the modules beside it, also where those of two folders are called the same", function()
    local paths = {}
    for place, name in ipairs { "ann", "bob" } do
      local folder = ("%s/%s"):format(program.folder(), name)
      assert(uv.fs_mkdir(folder, 448))
      program.file(name .. "/people.lua") (("return { name = %q }"):format(name))
      paths[place] = write(name .. "/one_scenario.lua", ([[
        local people = require "people"
        scenario("has its own", function(t) t.equal(%q, people.name) end)
      ]]):format(name))
    end
    local code, it_ran = program.run { "scenario", table.unpack(paths) }
    assert.equal(0, code, it_ran:output())
    assert.equal(2, #told(it_ran))
  end)

  describe("shuffles", function()
    it("the same way for the same seed, which it prints", function()
      local _, first = run(four, "--shuffle", "--seed", "3")
      local _, again = run(four, "--seed", "3")
      assert.same(told(first), told(again))
      assert.are_not.same({ "ok ann", "ok bob", "ok carl", "ok dora" }, told(first))
      first:read "(seed 3)"
    end)

    it("with a seed of its own, which repeats it", function()
      local _, first = run(four, "--shuffle")
      local seed = first:read("(seed "):match "seed (%d+)"
      local _, again = run(four, "--shuffle", "--seed", seed)
      assert.same(told(first), told(again))
    end)
  end)

  it("plays --jobs at a time: two that need each other", function()
    local needy = [[
      local function play(t, me, other)
        local socket = t:connect { params = { user = me } }
        socket:join("room:needy", { user = me })
        repeat
          socket:push("room:needy", "shout", { body = "there" })
          local ok = pcall(socket.await_message, socket, "room:needy", "shout", { user = other }, 50)
        until ok
      end
      scenario("ann awaits bob", function(t) play(t, "ann", "bob") end)
      scenario("bob awaits ann", function(t) play(t, "bob", "ann") end)
    ]]
    assert.equal(1, (run(needy, "--timeout", "200")))
    local code, it_ran = run(needy, "--jobs", "2")
    assert.equal(0, code, it_ran:output())
  end)

  it("bails out after the first failure, or after so many, and tells how many are left", function()
    local code, it_ran = run(fails .. four, "--bail")
    assert.equal(1, code)
    it_ran:read "1 failed, 4 not run"
    local _, bailed = run(fails .. four .. fails .. four, "--bail", "2")
    bailed:read "4 passed, 2 failed, 4 not run"
  end)

  it("takes a path behind --bail for a path", function()
    local _, it_ran = program.run { "scenario", "--bail", write("one_scenario.lua", fails .. four) }
    it_ran:read "1 failed, 4 not run"
  end)

  it("tries again what fails, and calls what passes then flaky", function()
    local unsteady = [[
      local tries = 0
      scenario("unsteady", function(t)
        tries = tries + 1
        t.equal(3, tries)
      end)
    ]]
    assert.equal(1, (run(unsteady, "--retry", "1")))
    local code, it_ran = run(unsteady, "--retry", "2")
    assert.equal(0, code)
    it_ran:read "flaky"
  end)

  it("gives a scenario --timeout, unless it has its own", function()
    local code, it_ran = run([[
      local slipstream = require "slipstream"
      local function wait() slipstream.await(function() end, 300) end
      scenario("short", wait)
      scenario("long", { timeout = 10000 }, wait)
    ]], "--timeout", "100")
    assert.equal(1, code)
    assert.same({ "ok long" }, told(it_ran))
  end)

  describe("fails alone", function()
    local function others_pass(text, words)
      local code, it_ran = run(text .. four)
      assert.equal(1, code)
      assert.equal(4, #told(it_ran), it_ran:output())
      it_ran:read "1)"
      it_ran:read(words)
    end

    it("a scenario in an endless loop", function()
      others_pass('scenario("loops", function()\n while true do local _ = {} end end)',
        "one_scenario.lua:3: ran for more than 2000 msec without waiting")
    end)

    it("one whose callback of luv's raises", function()
      others_pass([[scenario("raises", function()
        require("luv").new_timer():start(0, 0, function() error "boom" end)
        require("slipstream").await(function() end)
      end)]], "one_scenario.lua:3: boom")
    end)

    it("one that can never go on", function()
      others_pass([[scenario("hangs", { timeout = 200 }, function()
        require("slipstream").await(function() end, 60000)
      end)]], "200 msec")
    end)
  end)

  it("fails one that calls os.exit, and goes on", function()
    local code, it_ran = run('scenario("leaves", function() os.exit(0) end)' .. four)
    assert.equal(1, code)
    assert.equal(4, #told(it_ran))
    it_ran:read "os.exit would end the run"
  end)

  it("leaves stdout to its outputs: what scenarios print, and the log, goes to stderr", function()
    local code, it_ran = run([[
      scenario("prints", function() print("hello", nil, 1) end)
      scenario("logs", function() require("slipstream").log.error "oh" end)
    ]], "--format", "json")
    assert.equal(0, code)
    for line in it_ran:output():gmatch "[^\n]+" do assert.equal("{", line:sub(1, 1)) end
    it_ran:read_error "hello\tnil\t1"
    it_ran:read_error "error oh"
  end)

  it("says once that nothing listens, below the stories of those that failed of it", function()
    local uri = ("ws://127.0.0.1:%d/socket/websocket"):format(raw_server.free_port())
    local code, it_ran = run([[
      scenario("one", function(t) t:connect() end)
      scenario("two", function(t) t:connect() end)
    ]], "--uri", uri)
    assert.equal(1, code)
    it_ran:read "2 failed"
    assert.equal(("slipstream: nothing listens at %s\n"):format(uri:match "//([^/]+)"), it_ran:errors())
  end)

  describe("a signal", function()
    local waits = [[
      scenario("waits", function(t)
        local socket = t:connect()
        socket:join "room:lobby"
        io.stderr:write "waiting\n"
        socket:await_message("room:lobby", "never", 60000)
      end)
    ]]

    for name, code in pairs { sigint = 130, sigterm = 143 } do
      it(("%s ends what plays and begins no other, and exits with %d"):format(name, code), function()
        local it_runs = program.start { "scenario", write("one_scenario.lua", waits .. four) }
        it_runs:read_error "waiting"
        it_runs:signal(name)
        assert.equal(code, it_runs:exit())
        it_runs:read "FAIL waits"
        it_runs:read("interrupted by " .. name:upper())
        it_runs:read "1 failed, 4 not run"
      end)
    end

    it("has the sockets leave and close in good order", function()
      local it_serves = program.start { "serve", "--port", "0", "--log", "debug" }
      local uri = it_serves:read("listening on "):match "ws://%S+"
      local it_runs = program.start { "scenario", write("one_scenario.lua", waits), "--uri", uri }
      it_runs:read_error "waiting"
      it_runs:signal "sigterm"
      it_serves:read_error "left connection=1 reason=left topic=room:lobby"
      it_serves:read_error "disconnected connection=1"
      assert.equal(143, it_runs:exit())
    end)

    it("that is the second ends the program at once", function()
      local server = raw_server.listen()
      local it_runs = program.start {
        "scenario", write("one_scenario.lua", [[
          scenario("waits", function(t) t:connect() io.stderr:write "waiting\n" t:connect() end)
        ]]), "--uri", ("ws://127.0.0.1:%d/socket"):format(server.port),
      }
      local connection = server:open() -- answers no close
      it_runs:read_error "waiting"
      it_runs:signal "sigint"
      repeat until connection:frame().opcode == "close"
      it_runs:signal "sigterm"
      assert.same({ nil, SIGTERM }, { it_runs:exit() })
      server:close()
    end)
  end)

  local function refuses(arguments, code, ...)
    local answer, it_ran = program.run { "scenario", table.unpack(arguments) }
    assert.equal(code, answer, it_ran:output())
    assert.equal("", it_ran:output())
    for place, text in ipairs { ... } do
      local line = it_ran:error_lines()[place] or ""
      assert.equal("slipstream: ", line:sub(1, 12))
      assert.truthy(line:find(text, 1, true), it_ran:errors())
    end
    assert.equal(select("#", ...), #it_ran:error_lines(), it_ran:errors())
  end

  it("refuses files that do not load, all of them, and plays nothing", function()
    local good = write("a_scenario.lua", four)
    local syntax, raises = write("b_scenario.lua", "x ="), write("c_scenario.lua", 'error "boom"')
    refuses({ good, syntax, raises }, 1, syntax .. ":2: unexpected symbol near <eof>", raises .. ":2: boom")
  end)

  it("refuses in one line what is not there, or nothing", function()
    refuses({ "/nowhere/x.lua" }, 2, "no such file or folder: /nowhere/x.lua")
    refuses({}, 2, "missing argument 'PATH'")
    refuses({ program.folder() }, 1, program.folder() .. ": there is no Lua file in it")
    local path = write("one_scenario.lua", four)
    refuses({ path, "--filter", "emma" }, 2, "none of the 4 scenarios")
    refuses({ write("one_scenario.lua", "") }, 1, path .. ": there is no scenario in it")
  end)

  it("has its options under headings in --help", function()
    local code, it_ran = program.run { "scenario", "--help" }
    assert.equal(0, code)
    for _, heading in ipairs { "The server", "Which scenarios", "How they play", "What is told" } do
      assert.truthy(it_ran:output():find("\n\n" .. heading .. ":\n   --", 1, true), heading)
    end
  end)

  -- { name, arguments, what it says }
  local misuses = {
    { "two servers", { "--uri", "ws://x", "--serve", "x.lua" }, "can not be used together" },
    { "a URI that is none", { "--uri", "http://x" }, "--uri: scheme must be ws or wss, got http" },
    { "no jobs", { "--jobs", "0" }, "--jobs: expected a whole number, 1 to 1000000, got 0" },
    { "a filter that is no pattern", { "--filter", "[a" }, "--filter: no Lua pattern: [a" },
    { "a seed that is none", { "--seed", "x" }, "--seed: expected a whole number, 0 to " },
    { "an app that is not there", { "--serve", "/nowhere/app.lua" }, "cannot open /nowhere/app.lua" },
    { "a format that there is not", { "--format", "xml" }, "'--format' must be one of" },
  }

  for _, case in ipairs(misuses) do
    it("refuses in one line " .. case[1], function()
      refuses({ write("one_scenario.lua", four), table.unpack(case[2]) }, 2, case[3])
    end)
  end
end)
