local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("topics", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() host:close() end)

  local function start(own, config)
    local module, calls = recorder.module(config, own)
    slipstream.start(module, nil, { host = host })
    server:accept()
    return calls
  end

  local function joining(topic, params)
    return { handle_connect = function(self) assert(self:join(topic, params)) end }
  end

  it("joins with its params and hears the response", function()
    local calls = start(joining("room:1", { user = "ann" }))
    local join = server:expect_join("room:1")
    assert.same({ user = "ann" }, join.payload)
    assert.equal("requested", calls.socket:join_status("room:1"))
    join:reply("ok", { seat = 7 })
    local topic, response = recorder.last(calls, "handle_join")
    assert.equal("room:1", topic)
    assert.same({ seat = 7 }, response)
    assert.is_true(calls.socket:joined("room:1"))
  end)

  it("asks a function for the params at each join", function()
    local count = 0
    start(joining("room:1", function()
      count = count + 1
      return { count = count }
    end))
    assert.equal(1, server:expect_join("room:1"):reply("ok").payload.count)
    server:drop()
    clock:advance(10)
    server:accept()
    assert.equal(2, server:expect_join("room:1").payload.count)
  end)

  it("takes params for a topic that had none, beside one that has none", function()
    local calls = start(joining("room:1"))
    local join = server:expect_join("room:1")
    assert.same({}, join.payload)
    join:reply("error", {})
    clock:advance(100)
    server:expect_join("room:1"):reply("ok")
    calls.socket:leave("room:1")
    server:expect_leave("room:1"):reply("ok")
    calls.socket:join("room:1", { user = "ann" })
    assert.same({ user = "ann" }, server:expect_join("room:1").payload)
    calls.socket:join("room:2")
    assert.same({}, server:expect_join("room:2").payload)
  end)

  it("joins nothing while terminate waits", function()
    start {
      handle_connect = function(self)
        self:join "room:1"
        return "stop", "normal"
      end,
      terminate = function() slipstream.await(function() end, 50) end,
    }
    assert.is_true(server:is_silent())
    clock:advance(50)
    server:expect_close()
  end)

  it("joins once, however often it is asked", function()
    local calls = start(joining("room:1"))
    local join = server:expect_join("room:1")
    assert.is_true(calls.socket:join("room:1"))
    join:reply("ok")
    assert.is_true(calls.socket:join("room:1"))
    assert.is_true(server:is_silent())
  end)

  it("tells a refusal with its response and asks again after the back-off", function()
    local calls = start(joining("room:1"))
    server:expect_join("room:1"):reply("error", { reason = "full" })
    local topic, reason = recorder.last(calls, "handle_topic_close")
    assert.equal("room:1", topic)
    assert.equal("failed_to_join", reason.kind)
    assert.same({ reason = "full" }, reason.response)
    assert.equal('the join was refused: {"reason":"full"}', tostring(reason))
    clock:advance(99)
    assert.is_true(server:is_silent())
    clock:advance(1)
    server:expect_join("room:1")
  end)

  it("gives up a join that nobody answers, and leaves the topic", function()
    local calls = start(joining("room:1"), { join_timeout_msec = 500 })
    server:expect_join("room:1")
    clock:advance(500)
    server:expect_leave("room:1")
    assert.equal("join_timeout", select(2, recorder.last(calls, "handle_topic_close")).kind)
  end)

  it("rejoins a channel that crashed, but not one that was closed", function()
    local calls = start(joining("room:1"))
    server:expect_join("room:1"):reply("ok"):crash()
    assert.equal("channel_error", select(2, recorder.last(calls, "handle_topic_close")).kind)
    clock:advance(100)
    server:expect_join("room:1"):reply("ok"):close()
    assert.equal("channel_closed", select(2, recorder.last(calls, "handle_topic_close")).kind)
    clock:advance(20000)
    assert.is_true(server:is_silent())
    assert.equal("closed", calls.socket:join_status("room:1"))
  end)

  it("leaves and hears when it has", function()
    local calls = start(joining("room:1"))
    server:expect_join("room:1"):reply("ok")
    assert.is_true(calls.socket:leave("room:1"))
    server:expect_leave("room:1"):reply("ok")
    assert.equal("room:1", recorder.last(calls, "handle_leave"))
    assert.is_true(calls.socket:leave("room:1"))
    assert.is_true(server:is_silent())
  end)

  it("has left when nobody answers that for as long as a join may take", function()
    local calls = start(joining("room:1"), { join_timeout_msec = 500 })
    server:expect_join("room:1"):reply("ok")
    assert.is_true(calls.socket:leave("room:1"))
    server:expect_leave("room:1")
    clock:advance(499)
    assert.is_nil(recorder.last(calls, "handle_leave"))
    clock:advance(1)
    assert.equal("room:1", recorder.last(calls, "handle_leave"))
    assert.is_true(calls.socket:connected())
  end)

  it("cannot rejoin what was never joined", function()
    local calls = start()
    assert.same({ nil, "never_joined", "never_joined" }, { calls.socket:rejoin("room:1") })
  end)

  it("sends no params that cannot be said in JSON", function()
    local calls = start()
    local ok, text, code = calls.socket:join("room:1", { list = { 1, print } })
    assert.is_nil(ok)
    assert.equal("params.list[2]: cannot encode a function", text)
    assert.equal("invalid", code)
    assert.is_true(server:is_silent())
    assert.is_nil(calls.socket:join_status("room:1"))
  end)

  it("takes no topic that is too long, and 10,000 of the others", function()
    local socket = start().socket
    local refusal = { nil, "a client joins at most 10000 topics, of 65535 bytes each", "too_big" }
    assert.same(refusal, { socket:join(("x"):rep(65536)) })
    for number = 1, 10000 do assert(socket:join("room:" .. number)) end
    assert.same(refusal, { socket:join "room:10001" })
    assert.is_true(socket:join "room:1")
  end)

  it("delivers pushes and broadcasts of joined topics", function()
    local calls = start(joining("room:1"))
    server:expect_join("room:1"):reply("ok"):push("new", { body = "hi" })
    assert.same({ "room:1", "new", { body = "hi" } }, { recorder.last(calls, "handle_message") })
    server:broadcast("room:1", "all", { 1, 2.5, "x" })
    assert.same({ "room:1", "all", { 1, 2.5, "x" } }, { recorder.last(calls, "handle_message") })
  end)

  it("closes with 1007 when a payload is no JSON", function()
    local calls = start(joining("room:1"))
    server:expect_join("room:1"):reply("ok")
    server:send_frame { payload = '[null,null,"room:1","new",{"a":tru}]' }
    assert.equal(1007, (server:expect_close()))
    assert.is_nil(recorder.last(calls, "handle_message"))
  end)
end)
