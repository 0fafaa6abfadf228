local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local waiting = require "spec.support.waiting"

local results = waiting.results

describe("awaiting the connection", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  -- A client that waits in init, and what came of it.
  local function start(fn, config)
    local module, calls = recorder.module(config)
    local connect = module.init
    function module:init()
      connect(self)
      calls.results = table.pack(fn(self))
    end
    calls.client = slipstream.start(module, nil, { host = host })
    return calls
  end

  it("ends at once on a socket that never connected", function()
    local seen
    local module = slipstream.client {}
    function module:init()
      seen = { { self:await_connect() }, { self:await_disconnect() }, { self:ping() },
        { self:await_message("room:1") }, { self:await_join("room:1") }, { self:await_leave("room:1") } }
    end
    assert(slipstream.start(module, nil, { host = host }))
    local nothing = { nil, "not_connected", "not_connected" }
    local never = { nil, "never_joined", "never_joined" }
    assert.same({ nothing, nothing, nothing, nothing, never, { true } }, seen)
  end)

  it("goes on when it is open, and handle_connect is not called", function()
    local calls = start(function(self) return self:await_connect() end)
    assert.is_nil(calls.results)
    server:accept()
    assert.is_true(results(calls))
    assert.same({}, recorder.names(calls))
    assert.is_true(calls.socket:connected())
  end)

  it("gives the reason when it was refused, and does not try again", function()
    local calls = start(function(self) return self:await_connect() end)
    server:refuse("403 Forbidden")
    local ok, reason = results(calls)
    assert.is_nil(ok)
    assert.equal("connect_failed", reason.kind)
    clock:advance(60000)
    assert.same({}, recorder.names(calls))
    assert.is_false(server:was_dialled())
  end)

  it("gives up after 5000 msec, or after what it was told", function()
    local calls = start(function(self) return self:await_connect() end)
    local hasty = start(function(self) return self:await_connect(70) end)
    clock:advance(69)
    assert.is_nil(hasty.results)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout" }, { results(hasty) })
    clock:advance(4929)
    assert.is_nil(calls.results)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout" }, { results(calls) })
    server:accept()
    assert.same({ "handle_connect" }, recorder.names(calls))
  end)

  it("knows of a connection that was open before", function()
    local calls = waiting.client(host, server, function(self) return self:await_connect() end)
    assert.is_true(results(calls))
  end)

  it("takes what came while the callback was busy with something else", function()
    local calls = start(function(self)
      slipstream.await(function() end, 100)
      return self:await_connect()
    end)
    server:accept()
    clock:advance(100)
    assert.is_true(results(calls))
    assert.same({}, recorder.names(calls))
  end)

  it("hears of the end of the connection, and handle_disconnect is not called", function()
    local calls = waiting.client(host, server, function(self) return self:await_disconnect() end)
    server:drop()
    assert.equal("connection_lost", results(calls).kind)
    assert.same({ "handle_connect" }, recorder.names(calls))
    assert.is_false(server:was_dialled())
  end)

  it("gives up on an end that does not come", function()
    local calls = waiting.client(host, server, function(self) return self:await_disconnect() end)
    clock:advance(4999)
    assert.is_nil(calls.results)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout" }, { results(calls) })
  end)

  it("closes, and waits for the goodbye of the server", function()
    local calls = waiting.client(host, server, function(self)
      self:disconnect(4001, "bye")
      return self:await_disconnect()
    end)
    assert.same({ 4001, "bye" }, { server:expect_close() })
    assert.is_nil(calls.results)
    server:send_close(4001)
    assert.equal("closed_by_client", results(calls).kind)
  end)

  it("waits for one connection after the other", function()
    local calls = start(function(self)
      self:await_connect()
      local first = self:await_disconnect()
      self:reconnect()
      local again = self:await_connect()
      return first.kind, again
    end)
    server:accept()
    server:drop()
    clock:advance(10)
    server:accept()
    assert.same({ "connection_lost", true }, { results(calls) })
    assert.same({}, recorder.names(calls))
  end)

  it("does not take the end of the former connection for that of the next", function()
    local calls = waiting.client(host, server, function(self)
      slipstream.await(function() end, 100)
      self:reconnect() -- the loss lies in the mailbox
      return self:await_connect()
    end)
    server:drop()
    clock:advance(110)
    assert.is_nil(calls.results)
    server:accept()
    assert.is_true(results(calls))
    clock:advance(0)
    assert.same({ "handle_connect", "handle_disconnect" }, recorder.names(calls))
  end)

  it("waits in terminate as well", function()
    local seen
    local module = recorder.module(nil, {
      handle_connect = function() return "stop", "normal" end,
      terminate = function(self)
        self:disconnect()
        seen = self:await_disconnect()
      end,
    })
    local client = slipstream.start(module, nil, { host = host })
    server:accept()
    assert.is_nil(seen)
    server:expect_close()
    server:send_close(1000)
    assert.equal("closed_by_client", seen.kind)
    clock:advance(0)
    assert.is_false(client:alive())
  end)

  it("goes on while connect_params waits for something else", function()
    local go_on
    local module = slipstream.client {}
    local seen
    function module:init()
      self:connect { uri = "ws://phoenix.test/socket" }
      seen = { self:await_connect() }
    end
    function module:connect_params() -- luacheck: no self
      local token = slipstream.await(function(resume) go_on = resume end)
      return { params = { token = token } }
    end
    slipstream.start(module, nil, { host = host })
    assert.is_false(server:was_dialled())
    go_on "secret"
    assert.truthy(server:accept().line:find("token=secret", 1, true))
    assert.same({ true }, seen)
  end)

  it("calls another client in connect_params and in the params of a join", function()
    local tokens = slipstream.client {}
    function tokens.handle_call(_, request) return "reply", "token for " .. request end
    local issuer = assert(slipstream.start(tokens, nil, { host = host }))
    waiting.client(host, server, function(self)
      self:join("room:1", function() return { token = issuer:call "room" } end)
      self:await_join("room:1")
    end, { connect_params = function() return { params = { token = issuer:call "socket" } } end })
    assert.truthy(server.request.line:find("token=token%+for%+socket")
      or server.request.line:find("token=token%%20for%%20socket"))
    assert.same({ token = "token for room" }, server:expect_join("room:1").payload)
  end)
end)

