-- The guide: its spec passes as it says, in the program and in plain lua5.4, and fails as it says.
local api_doc = require "spec.support.api_doc"
local program = require "spec.support.program"
local uv = require "luv"

local PAGE <const>, OWN <const> = "docs/testing.md", "spec/test/guide_spec.lua"

describe("the guide of tests", function()
  local client, story, more

  setup(function()
    local parts = api_doc.parts(PAGE, "lua", OWN)
    client, story = parts[1], parts[2]
    more = table.concat(parts, "\n", 3)
  end)

  before_each(function() program.file "lobby.lua" (client .. "\n") end)
  after_each(program.clean_up)

  -- Runs a spec as the page says; answers the exit code and the output.
  local function run(text)
    local path = program.file "lobby_spec.lua" (text)
    local code, it_ran = program.run({ "run", path }, { cwd = program.folder() })
    return code, it_ran:output() .. it_ran:errors()
  end

  it("has a spec that passes", function()
    local code, output = run(story)
    assert.matches("1 success / 0 failures / 0 errors", output)
    assert.equal(0, code)
  end)

  it("has one for busted in plain lua5.4", function()
    program.file "lobby_spec.lua" (story)
    local here = uv.cwd()
    local env = {
      LUA_PATH = ("%s/lua/?.lua;%s/lua/?/init.lua;;"):format(here, here), LUA_CPATH = package.cpath,
      LD_PRELOAD = os.getenv "LD_PRELOAD",
    }
    local arguments = { "/usr/bin/busted", "lobby_spec.lua" }
    local code, it_ran = program.run(arguments, { path = "lua5.4", env = env, cwd = program.folder() })
    assert.matches("1 success / 0 failures / 0 errors", it_ran:output() .. it_ran:errors())
    assert.equal(0, code)
  end)

  it("has more tests that pass", function()
    local count = select(2, more:gsub("%f[^%z\n]it%(", ""))
    local code, output = run((story:gsub("\nend%)$", function() return "\n" .. more .. "\nend)" end)))
    assert.matches(("%d successes / 0 failures / 0 errors"):format(1 + count), output)
    assert.equal(0, code)
    assert.is_true(count > 6)
  end)

  it("has the text of one that fails", function()
    local shown = api_doc.parts(PAGE, "text", OWN)[1]
    local code, output = run((story:gsub('to = "bob"', 'to = "ann"')))
    assert.truthy(output:find("/" .. shown .. "\n", 1, true), output)
    assert.equal(1, code)
  end)
end)
