-- The lead of `slipstream run` without memory: the program says so and ends, whoever would wait for it.
local program = require "spec.support.program"
local uv = require "luv"

describe("slipstream run whose lead has no memory left", function()
  after_each(program.clean_up)

  -- Runs a script with two workers; `text` is what the lead does in its beginning, in the place of watching
  -- for signals.
  local function run(text, script)
    for _, name in ipairs { "/slipstream", "/slipstream/cli" } do
      uv.fs_mkdir(program.folder() .. name, tonumber("700", 8))
    end
    program.file "slipstream/cli/signal.lua" (([[
      local core = require "slipstream.core"
      local function lack() error("not enough memory", 0) end
      %s
      return { watch = function() end }
    ]]):format(text))
    local arguments = {
      "run", program.file "script.lua" (script), "--workers", "2", "--max-memory", "16",
      "--control", program.folder() .. "/control",
    }
    local code, it_ran = program.run(arguments, { env = { SLIPSTREAM_LUA_PATH = program.folder() } })
    return code, it_ran:errors()
  end

  local waits = [[
    require("slipstream").await(function() end, 60000)
  ]]

  it("for what workers say ends at once, and leaves no socket behind", function()
    local code, errors = run("core.unpack = lack", waits)
    assert.equal("slipstream: not enough memory; the program cannot go on\n", errors)
    assert.equal(1, code)
    assert.is_nil(io.open(program.folder() .. "/control"))
  end)

  it("to start its workers ends at once", function()
    local code, errors = run([[
      local pack, count = core.pack, 0
      function core.pack(...)
        count = count + 1
        return (count == 2 and lack or pack)(...)
      end
    ]], waits)
    assert.equal("slipstream: not enough memory; the program cannot go on\n", errors)
    assert.equal(1, code)
  end)

  it("to start one of them again ends them all", function()
    local code, errors = run([[
      local pack, count = core.pack, 0
      function core.pack(value, ...)
        if value.options then count = count + 1 end
        return (value.options and count > 2 and lack or pack)(value, ...)
      end
    ]], [[
      local slipstream = require "slipstream"
      if slipstream.worker.index == 0 then return slipstream.await(function() end, 60000) end
      local hoard
      require("luv").new_timer():start(0, 0, function() while true do hoard = { hoard } end end)
    ]])
    assert.truthy(errors:find("slipstream: worker 1 cannot start: not enough memory\n", 1, true), errors)
    assert.equal(1, code)
  end)
end)