describe("awaiting a topic", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function joining(fn, own, config)
    return waiting.client(host, server, function(self)
      assert(self:join "room:1")
      return fn(self)
    end, own, config)
  end

  local function await_join(self) return self:await_join("room:1") end

  it("gives the response to the join, and handle_join is not called", function()
    local calls = joining(await_join)
    server:expect_join("room:1"):reply("ok", { seat = 7 })
    assert.same({ { seat = 7 } }, { results(calls) })
    assert.same({ "handle_connect" }, recorder.names(calls))
  end)

  it("gives the reason of a refusal, and does not ask again by itself", function()
    local calls = joining(await_join)
    server:expect_join("room:1"):reply("error", { reason = "full" })
    local response, reason = results(calls)
    assert.is_nil(response)
    assert.same({ "failed_to_join", { reason = "full" } }, { reason.kind, reason.response })
    clock:advance(20000)
    assert.same({ "handle_connect" }, recorder.names(calls))
  end)

  it("gives up after 5000 msec, and the join goes on", function()
    local calls = joining(await_join)
    local join = server:expect_join("room:1")
    clock:advance(4999)
    assert.is_nil(calls.results)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout" }, { results(calls) })
    join:reply("ok")
    assert.equal("room:1", recorder.last(calls, "handle_join"))
  end)

  it("ends with a join that timed out itself", function()
    local calls = joining(await_join, nil, { join_timeout_msec = 300 })
    clock:advance(300)
    assert.equal("join_timeout", select(2, results(calls)).kind)
  end)

  it("knows of a topic that was joined long since", function()
    local calls = waiting.joined_client(host, server, await_join)
    assert.is_true(results(calls))
  end)

  it("knows of one that nobody asked for", function()
    local calls = waiting.client(host, server, await_join)
    assert.same({ nil, "never_joined", "never_joined" }, { results(calls) })
  end)

  it("leaves other topics to their callbacks, in order", function()
    local calls = joining(function(self)
      self:join "room:2"
      self:join "room:3"
      return self:await_join("room:3")
    end)
    server:expect_join("room:1"):reply("ok")
    server:expect_join("room:2"):reply("error")
    server:expect_join("room:3"):reply("ok", { seat = 3 })
    assert.same({ seat = 3 }, (results(calls)))
    clock:advance(0)
    assert.same({ "handle_connect", "handle_join", "handle_topic_close" }, recorder.names(calls))
    assert.equal("room:1", recorder.last(calls, "handle_join"))
  end)

  it("ends with the connection, whose end stays for handle_disconnect", function()
    local calls = joining(await_join)
    server:expect_join("room:1")
    server:drop()
    local response, reason = results(calls)
    assert.is_nil(response)
    assert.is_true(reason.kind == "disconnected" or reason.kind == "connection_lost")
    clock:advance(0)
    assert.truthy(recorder.last(calls, "handle_disconnect"))
  end)

  it("does not take the former refusal for the outcome of the next join", function()
    local calls = joining(function(self)
      slipstream.await(function() end, 100)
      self:join "room:1" -- the refusal lies in the mailbox
      return self:await_join("room:1")
    end)
    server:expect_join("room:1"):reply("error")
    clock:advance(100)
    assert.is_nil(calls.results)
    server:expect_join("room:1"):reply("ok", { seat = 1 })
    assert.same({ seat = 1 }, (results(calls)))
  end)

  it("gives the response although the join was asked for twice", function()
    local calls = joining(function(self)
      slipstream.await(function() end, 100)
      self:join "room:1" -- it is joined, which lies in the mailbox
      return self:await_join("room:1")
    end)
    server:expect_join("room:1"):reply("ok", { seat = 1 })
    clock:advance(100)
    assert.same({ seat = 1 }, (results(calls)))
  end)

  it("waits until it is left, and handle_leave is not called", function()
    local calls = waiting.joined_client(host, server, function(self)
      self:leave "room:1"
      return self:await_leave("room:1")
    end)
    local leave = server:expect_leave("room:1")
    assert.is_nil(calls.results)
    leave:reply("ok")
    assert.is_true(results(calls))
    clock:advance(0)
    assert.same({ "handle_connect" }, recorder.names(calls))
  end)

  it("gives up on a leave that nobody asked for", function()
    local calls = waiting.joined_client(host, server, function(self)
      return self:await_leave("room:1", 80)
    end)
    clock:advance(79)
    assert.is_nil(calls.results)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout" }, { results(calls) })
  end)

  it("is left when the connection ends, or the channel", function()
    local function leave(self)
      self:leave "room:1"
      return self:await_leave("room:1")
    end
    local calls = waiting.joined_client(host, server, leave)
    server:expect_leave("room:1")
    server:drop()
    assert.is_true(results(calls))
    local other = waiting.joined_client(host, server, function(self) return self:await_leave("room:1") end)
    other.join:crash()
    assert.is_true(results(other))
  end)

  it("waits until it is closed by the server, and handle_topic_close is not called", function()
    local calls = waiting.joined_client(host, server, function(self)
      return self:await_topic_close "room:1"
    end)
    assert.is_nil(calls.results)
    calls.join:crash()
    assert.equal("channel_error", results(calls).kind)
    clock:advance(0)
    assert.same({ "handle_connect" }, recorder.names(calls))
  end)

  it("is not closed any more when the connection ends, nor one that nobody has joined", function()
    local calls = waiting.joined_client(host, server, function(self)
      local _, never = self:await_topic_close "room:2"
      local _, reason = self:await_topic_close "room:1"
      return never, reason.kind
    end)
    server:drop()
    assert.same({ "never_joined", "connection_lost" }, { results(calls) })
  end)

  it("is not joined where the connection has ended, whether that was looked at or not", function()
    local calls = waiting.client(host, server, function(self)
      slipstream.await(function() end, 100)
      self:join "room:1"
      local _, unseen = self:await_join("room:1")
      self:await_disconnect()
      return unseen.kind, (select(2, self:await_join("room:1")))
    end)
    server:drop()
    clock:advance(100)
    assert.same({ "connection_lost", "not_connected" }, { results(calls) })
  end)
end)

