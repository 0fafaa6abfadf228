-- What a host counts for metrics, and what its clients are at, with the time on the virtual clock.
local core = require "slipstream.core"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("the meter of a host", function()
  local host, server, clock

  before_each(function()
    host, server, clock = phoenix.pretend()
  end)

  after_each(function() phoenix.close(host) end)

  local function start(config)
    local module, calls = recorder.module(config, {
      handle_connect = function(self) self:join "room:1" end,
    })
    assert(slipstream.start(module, nil, { host = host }))
    return calls
  end

  local function unpacked(timing)
    local histogram = core.histogram()
    assert(histogram:add(timing.histogram))
    return histogram, timing.usec
  end

  it("is not there until somebody wants to know", function()
    assert.is_nil(host:measures())
  end)

  it("begins from nought", function()
    host:measure()
    local measures = host:measures()
    assert.same({ 0, 0, 0 }, { measures.joins, measures.leaves, measures.timeouts })
    for _, name in ipairs { "disconnects", "reconnects", "topics_closed", "unanswered" } do
      assert.same({}, measures[name], name)
    end
    assert.equal(0, (unpacked(measures.replies):count()))
    assert.equal(0, (unpacked(measures.slices):count()))
  end)

  it("counts joins and leaves, and topics that close by why", function()
    host:measure()
    local calls = start()
    server:accept()
    server:expect_join("room:1"):reply "ok"
    calls.socket:leave "room:1"
    server:expect_leave("room:1"):reply "ok"
    calls.socket:join "room:2"
    server:expect_join("room:2"):reply("error", {})
    local measures = host:measures()
    assert.same({ 1, 1, { failed_to_join = 1 } }, { measures.joins, measures.leaves, measures.topics_closed })
  end)

  it("counts connections that ended, and attempts to connect again, by why", function()
    host:measure()
    start { reconnect_after_msec = { 50 } }
    server:accept()
    server:drop()
    clock:advance(50)
    server:take_dial():finish("tcp", "connection refused")
    clock:advance(50)
    server:accept()
    local measures = host:measures()
    assert.same({ connection_lost = 1, connect_failed = 1 }, measures.disconnects)
    assert.same({ connection_lost = 1, connect_failed = 1 }, measures.reconnects)
  end)

  it("measures how long replies take, and counts pushes that have none", function()
    host:measure()
    local calls = start { push_timeout_msec = 200 }
    server:accept()
    server:expect_join("room:1"):reply "ok"
    for _, msec in ipairs { 0, 7, 90 } do
      calls.socket:push("room:1", "ask", {}, { timeout = msec == 90 and 1000 or nil })
      local ask = server:expect("room:1", "ask")
      clock:advance(msec)
      ask:reply "ok"
    end
    calls.socket:push("room:1", "late")
    clock:advance(200)
    calls.socket:push("room:1", "lost")
    clock:advance(1)
    server:drop()
    local measures = host:measures()
    local replies, usec = unpacked(measures.replies)
    assert.same({ 3, 0, 90000, 97000 }, { (replies:count()), replies:least(), replies:greatest(), usec })
    assert.equal(1, replies:up_to(1000))
    assert.equal(1, measures.timeouts)
    assert.same({ disconnected = 1 }, measures.unanswered)
  end)

  it("leaves replies out that take longer than it can tell", function()
    host:measure()
    local calls = start { heartbeat_interval_msec = 0, push_timeout_msec = 70000 }
    server:accept()
    server:expect_join("room:1"):reply "ok"
    calls.socket:push("room:1", "ask")
    local ask = server:expect("room:1", "ask")
    clock:advance(66000)
    ask:reply "ok"
    assert.equal(0, (unpacked(host:measures().replies):count()))
    assert.same({ 0, {} }, { host:measures().timeouts, host:measures().unanswered })
  end)

  it("times what runs, but nothing twice that runs inside of it", function()
    local inner, outer = slipstream.client(), slipstream.client()
    function outer.init()
      assert(slipstream.start(inner, nil, { host = host }))
      local ends = os.clock() + 0.02
      while os.clock() < ends do local _ = {} end
    end
    host:measure()
    slipstream.start(outer, nil, { host = host })
    local slices, usec = unpacked(host:measures().slices)
    assert.equal(1, (slices:count()))
    assert.is_true(usec >= 15000)
  end)
end)

describe("the census of a host", function()
  local host, server, clock

  before_each(function()
    host, server, clock = phoenix.pretend()
  end)

  after_each(function() phoenix.close(host) end)

  local function start(config, name)
    local module, calls = recorder.module(config, {
      handle_connect = function(self) self:join "room:1" end,
    })
    assert(slipstream.start(module, nil, { host = host, name = name }))
    return calls
  end

  it("has clients by the state of their connection, their topics, and what waits", function()
    local calls = start()
    assert.same({
      connected = 0, connecting = 1, idle = 0, topics = 0, queued_bytes = 0, buffered_pushes = 0,
    }, host:census())
    server:accept()
    calls.socket:push("room:1", "later", {}, { buffer = true })
    assert.same({ 1, 0, 1 }, { host:census().connected, host:census().topics, host:census().buffered_pushes })
    server:expect_join("room:1"):reply "ok"
    calls.socket:push("room:1", "now")
    local census = host:census()
    assert.same({ 1, 1, 0 }, { census.connected, census.topics, census.buffered_pushes })
    assert.is_true(census.queued_bytes > 0)
    clock:advance(0)
    assert.equal(0, host:census().queued_bytes)
    server:expect("room:1", "later")
    server:expect("room:1", "now")
    calls.socket:disconnect()
    clock:advance(0)
    server:expect_close()
    server:send_close(1000)
    assert.same({ 0, 0, 1, 0 },
      { host:census().connected, host:census().connecting, host:census().idle, host:census().topics })
  end)
end)
