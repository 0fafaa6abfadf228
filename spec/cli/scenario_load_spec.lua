-- `slipstream scenario` under load: what it comes to, and the exit code. How users play is in
-- spec/scenario/load/share_spec.lua.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local program = require "spec.support.program"

local SIGTERM = 15

local function write(text)
  return program.file "one_scenario.lua" ('local scenario = require "slipstream.scenario"\n' .. text)
end

local function run(text, ...)
  return program.run { "scenario", write(text), ... }
end

local shouts = [[
  scenario.setup(function(t)
    t.assigns.socket = t:connect()
    t.assigns.socket:join("room:" .. t.vu)
  end)
  scenario("shout", function(t)
    local socket = t.assigns.socket
    socket:push("room:" .. t.vu, "shout", { body = "hi" })
    socket:await_message("room:" .. t.vu, "shout")
  end)
]]

local fails = [[
  scenario("bad", function(t) t.equal(1, t.vu) end)
]]

local function read_json(path)
  local file <close> = assert(io.open(path))
  return core.json.decode(file:read "a")
end

describe("a load", function()
  after_each(program.clean_up)

  it("is put together from what all workers have measured", function()
    local path = program.folder() .. "/summary.json"
    local code, it_ran = run(shouts, "--vus", "5", "--iterations", "50", "--workers", "2", "--summary", path)
    assert.equal(0, code, it_ran:output() .. it_ran:errors())
    local summary = read_json(path)
    assert.same({ "passed", 50, 5, 2 },
      { summary.verdict, summary.iterations, summary.vus_max, summary.workers })
    assert.same({ 5, 5, 50 },
      { summary.metrics.connect.count, summary.metrics.join.count, summary.metrics.message.count })
    assert.truthy(it_ran:output():find("iterations  50 (", 1, true))
    assert.truthy(it_ran:output():find("passed after", 1, true))
  end)

  it("exits with 99 when a threshold is missed, and says by how much", function()
    local code, it_ran = run(shouts, "--vus", "2", "--iterations", "10", "--threshold", "message.p95<1us",
      "--threshold", "errors<1%", "--threshold", "leave.p50<1s")
    assert.equal(99, code)
    assert.truthy(it_ran:output():find "MISSED  message.p95<1us  %d")
    assert.truthy(it_ran:output():find("held    errors<1%        0 %", 1, true))
    assert.truthy(it_ran:output():find("MISSED  leave.p50<1s     no samples", 1, true))
  end)

  it("gives the files what --set says, and scenarios the time that --timeout says", function()
    local code, it_ran = run([[
      local args = ...
      scenario("slow", function(t) t:think(tonumber(args.msec)) end)
    ]], "--vus", "1", "--iterations", "1", "--set", "msec=5000", "--timeout", "20")
    assert.equal(1, code)
    assert.truthy(it_ran:output():find("the scenario took longer than 20 msec", 1, true), it_ran:output())
  end)

  it("exits with 1 when iterations fail, unless a threshold says how many may", function()
    local code, it_ran = run(fails, "--vus", "4", "--iterations", "8", "--workers", "2")
    assert.equal(1, code)
    assert.truthy(it_ran:output():find "%d × assertion, the first time:\n      bad\n")
    assert.equal(0, (run(fails, "--vus", "4", "--iterations", "8", "--threshold", "errors<80%")))
  end)

  it("says where a file fails that only a worker cannot load", function()
    local code, it_ran = run([[
      if require("slipstream").worker.count == 2 then error "boom" end
      scenario("plays", function() end)
    ]], "--vus", "2", "--iterations", "2", "--workers", "2")
    assert.equal(1, code)
    assert.matches("^slipstream: worker %d failed: [^\n]*one_scenario.lua:2: boom\n", it_ran:errors())
  end)

  it("fails the iterations that call os.exit, and goes on", function()
    local leaves = 'scenario("leaves", function() os.exit(0) end)'
    local code, it_ran = run(leaves, "--vus", "1", "--iterations", "2")
    assert.equal(1, code)
    assert.truthy(it_ran:output():find("os.exit would end the run", 1, true), it_ran:output())
    assert.truthy(it_ran:output():find("2 failed (100 %)", 1, true), it_ran:output())
  end)

  it("has the page of what it came to", function()
    local path = program.folder() .. "/report.html"
    assert.equal(0, (run(shouts, "--rate", "50/s", "--iterations", "10", "--report", path)))
    local file <close> = assert(io.open(path))
    assert.truthy(file:read("a"):find "^<!DOCTYPE html>")
  end)

  it("ends in good order by a signal, with its summary", function()
    local it_runs = program.start { "scenario", write(shouts .. [[
      scenario("slow", function(t)
        print "it thinks"
        t:think(60000)
      end)
    ]]), "--vus", "2", "--duration", "60s", "--graceful", "10ms" }
    it_runs:read_error "it thinks"
    it_runs:signal "sigint"
    assert.equal(130, it_runs:exit())
    assert.truthy(it_runs:output():find("interrupted after", 1, true))
  end)

  it("tells of a server that goes away in the midst of it, and lasts as long as it was to", function()
    local server = program.start { "serve", "--port", "0" }
    local uri = server:read("ws://"):match "ws://%S+"
    local it_runs = program.start { "scenario", write [[
      scenario("comes and goes", function(t)
        t:connect():join("room:" .. t.vu)
        print "was there"
        t:think(20)
      end)
    ]], "--uri", uri, "--vus", "2", "--duration", "1s" }
    it_runs:read_error "was there"
    server:signal "sigkill"
    assert.equal(1, it_runs:exit())
    assert.matches("%d × refused, the first time:", it_runs:output())
    assert.matches("\nfailed: iterations did after [%d.]+ s\n$", it_runs:output())
  end)

  local function failed(...)
    local code, it_ran = run(...)
    assert.same({ 1, "" }, { code, it_ran:output() })
    return it_ran:errors()
  end

  it("fails when a worker has no memory left, in words, once", function()
    local errors = failed([[
      local held = {}
      scenario("eats", function(t)
        while t.vu == 1 do held[#held + 1] = ("x"):rep(10000) .. #held end
        t:think(1)
      end)
    ]], "--vus", "2", "--workers", "2", "--duration", "60s", "--max-memory", "16")
    assert.equal("slipstream: worker 0 failed: not enough memory\n", errors)
  end)

  it("fails at once when the program has no memory left for what workers say", function()
    local app = program.file "app.lua" [[
      local core = require "slipstream.core"
      function core.unpack() error("not enough memory", 0) end
      return require("slipstream.server").new { path = "/socket" }
    ]]
    local errors = failed(shouts, "--serve", app, "--vus", "2", "--duration", "60s")
    assert.equal("slipstream: not enough memory; the load cannot go on\n", errors)
  end)

  it("tells once where a callback of luv's has failed", function()
    local errors = failed([[
      scenario("bad", function(t)
        require("luv").new_timer():start(0, 0, function() error "boom" end)
        t:think(60000)
      end)
    ]], "--vus", "1", "--duration", "60s")
    assert.matches("^slipstream: worker 0 failed: [^\n]*one_scenario.lua:3: boom\nstack traceback:\n", errors)
    local _, count = errors:gsub("stack traceback:", "")
    assert.equal(1, count)
  end)

  describe("of which a worker hears nothing any more", function()
    -- Inside of C, where no watchdog reaches it.
    local stuck = [[
      scenario("stuck", function(t)
        if t.vu == 1 then
          print "it is stuck"
          ;("a"):rep(1000):find((".-"):rep(30) .. "b")
        end
        t:think(1)
      end)
    ]]
    local given_up = "error a worker does not end; the program ends without it\n"

    it("fails after its end", function()
      local errors = failed(stuck, "--vus", "2", "--workers", "2", "--duration", "100ms",
        "--graceful", "10ms")
      assert.truthy(errors:find(given_up, 1, true), errors)
    end)

    local function signalled()
      local it_runs = program.start { "scenario", write(stuck), "--vus", "2", "--workers", "2",
        "--duration", "60s", "--graceful", "10ms" }
      it_runs:read_error "it is stuck"
      it_runs:signal "sigterm"
      return it_runs
    end

    it("ends a while after a signal", function()
      local it_runs = signalled()
      assert.equal(143, it_runs:exit())
      assert.truthy(it_runs:errors():find(given_up, 1, true), it_runs:errors())
    end)

    it("ends at once by a second signal", function()
      local it_runs = signalled()
      assert.is_false(loop.wait(function() return it_runs.code end, 50))
      it_runs:signal "sigterm"
      assert.same({ nil, SIGTERM }, { it_runs:exit() })
    end)
  end)

  it("is wrong usage when it is not said of what, or how long", function()
    for _, case in ipairs {
      { { "--duration", "5s" }, "--duration: is of load runs; say of what: --vus, --rate or --ramp" },
      { { "--vus", "5" }, "how long? --duration or --iterations expected" },
      { { "--vus", "5", "--threshold", "repyl.p95<5ms" }, "repyl.p95<5ms\n^ no such metric" },
      { { "--vus", "5", "--jobs", "2" }, "--jobs: is of runs that play each scenario once" },
      { { "--ramp", "5s:3" }, '--ramp: a first point at 0 expected, as 0:0,30s:500, got "5s:3"' },
      { { "--rate", "5" }, "--rate: so many in a second expected, as 200/s, got 5" },
      { { "--vus", "5", "--duration", "3" }, "--duration: a time as 500ms, 30s or 2m expected, got 3" },
    } do
      local code, it_ran = run(shouts, table.unpack(case[1]))
      assert.equal(2, code)
      assert.truthy(it_ran:errors():find(case[2], 1, true), it_ran:errors())
    end
  end)

  it("fails when what it has come to cannot be written, and writes the rest", function()
    local code, it_ran = run(shouts, "--vus", "1", "--iterations", "1", "--report", "/dev/full")
    assert.equal(1, code)
    assert.truthy(it_ran:errors():find("/dev/full cannot be written: ", 1, true), it_ran:errors())
    assert.truthy(it_ran:output():find("passed after", 1, true))
  end)

  it("says which of its files cannot be written before it begins", function()
    for _, option in ipairs { "--summary", "--report" } do
      local code, it_ran = run(shouts, "--vus", "1", "--iterations", "1", option, "/nowhere/file")
      assert.same({ 2, "" }, { code, it_ran:output() })
      local text = option .. ": /nowhere/file cannot be written"
      assert.truthy(it_ran:errors():find(text, 1, true), it_ran:errors())
    end
  end)
end)
