-- A supervisor: how it gives up, and how it and its children end.
local phoenix = require "spec.support.phoenix"
local endings = require "slipstream.ending"
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

  local function start(options, start_options)
    local reason
    supervisor, reason = workers.supervise(host, Worker, options, start_options)
    return supervisor, reason
  end

  local function send(name, message)
    assert(slipstream.send(name, message))
    clock:advance(0)
  end

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
      endings.kill(supervisor._socket, "normal")
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
