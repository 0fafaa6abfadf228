-- What a running supervisor is asked, and how child specs are read.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local workers = require "spec.support.workers"

local read = workers.read

describe("a running supervisor", function()
  local host, clock, journal, Worker, supervisor

  before_each(function()
    local _
    host, _, clock = phoenix.pretend()
    journal, Worker = workers.hire()
    local children = { { module = Worker, name = "a" }, { module = Worker, name = "b" } }
    local module = slipstream.supervisor { children = children }
    supervisor = slipstream.start(module, nil, { host = host, name = "top" })
    read(journal)
  end)

  after_each(function() phoenix.close(host) end)

  -- What a function of slipstream.supervisor answers, asked by a script.
  local function ask(name, ...)
    local answer = workers.ask(host, slipstream.supervisor[name], supervisor, ...)
    return table.unpack(answer, 1, answer.n)
  end

  local function count()
    local counts = ask "count_children"
    return { counts.specs, counts.active, counts.workers, counts.supervisors }
  end

  it("lists its children in the order of their starts", function()
    local inner = ask("start_child", { module = slipstream.supervisor {}, id = "inner" })
    local a, b = slipstream.whereis "a", slipstream.whereis "b"
    assert.same({
      { id = "a", client = a, type = "worker", status = "running" },
      { id = "b", client = b, type = "worker", status = "running" },
      { id = "inner", client = inner, type = "supervisor", status = "running" },
    }, (ask "which_children"))
  end)

  it("counts them", function()
    ask("start_child", slipstream.supervisor {})
    ask("terminate_child", "a")
    assert.same({ 3, 2, 2, 1 }, count())
  end)

  it("answers to its name as well", function()
    local answer = workers.ask(host, slipstream.supervisor.count_children, "top")
    assert.equal(2, answer[1].specs)
  end)

  it("starts another child, after all others", function()
    local client = ask("start_child", { module = Worker, name = "c" })
    assert.equal(client, slipstream.whereis "c")
    supervisor:stop()
    clock:advance(0)
    assert.equal("+c -c -b -a", read(journal))
  end)

  it("gives children without an id or a name their places for ids", function()
    ask("start_child", { module = Worker, id = 4 })
    ask("start_child", Worker)
    ask("start_child", { Worker })
    local list = ask "which_children"
    assert.same({ 3, 5 }, { list[4].id, list[5].id })
  end)

  it("answers when the init of the new child is done", function()
    local go_on
    local function wait() slipstream.await(function(fn) go_on = fn end) end
    local spec = { module = Worker, name = "c", args = wait }
    assert.is_nil(workers.ask(host, slipstream.supervisor.start_child, supervisor, spec))
    go_on()
    clock:advance(0)
    assert.is_truthy(slipstream.whereis "c")
  end)

  it("keeps no child whose init failed", function()
    local function fail() error "no luck" end
    local client, reason = ask("start_child", { module = Worker, name = "c", args = fail })
    assert.same({ nil, "script_error" }, { client, reason.kind })
    assert.equal("+c -c", read(journal))
    assert.same({ 2, 2, 2, 0 }, count())
  end)

  it("keeps the spec of one whose init ignored it", function()
    local ignore = true
    local function init() if ignore then return "ignore" end end
    assert.same({ nil, "ignore" }, { ask("start_child", { module = Worker, name = "c", args = init }) })
    assert.same({ 3, 2, 3, 0 }, count())
    ignore = false
    assert.equal("c", ask("restart_child", "c").name)
  end)

  it("has one child of an id", function()
    assert.same({ nil, "already_started" }, { ask("start_child", { module = Worker, id = "a" }) })
    ask("terminate_child", "a")
    assert.same({ nil, "already_present" }, { ask("start_child", { module = Worker, id = "a" }) })
  end)

  it("keeps no child whose name is taken", function()
    local client, reason = ask("start_child", { module = Worker, id = "twin", name = "a" })
    assert.same({ nil, "already_started" }, { client, reason })
    assert.same({ 2, 2, 2, 0 }, count())
    assert.is_true(supervisor:alive())
  end)

  it("stops a child for good, and starts it again when told so", function()
    local client = slipstream.whereis "a"
    assert.is_true(ask("terminate_child", "a"))
    clock:advance(10000)
    assert.equal("-a", read(journal))
    assert.same({ "ended", "shutdown" }, { client:status() })
    assert.equal("a", ask("restart_child", "a").name)
    assert.not_equal(client, slipstream.whereis "a")
  end)

  it("stops a child that calls for it itself", function()
    local function suicide() slipstream.supervisor.terminate_child("top", "c") end
    local _, Sad = workers.hire { handle_cast = suicide }
    ask("start_child", { module = Sad, name = "c" })
    slipstream.cast("c", "now")
    clock:advance(10000)
    assert.is_nil(slipstream.whereis "c")
    assert.is_true(supervisor:alive())
  end)

  it("stops a child that waits to be started again, which then is not", function()
    slipstream.send("a", "boom")
    clock:advance(0)
    assert.same({ nil, "restarting" }, { ask("restart_child", "a") })
    assert.same({ nil, "restarting" }, { ask("delete_child", "a") })
    assert.is_true(ask("terminate_child", "a"))
    clock:advance(10000)
    assert.equal("-a", read(journal))
  end)

  it("does what was asked of it first when a restart is due meanwhile", function()
    local go_on
    local function wait() slipstream.await(function(fn) go_on = fn end) end
    slipstream.send("a", "boom")
    clock:advance(0)
    local spec = { module = Worker, name = "c", args = wait }
    workers.ask(host, slipstream.supervisor.start_child, supervisor, spec)
    workers.ask(host, slipstream.supervisor.terminate_child, supervisor, "a")
    clock:advance(100)
    go_on()
    clock:advance(0)
    assert.equal("-a +c", read(journal))
    assert.is_nil(slipstream.whereis "a")
  end)

  it("leaves a child alone whose handle is told to stop in the pause", function()
    local client = slipstream.whereis "a"
    slipstream.send("a", "boom")
    clock:advance(0)
    client:stop()
    clock:advance(100)
    assert.equal("-a +a", read(journal))
  end)

  it("keeps a name for a child in its pause, and frees that of one that is gone", function()
    slipstream.send("a", "boom")
    clock:advance(0)
    assert.is_nil(slipstream.start(Worker, nil, { host = host, name = "a" }))
    ask("terminate_child", "a")
    assert.is_truthy(slipstream.start(Worker, nil, { host = host, name = "a" }))
  end)

  it("forgets a child that was stopped, and no other", function()
    assert.same({ nil, "running" }, { ask("delete_child", "a") })
    assert.same({ nil, "running" }, { ask("restart_child", "a") })
    ask("terminate_child", "a")
    assert.is_true(ask("delete_child", "a"))
    assert.same({ 1, 1, 1, 0 }, count())
  end)

  it("forgets a temporary child with its client", function()
    ask("start_child", { module = Worker, name = "c", restart = "temporary" })
    ask("terminate_child", "c")
    assert.same({ nil, "not_found" }, { ask("restart_child", "c") })
  end)

  it("says when there is no such child", function()
    for _, name in ipairs { "terminate_child", "restart_child", "delete_child" } do
      assert.same({ nil, "not_found" }, { ask(name, "nobody") })
    end
  end)

  it("counts no stop that it was asked for as a failure", function()
    for _ = 1, 10 do
      ask("terminate_child", "a")
      ask("restart_child", "a")
    end
    assert.is_true(supervisor:alive())
  end)

  it("is not there when it has ended", function()
    supervisor:stop()
    clock:advance(0)
    assert.same({ nil, "noproc" }, { ask "which_children" })
    local answer = workers.ask(host, slipstream.supervisor.which_children, "top")
    assert.same({ nil, "noproc" }, { answer[1], answer[2] })
  end)

  it("is nothing but a supervisor", function()
    local function ask_worker() slipstream.supervisor.which_children "a" end
    local text = workers.ask(host, pcall, ask_worker)[2]
    assert.truthy(text:find("supervisor_children_spec.lua:%d+: bad argument #1 to 'which_children'"))
    assert.truthy(text:find("got client a", 1, true))
  end)
end)