describe("awaiting a reply", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function pushing(options)
    return waiting.joined_client(host, server, function(self)
      return self:await_reply(self:push("room:1", "hello", { a = 1 }, options))
    end)
  end

  it("gives its status and response, and handle_reply is not called", function()
    local calls = pushing()
    server:expect("room:1", "hello"):reply("ok", { b = 2 })
    assert.same({ "ok", { b = 2 } }, { results(calls) })
    local other = pushing()
    server:expect("room:1", "hello"):reply("error", { reason = "no" })
    assert.same({ "error", { reason = "no" } }, { results(other) })
    clock:advance(0)
    assert.same({ "handle_connect" }, recorder.names(other))
  end)

  it("gives up after 5000 msec, and the reply comes to handle_reply then", function()
    local calls = pushing()
    local push = server:expect("room:1", "hello")
    clock:advance(4999)
    assert.is_nil(calls.results)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout" }, { results(calls) })
    push:reply("ok", { late = true })
    assert.same({ "ok", { late = true } }, { select(2, recorder.last(calls, "handle_reply")) })
  end)

  it("ends with the time-out of the push itself", function()
    local calls = pushing { timeout = 300 }
    clock:advance(300)
    assert.same({ nil, "timeout", "timeout" }, { results(calls) })
  end)

  it("hands through what push says of what could not be sent", function()
    local calls = waiting.client(host, server, function(self)
      return self:await_reply(self:push("room:1", "hello"))
    end)
    assert.same({ nil, "not_joined", "not_joined" }, { results(calls) })
  end)

  it("tells replies apart by their refs, in any order", function()
    local calls = waiting.joined_client(host, server, function(self)
      local first, second = self:push("room:1", "a"), self:push("room:1", "b")
      local _, b = self:await_reply(second)
      local _, a = self:await_reply(first)
      return a, b
    end)
    server:expect("room:1", "a"):reply("ok", { name = "a" })
    server:expect("room:1", "b"):reply("ok", { name = "b" })
    assert.same({ { name = "a" }, { name = "b" } }, { results(calls) })
  end)

  it("leaves replies to other pushes to handle_reply", function()
    local first
    local calls = waiting.joined_client(host, server, function(self)
      first = self:push("room:1", "a")
      return self:await_reply(self:push("room:1", "b"))
    end)
    server:expect("room:1", "a"):reply("ok", { name = "a" })
    server:expect("room:1", "b"):reply("ok", { name = "b" })
    assert.same({ name = "b" }, select(2, results(calls)))
    clock:advance(0)
    assert.same({ first, "ok", { name = "a" } }, { recorder.last(calls, "handle_reply") })
  end)

  it("is told when the connection or the channel ends", function()
    local calls = pushing()
    server:drop()
    local status, reason = results(calls)
    assert.same({ "error", "disconnected" }, { status, reason.kind })
    local other = pushing()
    other.join:crash()
    status, reason = results(other)
    assert.same({ "error", "channel_error" }, { status, reason.kind })
  end)

  it("wants the ref of a push", function()
    local caught
    waiting.client(host, server, function(self)
      caught = select(2, pcall(function() self:await_reply("7") end))
    end)
    local fault = "await_spec.lua:%d+: bad argument #1 to 'await_reply' %(the ref of a push expected%)"
    assert.truthy(caught:find(fault), caught)
  end)
end)
