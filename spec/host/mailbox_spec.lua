local mailbox = require "slipstream.mailbox"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local waiting = require "spec.support.waiting"

describe("the events of a client that waits", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  -- Waits for `msec`, for nothing that could come.
  local function pause(msec) slipstream.await(function() end, msec) end

  it("come one at a time, in order, when it is done", function()
    local is_running, seen = false, {}
    local calls = waiting.joined_client(host, server, function() end, {
      handle_message = function(_, _, event)
        assert(not is_running, "two callbacks at a time")
        is_running = true
        if #seen == 0 then pause(100) end
        seen[#seen + 1] = event
        is_running = false
      end,
    })
    for index = 1, 50 do calls.join:push("e" .. index) end
    assert.same({}, seen)
    clock:advance(100)
    local expected = {}
    for index = 1, 50 do expected[index] = "e" .. index end
    assert.same(expected, seen)
  end)

  it("keep their order whatever they are: messages, infos, casts, calls and timers", function()
    local seen = {}
    local function note(_, what) seen[#seen + 1] = what end
    local calls = waiting.joined_client(host, server, function(self)
      self:send_after(20, "timer")
      pause(100)
    end, {
      handle_message = function(self, _, event) note(self, event) end,
      handle_info = note,
      handle_cast = note,
      handle_call = function(self, what)
        note(self, what)
        return "reply", 1
      end,
    })
    calls.client:send "info"
    calls.join:push "message"
    calls.client:cast "cast"
    clock:advance(20)
    local asker = slipstream.client {}
    function asker.init() calls.client:call "call" end
    slipstream.start(asker, nil, { host = host })
    calls.join:push "last"
    assert.same({}, seen)
    clock:advance(80)
    assert.same({ "info", "message", "cast", "timer", "call", "last" }, seen)
  end)

  it("wait for no other client", function()
    local calls = waiting.joined_client(host, server, function() pause(1000) end)
    local other = waiting.joined_client(host, server, function() end)
    other.join:push("new", { n = 1 })
    assert.same({ n = 1 }, select(3, recorder.last(other, "handle_message")))
    assert.is_nil(calls.results)
  end)

  it("are heartbeats as ever", function()
    local calls = waiting.joined_client(host, server, function() pause(5000) end, nil,
      { heartbeat_interval_msec = 1000, heartbeat_timeout_msec = 300 })
    for _ = 1, 5 do
      clock:advance(1000)
      server:expect_heartbeat():reply("ok")
    end
    assert.truthy(calls.results)
    assert.is_true(calls.socket:connected())
  end)

  it("come in order also where a later callback waits again", function()
    local seen = {}
    local calls = waiting.joined_client(host, server, function() pause(100) end, {
      handle_message = function(self, _, event)
        if event == "a" then seen[#seen + 1] = select(3, self:await_message("room:1", "c")) end
        seen[#seen + 1] = event
      end,
    })
    calls.join:push "a":push "b":push "c":push "d"
    clock:advance(100)
    assert.same({ "c", "a", "b", "d" }, seen)
  end)

  it("may be in init, and the first ones wait for it", function()
    local seen = {}
    local module = slipstream.client {}
    function module.init()
      pause(100)
      seen[#seen + 1] = "init"
    end
    function module.handle_info(_, message) seen[#seen + 1] = message end
    local client = slipstream.start(module, nil, { host = host })
    client:send "early"
    clock:advance(99)
    assert.same({}, seen)
    clock:advance(1)
    assert.same({ "init", "early" }, seen)
  end)

  it("wait where a timer's handle_info does", function()
    local calls = waiting.joined_client(host, server, function(self) self:send_after(10, "go") end, {
      handle_info = function(self)
        local _, payload = self:await_reply(self:push("room:1", "hello"))
        self:assign("payload", payload)
      end,
    })
    clock:advance(10)
    local push = server:expect("room:1", "hello")
    calls.join:push "new"
    assert.is_nil(recorder.last(calls, "handle_message"))
    push:reply("ok", { n = 1 })
    assert.same({ n = 1 }, calls.socket.assigns.payload)
    clock:advance(0)
    assert.equal("room:1", recorder.last(calls, "handle_message"))
  end)

  describe("up to the limit", function()
    local most = mailbox.MOST
    before_each(function() mailbox.MOST = 100 end)
    after_each(function() mailbox.MOST = most end)

    it("end it when there are more, with an error that says so", function()
      local calls = waiting.joined_client(host, server, function() pause(1000) end)
      for _ = 1, 100 do calls.join:push "new" end
      assert.equal("running", calls.client:status())
      calls.join:push "new"
      assert.equal("stopping", calls.client:status())
      local reason = recorder.last(calls, "terminate")
      assert.equal("script_error", reason.kind)
      assert.equal("the mailbox is full: 100 events wait for handle_connect", reason.text)
      assert.equal(0, calls.socket._mailbox:count())
    end)

    it("are refused when another client sends them", function()
      local calls = waiting.joined_client(host, server, function() pause(1000) end)
      for _ = 1, 100 do assert(calls.client:send "info") end
      assert.same({ nil, "mailbox_full", "mailbox_full" }, { calls.client:send "info" })
      assert.is_true(calls.client:alive())
    end)
  end)

  it("are 100000 at most, whose memory is given back when it ends", function()
    local calls = waiting.joined_client(host, server, function() pause(1000) end)
    collectgarbage()
    local before = collectgarbage "count"
    for index = 1, mailbox.MOST do assert(calls.client:send { n = index }) end
    assert.same({ nil, "mailbox_full", "mailbox_full" }, { calls.client:send {} })
    calls.client:stop()
    clock:advance(0)
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 100)
  end)
end)
