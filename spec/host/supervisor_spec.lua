-- A supervisor: how it starts its children, starts them again, gives up and ends.
local phoenix = require "spec.support.phoenix"
local process = require "slipstream.process"
local slipstream = require "slipstream"
local workers = require "spec.support.workers"

local read = workers.read

describe("a supervisor", function()
  local host, server, clock, journal, Worker, supervisor

  before_each(function()
    host, server, clock = phoenix.pretend()
    journal, Worker = workers.hire()
  end)

  after_each(function()
    phoenix.close(host)
    assert.same({}, { slipstream.whereis "a", slipstream.whereis "top" })
  end)

  -- The options name the children by letters, as children of those names; a table is what it is.
  local function start(options, start_options)
    for place, child in ipairs(options.children) do
      if type(child) == "string" then options.children[place] = { module = Worker, name = child } end
    end
    start_options = start_options or {}
    start_options.host, start_options.name = host, "top"
    local reason
    supervisor, reason = slipstream.start(slipstream.supervisor(options), nil, start_options)
    return supervisor, reason
  end

  local function send(name, message)
    assert(slipstream.send(name, message))
    clock:advance(0)
  end

  describe("starts its children", function()
    it("in their order", function()
      start { children = { "a", "b", "c" } }
      assert.equal("+a +b +c", read(journal))
    end)

    it("each after the init of the one before, also when that waits", function()
      local go_on
      local function wait() slipstream.await(function(fn) go_on = fn end) end
      start { children = { { module = Worker, name = "a", args = wait }, "b" } }
      assert.equal("+a", read(journal))
      go_on()
      clock:advance(0)
      assert.equal("+b", read(journal))
    end)

    it("with their args, and by their modules alone", function()
      local given = {}
      local Other = slipstream.client {}
      function Other.init(_, args) given[#given + 1] = args or "nothing" end
      start { children = { Other, { Other, 7 }, { module = Other, args = 8 } } }
      assert.same({ "nothing", 7, 8 }, given)
    end)

    it("or none of them, and says which one did not start", function()
      local function fail() error "no luck" end
      local started, reason = start { children = { "a", "b", { module = Worker, name = "c", args = fail } } }
      assert.is_nil(started)
      assert.equal("child_not_started", reason.kind)
      assert.equal("c", reason.child)
      assert.equal("script_error", reason.reason.kind)
      assert.truthy(tostring(reason):find("^the child c did not start: .*no luck$"))
      clock:advance(0)
      assert.equal("+a +b +c -c -b -a", read(journal))
      assert.same({}, slipstream.clients())
    end)

    it("or none of them when a name is taken", function()
      start { children = { "a", { module = Worker, id = "twin", name = "a" } } }
      assert.is_nil(supervisor)
      clock:advance(0)
      assert.equal("+a -a", read(journal))
    end)

    it("without those that their init ignores", function()
      local function ignore() return "ignore" end
      start { children = { { module = Worker, name = "a", args = ignore }, "b" } }
      assert.is_true(supervisor:alive())
      local list = workers.ask(host, slipstream.supervisor.which_children, "top")[1]
      assert.same({ id = "a", type = "worker", status = "ended" }, list[1])
      assert.equal("running", list[2].status)
      assert.is_nil(slipstream.whereis "a")
    end)
  end)

  describe("starts again", function()
    it("the child that failed alone, with one_for_one, under the same handle and name", function()
      start { children = { "a", "b", "c" } }
      local client = slipstream.whereis "b"
      read(journal)
      send("b", "boom")
      assert.equal("-b", read(journal))
      assert.equal("restarting", (client:status()))
      assert.is_nil(slipstream.whereis "b")
      clock:advance(100)
      assert.equal("+b", read(journal))
      assert.equal(client, slipstream.whereis "b")
      assert.equal(1, client.restarts)
    end)

    it("all of them, with one_for_all: the last one stops first", function()
      start { strategy = "one_for_all", children = { "a", "b", "c" } }
      read(journal)
      send("b", "boom")
      assert.equal("-b -c -a", read(journal))
      clock:advance(100)
      assert.equal("+a +b +c", read(journal))
    end)

    it("it and those after it, with rest_for_one", function()
      start { strategy = "rest_for_one", children = { "a", "b", "c", "d" } }
      read(journal)
      send("b", "boom")
      assert.equal("-b -d -c", read(journal))
      clock:advance(100)
      assert.equal("+b +c +d", read(journal))
    end)

    it("a permanent child however it ended, also when its handle stopped it", function()
      start { children = { "a" } }
      send("a", { "stop", "normal" })
      clock:advance(100)
      slipstream.stop "a"
      clock:advance(200)
      assert.equal("+a -a +a -a +a", read(journal))
    end)

    it("a child that ended in the same breath as its init", function()
      local function fail() error "too early" end
      local _, Hasty = workers.hire { init = function() return { continue = 1 } end, handle_continue = fail }
      local children = { "a", { module = Hasty, name = "b" } }
      start({ max_restarts = 1, children = children }, { restart = "temporary" })
      clock:advance(100)
      assert.equal("+a -a", read(journal))
      assert.equal("child_gave_up", select(2, supervisor:status()).kind)
    end)

    it("a transient child after failures only", function()
      start { children = { { module = Worker, name = "a", restart = "transient" } } }
      local client = slipstream.whereis "a"
      send("a", { "stop", "bad weather" })
      clock:advance(100)
      assert.equal("+a -a +a", read(journal))
      send("a", { "stop", "normal" })
      clock:advance(10000)
      assert.equal("-a", read(journal))
      assert.same({ "ended", "normal" }, { client:status() })
    end)

    it("a temporary child never, and forgets it", function()
      start { children = { { module = Worker, name = "a", restart = "temporary" } } }
      send("a", "boom")
      clock:advance(10000)
      assert.equal("+a -a", read(journal))
      assert.same({}, workers.ask(host, slipstream.supervisor.which_children, "top")[1])
    end)

    it("by the policy of the module when the spec has none", function()
      local module = slipstream.client { restart = "temporary" }
      function module.handle_info() error "boom" end
      start { children = { { module = module, name = "a" } } }
      send("a", "now")
      clock:advance(10000)
      assert.is_nil(slipstream.whereis "a")
    end)

    it("no temporary child that went with another one", function()
      local once = { module = Worker, name = "b", restart = "temporary" }
      start { strategy = "one_for_all", children = { "a", once } }
      read(journal)
      send("a", "boom")
      clock:advance(100)
      assert.equal("-a -b +a", read(journal))
    end)

    it("after a pause that doubles", function()
      start { max_restarts = 10, max_seconds = 100, children = { "a" } }
      read(journal)
      for _, msec in ipairs { 100, 200, 400, 800 } do
        send("a", "boom")
        clock:advance(msec - 1)
        assert.equal("-a", read(journal))
        clock:advance(1)
        assert.equal("+a", read(journal))
      end
    end)

    it("a child that does not start, which counts as one more restart", function()
      local fails = false
      local function init() if fails then error "no luck" end end
      start { children = { { module = Worker, name = "a", args = init } } }
      fails = true
      send("a", "boom")
      clock:advance(100)
      assert.equal("+a -a +a -a", read(journal))
      fails = false
      clock:advance(200)
      assert.equal("+a", read(journal))
      assert.equal(2, slipstream.whereis("a").restarts)
    end)

    it("the whole group when one of it does not start again", function()
      local fails = false
      local function init() if fails then error "no luck" end end
      local fragile = { module = Worker, name = "b", args = init }
      start { strategy = "one_for_all", children = { "a", fragile, "c" } }
      fails = true
      send("a", "boom")
      clock:advance(100)
      assert.equal("+a +b +c -a -c -b +a +b -b -a", read(journal))
      fails = false
      clock:advance(200)
      assert.equal("+a +b +c", read(journal))
    end)

    it("a child that was awaiting when the group went", function()
      local unwound = 0
      local function wait()
        local _ <close> = setmetatable({}, { __close = function() unwound = unwound + 1 end })
        slipstream.await(function() end, 60000)
      end
      local _, Waiting = workers.hire { handle_cast = wait }
      start { strategy = "one_for_all", children = { "a", { module = Waiting, name = "b" } } }
      slipstream.cast("b", "wait")
      clock:advance(0)
      send("a", "boom")
      assert.equal(1, unwound)
      clock:advance(100)
      assert.is_truthy(slipstream.whereis "b")
    end)

    it("no child that was added during the pause", function()
      start { strategy = "one_for_all", children = { "a", "b" } }
      read(journal)
      send("a", "boom")
      workers.ask(host, slipstream.supervisor.start_child, "top", { module = Worker, name = "c" })
      clock:advance(100)
      assert.equal("-a -b +c +a +b", read(journal))
    end)

    it("the group once when two of it fail at a time", function()
      start { strategy = "one_for_all", max_restarts = 1, children = { "a", "b" } }
      slipstream.send("a", "boom")
      slipstream.send("b", "boom")
      clock:advance(100)
      assert.equal("+a +b -a -b +a +b", read(journal))
      assert.is_true(supervisor:alive())
    end)

    it("everybody who has to wait after the longest pause of an earlier one", function()
      start { strategy = "rest_for_one", children = { "a", "b" } }
      send("b", "boom")
      clock:advance(50)
      send("a", "boom")
      clock:advance(199)
      assert.equal("+a +b -b -a", read(journal))
      clock:advance(1)
      assert.equal("+a +b", read(journal))
    end)
  end)

  describe("gives up", function()
    it("when a child fails too often, and says which one and why", function()
      start({ max_restarts = 1, children = { "a", "b", "c" } }, { restart = "temporary" })
      send("b", "boom")
      clock:advance(100)
      read(journal)
      send("b", "boom again")
      assert.equal("-b -c -a", read(journal))
      local status, reason = supervisor:status()
      assert.same({ "ended", "child_gave_up", "b" }, { status, reason.kind, reason.child })
      assert.truthy(tostring(reason):find("^the child b failed too often: .*boom again$"))
      assert.same("supervisor gave up: a child failed too often", workers.logged(server, "error")[3])
    end)

    it("not when the failures are further apart", function()
      start { max_restarts = 1, max_seconds = 5, children = { "a" } }
      for _ = 1, 5 do
        send("a", "boom")
        clock:advance(5001)
      end
      assert.is_true(supervisor:alive())
    end)

    it("and is started again by its own policy, with all of its children anew", function()
      start { max_restarts = 0, children = { "a", "b" } }
      local client = slipstream.whereis "a"
      send("b", "boom")
      assert.equal("restarting", (supervisor:status()))
      clock:advance(100)
      assert.equal("+a +b -b -a +a +b", read(journal))
      assert.is_true(supervisor:alive())
      assert.not_equal(client, slipstream.whereis "a")
    end)

    it("upwards, to the supervisor whose child it is", function()
      local inner = slipstream.supervisor { max_restarts = 0, children = { { module = Worker, name = "b" } } }
      local children = { "a", { module = inner, name = "inner" } }
      start({ max_restarts = 1, children = children }, { restart = "temporary" })
      local handle = slipstream.whereis "inner"
      send("b", "boom")
      assert.equal("+a +b -b", read(journal))
      clock:advance(100)
      assert.equal("+b", read(journal))
      assert.equal(handle, slipstream.whereis "inner")
      send("b", "boom")
      assert.equal("-b -a", read(journal))
      local _, reason = supervisor:status()
      assert.same({ "inner", "b" }, { reason.child, reason.reason.child })
    end)

    it("so that the watchers hear of one failure, its own", function()
      local failed = {}
      local unwatch = slipstream.watch(function(client, _, is_failure)
        if is_failure then failed[#failed + 1] = client.name end
      end)
      start({ max_restarts = 0, children = { "a" } }, { restart = "temporary" })
      send("a", "boom")
      unwatch()
      assert.same({ "top" }, failed)
    end)
  end)

  describe("stops", function()
    it("its children first, the last one first", function()
      start { children = { "a", "b", "c" } }
      read(journal)
      supervisor:stop()
      clock:advance(0)
      assert.equal("-c -b -a", read(journal))
      assert.same({ "ended", "normal" }, { supervisor:status() })
      assert.same({}, slipstream.clients())
    end)

    it("its children while they wait to be started again", function()
      start { children = { "a", "b" } }
      local client = slipstream.whereis "a"
      send("a", "boom")
      supervisor:stop()
      clock:advance(10000)
      assert.equal("+a +b -a -b", read(journal))
      assert.same({ "ended", "shutdown" }, { client:status() })
    end)

    it("a child whose init still waits", function()
      local function wait() slipstream.await(function() end, 60000) end
      start { children = { "a", { module = Worker, name = "b", args = wait } } }
      supervisor:stop()
      clock:advance(0)
      assert.equal("+a +b -b -a", read(journal))
      assert.is_false(supervisor:alive())
    end)

    it("each child when the connection of the one after it is closed", function()
      local module = slipstream.client {}
      function module:init() assert(self:connect { uri = "ws://phoenix.test/socket/websocket" }) end
      start { children = { "a", { module = module, name = "b" } } }
      server:accept()
      supervisor:stop(nil, 1001)
      assert.same({ 1001, "" }, { server:expect_close() })
      assert.equal("+a", read(journal))
      assert.equal("stopping", (supervisor:status()))
      server:send_close(1001)
      clock:advance(0)
      assert.equal("-a", read(journal))
      assert.is_false(supervisor:alive())
    end)

    it("a child by force when it does not end in time", function()
      local _, Slow = workers.hire { terminate = function() slipstream.await(function() end, 60000) end }
      start { children = { "a", { module = Slow, name = "b", shutdown = 300 } } }
      local client = slipstream.whereis "b"
      supervisor:stop()
      clock:advance(299)
      assert.equal("+a", read(journal))
      clock:advance(1)
      assert.equal("-a", read(journal))
      assert.same({ "ended", "shutdown" }, { client:status() })
      assert.same({ "child did not end in time and is killed" }, workers.logged(server, "warn"))
    end)

    it("a child without a word when its shutdown is brutal_kill", function()
      start { children = { { module = Worker, name = "a", shutdown = "brutal_kill" } } }
      supervisor:stop()
      clock:advance(0)
      assert.equal("+a", read(journal))
      assert.is_nil(slipstream.whereis "a")
    end)

    it("the children of a supervisor that it kills", function()
      local children = { { module = Worker, name = "b" }, { module = Worker, name = "c" } }
      local inner = slipstream.supervisor { children = children }
      start { children = { "a", { module = inner, name = "inner", shutdown = "brutal_kill" } } }
      send("c", "boom")
      supervisor:stop()
      clock:advance(10000)
      assert.equal("+a +b +c -c -a", read(journal))
      assert.same({}, slipstream.clients())
    end)

    it("its children when it is killed itself, those in a pause as well", function()
      local function fail_later(self) self:send_after(50, "boom") end
      start { children = { { module = Worker, name = "a", args = fail_later }, "b" } }
      send("b", "boom")
      process.kill(supervisor._socket, "normal")
      clock:advance(10000)
      assert.equal("+a +b -b", read(journal))
      assert.equal(1, #workers.logged(server, "error"))
      assert.same({}, slipstream.clients())
    end)
  end)

  it("takes no message for the end of a child", function()
    start { children = { "a" } }
    read(journal)
    slipstream.send("top", "child_ended")
    slipstream.cast("top", { "child_ended" })
    assert.is_nil(workers.ask(host, slipstream.call, "top", { name = "count_children" })[1])
    clock:advance(1000)
    assert.equal("", read(journal))
    assert.is_true(supervisor:alive())
    assert.equal(3, #workers.logged(server, "warn"))
  end)
end)