describe("slipstream.supervisor", function()
  local Worker = slipstream.client {}

  -- What is wrong with those options, where the place and the name of the function are right.
  local function fault_of(options)
    local ok, text = pcall(function() slipstream.supervisor(options) end)
    assert.is_false(ok)
    return text:match "^spec/host/[%w_]+.lua:%d+: bad argument #1 to 'supervisor' %((.*)%)$" or text
  end

  local function fault_of_child(spec) return fault_of { children = { Worker, spec } } end

  it("makes a client module", function()
    assert.is_true(slipstream.is_client(slipstream.supervisor {}))
    assert.is_true(slipstream.supervisor.is_supervisor(slipstream.supervisor()))
    assert.is_false(slipstream.supervisor.is_supervisor(Worker))
  end)

  it("refuses wrong options", function()
    assert.equal("no such option: strateg, did you mean strategy?", fault_of { strateg = "one_for_one" })
    assert.equal('strategy: "one_for_one", "one_for_all" or "rest_for_one" expected, got "one_for_al", '
      .. "did you mean one_for_all?", fault_of { strategy = "one_for_al" })
    assert.equal("max_restarts: an integer from 0 expected, got -1", fault_of { max_restarts = -1 })
    assert.equal("children: table expected, got number", fault_of { children = 7 })
    local list = "children: a list of child specs or client modules expected"
    assert.equal(list, fault_of { children = Worker })
    assert.equal(list, fault_of { children = { module = Worker } })
  end)

  it("refuses wrong child specs, and names the child and the field", function()
    local cases = {
      { 7, "children[2]: a client module or a child spec expected, got 7" },
      { {}, "children[2]: module: needed" },
      { { module = {} }, "children[2]: module: a client module expected, got table" },
      { { module = Worker, name = 7 }, "children[2] (7): name: a string that is not empty expected, got 7" },
      { { module = Worker, name = "" }, 'children[2]: name: a string that is not empty expected, got ""' },
      { { module = Worker, id = "b", restart = "always" },
        'children[2] (b): restart: "permanent", "transient" or "temporary" expected, got "always"' },
      { { module = Worker, shutdown = -1 },
        'children[2]: shutdown: msec, "infinity" or "brutal_kill" expected, got -1' },
      { { module = Worker, arg = 7 }, "children[2]: no such field: arg, did you mean args?" },
      { { Worker, 7, name = "b" },
        "children[2] (b): name: not after a module by its place; write module = …, args = …" },
      { { module = Worker, id = 1 }, "children[2] (1): id: 1 is that of another child" },
    }
    for _, case in ipairs(cases) do assert.equal(case[2], fault_of_child(case[1])) end
  end)

  it("refuses a wrong child spec in start_child, at the script's line", function()
    local ok, text = pcall(function() slipstream.supervisor.start_child("top", { module = 7 }) end)
    assert.is_false(ok)
    assert.truthy(text:find("_spec.lua:%d+: bad argument #2 to 'start_child' %(child: module: "))
  end)
end)
