-- A supervisor: how it starts its children, and starts them again.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local workers = require "spec.support.workers"

local read = workers.read

describe("a supervisor", function()
  local host, clock, journal, Worker, supervisor

  before_each(function()
    local _
    host, _, clock = phoenix.pretend()
    journal, Worker = workers.hire()
  end)

  after_each(function()
    phoenix.close(host)
    assert.same({}, { slipstream.whereis "a", slipstream.whereis "top" })
  end)

  local function start(options, start_options)
    local reason
    supervisor, reason = workers.supervise(host, Worker, options, start_options)
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
end)
