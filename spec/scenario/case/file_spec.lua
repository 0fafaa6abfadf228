-- Files of scenarios: what is read out of them, and what is wrong with them.
local module_folder = require "spec.support.module_folder"
local scenario = require "slipstream.scenario"
local scenario_file = require "slipstream.scenario.case.file"
local uv = require "luv"

describe("a file of scenarios", function()
  local files

  before_each(function() files = module_folder.open() end)
  after_each(function() files:close() end)

  -- The cases of a file with that in it.
  local function load(text)
    files:write("one", 'local scenario = require "slipstream.scenario"\n' .. text)
    return scenario_file.load { files:file "one" }
  end

  local function names(cases)
    local list = {}
    for place, case in ipairs(cases) do list[place] = case.name end
    return list
  end

  it("has cases, in their order, with their options and lines", function()
    local cases = assert(load [[
      local options = { tags = { "slow", "chat" }, timeout = 100, await = 10, retry = 2, net = true }
      scenario("first", options, function() end)
      scenario("second", function() return 2 end)
    ]])
    local path, first, second = files:file "one", table.unpack(cases)
    assert.same({ "first", path, 3, { "slow", "chat" }, 100, 10, 2, true },
      { first.name, first.file, first.line, first.tags, first.timeout, first.await, first.retry, first.net })
    assert.same({ "second", path, 4, {}, 30000, 5000, false },
      { second.name, second.file, second.line, second.tags, second.timeout, second.await, second.net })
    assert.equal(2, second.fn())
  end)

  it("has a setup and a teardown for all its scenarios, and no other's", function()
    files:write("two", 'require "slipstream.scenario"("other", function() end)')
    files:write("one", [[
      local scenario, seen = require "slipstream.scenario", {}
      scenario.setup(function() seen[#seen + 1] = "setup 1" end)
      scenario("one", function() return seen end)
      scenario.setup(function() seen[#seen + 1] = "setup 2" end)
      scenario.teardown(function() seen[#seen + 1] = "teardown 1" end)
      scenario.teardown(function() seen[#seen + 1] = "teardown 2" end)
    ]])
    local one, other = table.unpack((assert(scenario_file.load { files:file "one", files:file "two" })))
    for _, fn in ipairs(one.setups) do fn() end
    for _, fn in ipairs(one.teardowns) do fn() end
    assert.same({ "setup 1", "setup 2", "teardown 2", "teardown 1" }, one.fn())
    assert.same({ {}, {} }, { other.setups, other.teardowns })
  end)

  it("looks for the modules beside it once, however many files there are", function()
    files:write("two", 'require "slipstream.scenario"("other", function() end)')
    load 'scenario("first", function() end)'
    local path = package.path
    assert(scenario_file.load { files:file "one", files:file "two" })
    assert.equal(path, package.path)
  end)

  it("has a case for each row, with a name of its own", function()
    local cases = assert(load [[
      local users = { { user = "ann", n = 1 }, { user = "bob", n = 2 } }
      scenario.each(users)("$user has $n, not $m", function(_, row) return row.n end)
      scenario.each { { 1, "one" }, { 2, "two" } } ("%d is %s", { tags = { "number" } }, function() end)
      scenario.each { "a", "b" } ("letter %s", function() end)
      scenario.each { true, true } ("nameless", function() end)
    ]])
    assert.same({ "ann has 1, not $m", "bob has 2, not $m", "1 is one", "2 is two", "letter a", "letter b",
      "nameless #1", "nameless #2" }, names(cases))
    assert.equal(2, cases[2].fn(nil, cases[2].row))
    assert.same({ "number" }, cases[3].tags)
    assert.equal("b", cases[6].row)
  end)

  it("finds the files beside it", function()
    files:write("helper", "return { name = 'helped' }")
    assert.same({ "helped" }, names((assert(load [[scenario(require "helper".name, function() end)]]))))
  end)

  it("is one of a folder: those that are called so, else all that are Lua, sorted", function()
    for _, name in ipairs { "b", "a" } do
      files:write(name, ('require "slipstream.scenario"("%s", function() end)'):format(name))
    end
    assert.same({ "a", "b" }, names((assert(scenario_file.load { files.path .. "/" }))))
    files:write("chat_scenario", 'require "slipstream.scenario"("chat", function() end)')
    assert.same({ "chat" }, names((assert(scenario_file.load { files.path }))))
  end)

  it("cannot be loaded when something is wrong in it, or when it has no scenario", function()
    files:write("syntax", "local = 1")
    files:write("raises", "local function f() error 'boom' end\nf()")
    files:write("empty", "")
    local cases, failures = scenario_file.load { files:file "syntax", files:file "raises", files:file "empty",
      files:file "none" }
    assert.is_nil(cases)
    local path = files.path
    assert.same({ text = "<name> expected near '='", file = path .. "/syntax.lua", line = 1 }, failures[1])
    assert.same({ path .. "/raises.lua", 1 }, { failures[2].file, failures[2].line })
    assert.truthy(failures[2].text:find("^boom\nstack traceback:\n"))
    assert.same({ text = "there is no scenario in it", file = path .. "/empty.lua" }, failures[3])
    assert.same({ text = ("cannot open %s/none.lua: No such file or directory"):format(path),
      file = path .. "/none.lua" }, failures[4])
  end)

  it("has its line also when Lua shortens its path", function()
    local name = ("long"):rep(20)
    files:write(name, "\nerror 'boom'")
    local _, failures = scenario_file.load { files:file(name) }
    assert.same({ files:file(name), 2 }, { failures[1].file, failures[1].line })
    assert.truthy(failures[1].text:find "^boom\n")
  end)

  it("is not found in a folder that cannot be read", function()
    local fs_scandir = uv.fs_scandir -- root may read them all
    uv.fs_scandir = function(path) return nil, "EACCES: permission denied: " .. path, "EACCES" end
    local cases, failures = scenario_file.load { files.path }
    uv.fs_scandir = fs_scandir
    assert.is_nil(cases)
    assert.same({ { text = "the folder cannot be read: permission denied", file = files.path } }, failures)
  end)

  it("is told what is wrong with its arguments", function()
    local function has(fault, text)
      assert.equal("bad argument " .. fault, (select(2, load(text))[1].text:match "^[^\n]*"))
    end
    has("#2 to 'scenario' (no such option: tag, did you mean tags?)",
      "scenario('one', { tag = {} }, function() end)")
    has("#2 to 'scenario' (timeout: an integer of msec from 0 to 2147483647 expected, got -1)",
      "scenario('one', { timeout = -1 }, function() end)")
    has("#2 to 'scenario' (tags: a list of strings expected, got 1 = 5 in it)",
      "scenario('one', { tags = { 5 } }, function() end)")
    has("#2 to 'scenario' (tags: a list of strings expected, got slow = true in it)",
      "scenario('one', { tags = { slow = true } }, function() end)")
    has("#3 to 'scenario' (function expected, got no value)", "scenario('one', {})")
    has("#1 to 'scenario' (string expected, got table)", "scenario({})")
    has("#1 to 'setup' (function expected, got no value)", "scenario.setup()")
    has("#1 to 'each' (table expected, got no value)", "scenario.each()")
  end)

  it("is of no use without `slipstream scenario`", function()
    local ok, text = pcall(function() scenario("one", function() end) end)
    assert.is_false(ok)
    local words = "'scenario' defines scenarios: run this file by `slipstream scenario`"
    assert.truthy(text:find(words, 1, true), text)
  end)
end)
