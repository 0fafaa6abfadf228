-- A worker that fails: it alone starts again, and others hear of it.
local asker = require "spec.support.asker"
local controlled = require "spec.support.controlled"
local program = require "spec.support.program"
local worker_script = require "spec.support.worker_script"

describe("a worker that fails", function()
  after_each(function()
    asker.clean_up()
    program.clean_up()
  end)

  -- On worker 1: a client "hungry" that has all memory taken when it is told to, outside of any client:
  -- so nobody can be stopped for it.
  local hungry = worker_script.prelude .. [[
    local hoard
    local function eat()
      while true do hoard = { hoard } end
    end
    local Hungry = slipstream.client()
    function Hungry:init() print("born on " .. worker.index) end
    function Hungry:handle_call() require("luv").new_timer():start(0, 0, eat) end
    Hungry.handle_info = Hungry.handle_call
    function Hungry:terminate(reason) print("ends", reason) end
    local args = ...
  ]]

  local function run(text, ...)
    local path = program.file "script.lua" (hungry .. text)
    local code, it_ran = program.run { "run", path, "--workers", "2", "--max-memory", "16", ... }
    return code, it_ran:output(), it_ran:errors()
  end

  it("since it has no memory is started again, alone", function()
    local code, output, errors = run [[
      if worker.index == 1 then
        slipstream.start(Hungry, nil, { name = "hungry" })
        return
      end
      local first = find "hungry"
      print(first:call "when?")
      print(first:await_end())
      print(first:status())
      local second = find "hungry"
      print(first == second, first.id == second.id, first:alive(), second:alive())
    ]]
    assert.equal(0, code)
    assert.equal([[
born on 1
nil	worker_ended	worker_ended
true	noproc
ended	noproc
born on 1
false	true	false	true
ends	normal
]], output)
    assert.truthy(errors:find("error worker 1 failed: not enough memory; it starts again in 100 msec\n", 1,
      true))
  end)

  it("logs from the level on that was set meanwhile", function()
    local it_runs = controlled.ready(1, "--allow-eval", "--max-memory", "16")
    controlled.ctl("log-level", "debug")
    controlled.ctl("eval", [[
      require("luv").new_timer():start(0, 0, function() while true do hoard = { hoard } end end)
    ]])
    it_runs:read "ready"
    controlled.end_it(it_runs)
    assert.truthy(it_runs:errors():find "debug client ended client=#1 reason=shutdown")
  end)

  it("has no part in a reload before it is started again", function()
    local it_runs = controlled.start([[
      local hoard
      require("luv").new_timer():start(0, 0, function() while true do hoard = { hoard } end end)
    ]], "--max-memory", "16")
    it_runs:read_error "it starts again in 100 msec"
    local one = asker.connect(controlled.socket())
    it_runs:read_error "it starts again in 400 msec"
    assert.same({ ok = false, error = "no worker runs" }, one:say('{"verb":"reload"}\n'):answer())
    it_runs:exit()
  end)

  it("when all is over is not started again", function()
    local code, output, errors = run [[
      if worker.index == 0 then return end
      local timer = require("luv").new_timer()
      function Hungry:terminate()
        timer:start(0, 0, function() eat(function(rest) return { rest } end) end)
      end
      slipstream.run(slipstream.start, Hungry)
    ]]
    assert.equal(1, code)
    assert.equal("born on 1\n", output)
    assert.truthy(errors:find("worker 1 failed: not enough memory; it was about to end", 1, true), errors)
  end)

  it("again and again ends the program", function()
    local code, output, errors = run [[
      if worker.index == 0 then return slipstream.await(function() end, 60000) end
      local client = slipstream.start(Hungry)
      client:send "eat"
    ]]
    assert.equal(1, code)
    assert.equal(("born on 1\n"):rep(4), output)
    for _, msec in ipairs { 100, 200, 400 } do
      assert.truthy(errors:find(("it starts again in %d msec"):format(msec), 1, true))
    end
    assert.truthy(errors:find("worker 1 failed: not enough memory; that is too often, and all end", 1, true))
  end)
end)
