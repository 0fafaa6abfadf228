-- `slipstream run` with a file that returns a supervisor.
local program = require "spec.support.program"

describe("slipstream run, given a supervisor", function()
  after_each(program.clean_up)

  -- The child fails so often as args of the spec says, and is done then.
  local function run(failures, options)
    return program.run { "run", program.file "app.lua" (([[
      local slipstream = require "slipstream"
      local Child = slipstream.client { restart = "transient" }
      function Child:init(failures)
        print("init", self:client().restarts)
        self:send_after(1, self:client().restarts < failures and "fail" or "done")
      end
      function Child:handle_info(message)
        if message == "fail" then error "boom" end
        return "stop", "normal"
      end
      return slipstream.supervisor { %s children = { { Child, %d } } }
    ]]):format(options or "", failures)) }
  end

  it("exits with 0 when its children are done, however often they failed before", function()
    local code, it_ran = run(2)
    assert.equal("init\t0\ninit\t1\ninit\t2\n", it_ran:output())
    assert.equal(0, code)
  end)

  it("exits with 1 when it gave up", function()
    local code, it_ran = run(2, 'max_restarts = 0, restart = "temporary",')
    assert.equal("init\t0\n", it_ran:output())
    assert.equal(1, code)
    assert.truthy(it_ran:errors():find("the child 1 failed too often: ", 1, true))
  end)
end)
