-- Telemetry: what is told of whole stories, with the time on the virtual clock, which begins at 1000 msec.
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local script = require "slipstream.script"
local slipstream = require "slipstream"
local story = require "spec.support.story"
local telemetry = slipstream.telemetry
local telemetry_doc = require "spec.support.telemetry_doc"
local uv = require "luv"

describe("the telemetry of clients", function()
  local host, server, clock, told, undocumented
  local heard = {} -- in all tests

  before_each(function()
    host, server, clock = phoenix.pretend()
    told, undocumented = {}, {}
  end)

  after_each(function()
    phoenix.close(host)
    for _, each in ipairs(undocumented) do error("docs/telemetry.md does not tell of " .. each) end
    for _, handler in ipairs(telemetry.list()) do telemetry.detach(handler.id) end
  end)

  local function note(event, measurements, metadata)
    undocumented[#undocumented + 1] = telemetry_doc.fault_of(event, measurements, metadata)
    telemetry_doc.note(heard, event, measurements, metadata)
    if event:find "^connection.handle" then return end -- it is around all else, and has a test of its own
    told[#told + 1] = { event = event, measurements = measurements, metadata = metadata }
  end

  local function listen(...) assert(telemetry.attach_many("spec", { ... }, note)) end

  local function start(config, own, name)
    local module, calls = recorder.module(config, own)
    assert(slipstream.start(module, nil, { host = host, name = name or "ann" }))
    return calls
  end

  local function joining()
    return { handle_connect = function(self) self:join "room:1" end }
  end

  local function text_of(names, fields)
    local parts = {}
    for _, name in ipairs(names) do
      if fields[name] ~= nil then parts[#parts + 1] = (" %s=%s"):format(name, fields[name]) end
    end
    return table.concat(parts)
  end

  local measured = { "attempt", "buffered_pushes", "wait_msec", "rtt_msec", "restarts", "duration_msec" }
  local metadata = { "topic", "event", "ref", "status", "reason", "child", "supervisor" }

  -- "time event measurement=value … metadata=value …" of what was told since the last look.
  local function lines()
    local list = {}
    for place, each in ipairs(told) do
      list[place] = each.measurements.monotonic_msec .. " " .. each.event
        .. text_of(measured, each.measurements) .. text_of(metadata, each.metadata)
    end
    told = {}
    return list
  end

  it("has a connection, a join, a message, a push with its reply, a leave and the end", function()
    listen "*"
    local calls = start(nil, joining())
    clock:advance(5)
    server:accept()
    local join = server:expect_join "room:1"
    clock:advance(7)
    join:reply "ok"
    assert.same({
      "1000 client.init.start",
      "1000 client.connect.start",
      "1000 client.init.stop duration_msec=0",
      "1000 client.connect_params.start attempt=1",
      "1000 connection.connect.start attempt=1",
      "1000 client.connect_params.stop duration_msec=0",
      "1005 connection.connect.stop duration_msec=5",
      "1005 client.connect.stop duration_msec=5",
      "1005 client.handle_connect.start",
      "1005 client.join.start topic=room:1",
      "1005 client.handle_connect.stop duration_msec=0",
      "1005 topic.join.start topic=room:1",
      "1012 topic.join.stop duration_msec=7 topic=room:1",
      "1012 client.join.stop duration_msec=7 topic=room:1",
      "1012 client.handle_join.start topic=room:1",
      "1012 client.handle_join.stop duration_msec=0 topic=room:1",
    }, lines())
    join:push("shout", {})
    assert.same({
      "1012 client.handle_message.start topic=room:1 event=shout",
      "1012 client.handle_message.stop duration_msec=0 topic=room:1 event=shout",
    }, lines())
    calls.socket:push("room:1", "ping")
    clock:advance(3)
    server:expect("room:1", "ping"):reply "ok"
    assert.same({
      "1012 client.push.start topic=room:1 event=ping",
      "1015 client.push.stop duration_msec=3 topic=room:1 event=ping ref=2 status=ok",
      "1015 client.handle_reply.start ref=2 status=ok",
      "1015 client.handle_reply.stop duration_msec=0 ref=2 status=ok",
    }, lines())
    calls.socket:leave "room:1"
    clock:advance(2)
    server:expect_leave("room:1"):reply "ok"
    assert.same({
      "1015 client.leave.start topic=room:1",
      "1017 client.leave.stop duration_msec=2 topic=room:1",
      "1017 client.handle_leave.start topic=room:1",
      "1017 client.handle_leave.stop duration_msec=0 topic=room:1",
    }, lines())
    slipstream.stop "ann"
    clock:advance(0)
    server:expect_close()
    server:send_close(1000)
    assert.same({
      "1017 client.terminate.start reason=normal",
      "1017 client.terminate.stop duration_msec=0 reason=normal",
      "1017 connection.disconnect duration_msec=12 reason=closed by the client with 1000",
      "1017 client.ended reason=normal",
    }, lines())
  end)

  it("has a lost connection, the wait for the next one, and topics that come back", function()
    listen("connection.*", "topic.*", "client.connect.*", "client.join.*")
    start({ reconnect_after_msec = { 50 } }, {
      handle_connect = function(self) if not self:join_status "room:1" then self:join "room:1" end end,
    })
    server:accept()
    server:expect_join("room:1"):reply "ok"
    lines()
    clock:advance(100)
    server:drop()
    clock:advance(50)
    server:accept()
    clock:advance(4)
    server:expect_join("room:1"):reply "ok"
    assert.same({
      "1100 connection.disconnect duration_msec=100 "
        .. "reason=the connection was lost: it ended without a close frame",
      "1100 client.connect.start",
      "1100 connection.reconnect_scheduled attempt=2 wait_msec=50",
      "1150 connection.connect.start attempt=2",
      "1150 connection.connect.stop duration_msec=0",
      "1150 client.connect.stop duration_msec=50",
      "1150 topic.join.start topic=room:1",
      "1154 topic.join.stop duration_msec=4 topic=room:1",
    }, lines())
  end)

  it("has an attempt that fails, with its reason", function()
    listen("connection.*", "client.connect.*")
    start { reconnect_after_msec = { 50 } }
    clock:advance(3)
    server:take_dial():finish("tcp", "connection refused")
    clock:advance(0)
    assert.same({
      "1000 client.connect.start",
      "1000 connection.connect.start attempt=1",
      "1003 client.connect.exception duration_msec=3 reason=no connection: connection refused",
      "1003 connection.connect.exception duration_msec=3 reason=no connection: connection refused",
      "1003 client.connect.start",
      "1003 connection.reconnect_scheduled attempt=2 wait_msec=50",
    }, lines())
  end)

  it("has a redirect within the attempt, without the query of where it leads", function()
    listen "connection.*"
    start()
    server:redirect "http://other.test/socket?token=abc"
    clock:advance(3)
    server:accept()
    assert.equal("ws://other.test/socket?[redacted]", told[2].metadata.uri)
    assert.same({
      "1000 connection.connect.start attempt=1",
      "1000 connection.redirected status=302",
      "1003 connection.connect.stop duration_msec=3",
    }, lines())
  end)

  it("has the client's name and the connection's number, the same for all that is of it", function()
    listen("connection.*", "client.join.*")
    start({ reconnect_after_msec = { 50 } }, joining())
    server:accept()
    server:drop()
    clock:advance(50)
    server:accept()
    local first = told[1].metadata.connection_id
    local ids = {}
    for place, each in ipairs(told) do
      local id = each.metadata.connection_id
      assert.equal("ann", each.metadata.client)
      ids[place] = each.event .. " " .. (id and id - first or "of none")
    end
    assert.same({ "connection.connect.start 0", "connection.connect.stop 0", "client.join.start 0",
      "connection.disconnect 0", "connection.reconnect_scheduled of none", "connection.connect.start 1",
      "connection.connect.stop 1" }, ids)
  end)

  it("has a trace of W3C's for each connection", function()
    listen("connection.connect.*", "client.join.start")
    start({ reconnect_after_msec = { 50 } }, joining())
    server:accept()
    server:drop()
    clock:advance(50)
    server:accept()
    local ids = {}
    for place, each in ipairs(told) do ids[place] = each.metadata.trace_id end
    assert.truthy(ids[1]:find("^" .. ("%x"):rep(32) .. "$"))
    assert.same({ ids[1], ids[1], ids[1], ids[4], ids[4] }, ids)
    assert.not_equal(ids[1], ids[4])
  end)

  describe("of what a connection has to handle", function()
    local events

    before_each(function()
      events = {}
      telemetry.attach("handle", "connection.handle.*", function(event, measurements, with)
        undocumented[#undocumented + 1] = telemetry_doc.fault_of(event, measurements, with)
        telemetry_doc.note(heard, event, measurements, with)
        local name, reason = event:match "[^.]+$", with.reason and with.reason.kind
        events[#events + 1] = table.concat({ name, with.event, with.topic, reason }, " ")
      end)
    end)

    it("has each event, with its topic", function()
      start(nil, joining())
      server:accept()
      local join = server:expect_join "room:1"
      join:reply "ok"
      join:push("shout", {})
      assert.same({
        "start connect_due", "stop connect_due", "start connected", "stop connected",
        "start join_due room:1", "stop join_due room:1", "start joined room:1", "stop joined room:1",
        "start message room:1", "stop message room:1",
      }, events)
    end)

    it("has the failure of a callback, and the end of what waits when that begins to", function()
      local own = joining()
      function own.handle_join() story.pause(10) end
      function own.handle_message() error "oh" end
      start(nil, own)
      server:accept()
      local join = server:expect_join "room:1"
      events = {}
      join:reply "ok"
      assert.same({ "start joined room:1", "stop joined room:1" }, events)
      clock:advance(10)
      events = {}
      join:push("shout", {})
      assert.same({ "start message room:1", "exception message room:1 script_error" }, events)
    end)

    it("has those of a socket without a module", function()
      local begun = script.begin({ host = host }, function()
        assert(slipstream.connect { uri = "ws://phoenix.test/socket" }):await_connect()
      end)
      server:accept()
      clock:advance(0)
      assert.is_true(begun.is_over)
      assert.same({ "start connect_due", "stop connect_due", "start connected", "stop connected" },
        { table.unpack(events, 1, 4) })
    end)

    it("costs the others nothing but the question whether somebody is attached", function()
      telemetry.detach "handle"
      listen "client.ended"
      local calls = start(nil, joining())
      server:accept()
      server:expect_join("room:1"):reply "ok"
      assert.same({}, events)
      assert.equal("joined", calls.socket:join_status "room:1")
    end)
  end)

  it("has a join that is refused, and the wait for the next one", function()
    listen("topic.*", "client.join.*")
    start(nil, joining())
    server:accept()
    local join = server:expect_join "room:1"
    clock:advance(6)
    join:reply("error", { reason = "full" })
    local refused = ' topic=room:1 reason=the join was refused: {"reason":"full"}'
    assert.same({
      "1000 client.join.start topic=room:1",
      "1000 topic.join.start topic=room:1",
      "1006 topic.join.exception duration_msec=6" .. refused,
      "1006 client.join.exception duration_msec=6" .. refused,
      "1006 topic.closed" .. refused,
      "1006 client.join.start topic=room:1",
      "1006 topic.rejoin_scheduled attempt=1 wait_msec=100 topic=room:1",
    }, lines())
    clock:advance(100)
    server:expect_join("room:1"):reply "ok"
    assert.same({
      "1106 topic.join.start topic=room:1",
      "1106 topic.join.stop duration_msec=0 topic=room:1",
      "1106 client.join.stop duration_msec=100 topic=room:1",
    }, lines())
  end)

  it("has requests that fail, and those that have nothing to do", function()
    listen("client.connect.*", "client.join.*", "client.leave.*", "client.push.*")
    local calls = start()
    server:accept()
    lines()
    calls.socket:connect { uri = "ws://phoenix.test/socket" }
    calls.socket:push("room:1", "ping")
    calls.socket:rejoin "room:1"
    calls.socket:leave "room:1"
    assert.same({
      "1000 client.connect.start",
      "1000 client.connect.exception duration_msec=0 reason=connected",
      "1000 client.push.start topic=room:1 event=ping",
      "1000 client.push.exception duration_msec=0 topic=room:1 event=ping reason=not_joined",
      "1000 client.join.start topic=room:1",
      "1000 client.join.exception duration_msec=0 topic=room:1 reason=never_joined",
      "1000 client.leave.start topic=room:1",
      "1000 client.leave.stop duration_msec=0 topic=room:1",
    }, lines())
  end)

  it("has a join that is left before it is answered", function()
    listen("topic.*", "client.join.*", "client.leave.*")
    local calls = start(nil, joining())
    server:accept()
    server:expect_join "room:1"
    calls.socket:leave "room:1"
    clock:advance(2)
    server:expect_leave("room:1"):reply "ok"
    assert.same({
      "1000 client.join.start topic=room:1",
      "1000 topic.join.start topic=room:1",
      "1000 client.leave.start topic=room:1",
      "1002 topic.join.exception duration_msec=2 topic=room:1 reason=left",
      "1002 client.leave.stop duration_msec=2 topic=room:1",
      "1002 client.join.exception duration_msec=2 topic=room:1 reason=left",
    }, lines())
  end)

  it("has pushes that get no answer", function()
    listen "client.push.*"
    local calls = start({ push_timeout_msec = 20 }, joining())
    server:accept()
    server:expect_join("room:1"):reply "ok"
    calls.socket:push("room:1", "late")
    clock:advance(20)
    calls.socket:push("room:1", "lost")
    clock:advance(1)
    server:drop()
    assert.same({
      "1000 client.push.start topic=room:1 event=late",
      "1020 client.push.exception duration_msec=20 topic=room:1 event=late reason=timeout",
      "1020 client.push.start topic=room:1 event=lost",
      "1021 client.push.exception duration_msec=1 topic=room:1 event=lost reason=the connection ended",
    }, lines())
  end)

  it("has a push that finds the queue full", function()
    listen "queue.full"
    local calls = start({ max_buffered_pushes = 1, max_queue_bytes = 300 }, joining())
    local function push(event, body) return calls.socket:push("room:1", event, body, { buffer = true }) end
    server:accept()
    assert(push "first")
    assert.same({ nil, "queue_full", "queue_full" }, { push "second" })
    assert.equal(0, told[1].measurements.queued_bytes)
    assert.same({ "1000 queue.full buffered_pushes=1 topic=room:1 event=second" }, lines())
    server:expect_join("room:1"):reply "ok"
    assert(push "third")
    assert.is_nil(push("fourth", { text = ("x"):rep(300) }))
    assert.is_true(told[1].measurements.queued_bytes > 0)
    assert.same({ "1000 queue.full buffered_pushes=0 topic=room:1 event=fourth" }, lines())
  end)

  it("has heartbeats that are answered, and the one that is not", function()
    listen("heartbeat.*", "connection.disconnect")
    start { heartbeat_interval_msec = 1000, heartbeat_timeout_msec = 500 }
    server:accept()
    clock:advance(1000)
    local heartbeat = server:expect_heartbeat()
    clock:advance(7)
    heartbeat:reply "ok"
    clock:advance(1000)
    server:expect_heartbeat()
    clock:advance(500)
    server:expect_close()
    assert.same({
      "2000 heartbeat.sent",
      "2007 heartbeat.acknowledged rtt_msec=7",
      "3007 heartbeat.sent",
      "3507 heartbeat.timeout reason=the server did not answer the heartbeat",
      "3507 connection.disconnect duration_msec=2507 reason=the server did not answer the heartbeat",
    }, lines())
  end)

  it("has an error of a callback, the end of the client, its restarts, and that it gave up", function()
    listen("client.handle_info.*", "client.terminate.*", "client.ended", "supervisor.*")
    local module = story.module({ handle_info = function() error "oh" end }, { max_restarts = 1 })
    local client = slipstream.start(module, nil, { host = host, name = "ann" })
    client:send "x"
    clock:advance(0)
    local caught = told[2].metadata.reason
    assert.equal("script_error", caught.kind)
    assert.truthy(caught.text:find "telemetry_spec.lua:%d+: oh$")
    assert.truthy(caught.traceback:find "telemetry_spec.lua")
    local why = " reason=" .. caught.text
    assert.same({
      "1000 client.handle_info.start",
      "1000 client.handle_info.exception duration_msec=0" .. why,
      "1000 client.terminate.start" .. why,
      "1000 client.terminate.stop duration_msec=0" .. why,
      "1000 client.ended" .. why,
    }, lines())
    clock:advance(100)
    assert.same({ "1100 supervisor.restart restarts=1" .. why }, lines())
    telemetry.detach "spec"
    listen "supervisor.*"
    client:send "x"
    clock:advance(0)
    assert.same({ "1100 supervisor.gave_up restarts=1" .. why }, lines())
  end)

  it("has what a supervisor does with its children", function()
    listen "supervisor.*"
    local child = story.module({ handle_info = function(_, reason) return "stop", reason end }, {})
    local family = slipstream.supervisor { children = { { id = "worker", module = child, name = "bob" } },
      max_restarts = 1 }
    slipstream.start(family, nil, { host = host, name = "family", restart = "temporary" })
    slipstream.send("bob", "bad")
    clock:advance(100)
    slipstream.send("bob", "worse")
    clock:advance(0)
    assert.same({ client = "bob", worker = 0, supervisor = "family", reason = "bad" }, told[1].metadata)
    assert.same({ client = "family", worker = 0, supervisor = "family", child = "worker", reason = "worse" },
      told[2].metadata)
    assert.same({
      "1100 supervisor.restart restarts=1 reason=bad supervisor=family",
      "1100 supervisor.gave_up reason=worse child=worker supervisor=family",
    }, lines())
  end)

  it("has a callback that keeps all clients waiting", function()
    listen "callback.slow"
    local client = story.start(host, {
      handle_info = function()
        local stop = uv.hrtime() + 5e9
        while #told == 0 and uv.hrtime() < stop do local _ = {} end
      end,
    }, { name = "ann" })
    client:send "work"
    clock:advance(0)
    assert.equal(1, #told)
    local slow = told[1]
    assert.is_true(slow.measurements.msec >= 100)
    assert.same({ "ann", "handle_info" }, { slow.metadata.client, slow.metadata.callback })
    assert.truthy(slow.metadata.line:find "telemetry_spec.lua:%d+$")
  end)

  it("has how long a callback took that waited", function()
    listen "client.handle_info.*"
    local client = story.start(host, { handle_info = function() story.pause(30) end })
    client:send "x"
    clock:advance(30)
    assert.same({
      "1000 client.handle_info.start",
      "1030 client.handle_info.stop duration_msec=30",
    }, lines())
  end)

  it("has the end of whatever was under way when the client ends", function()
    listen "client.*"
    local calls = start(nil, { handle_connect = function(self)
      self:join "room:1"
      story.pause(1000)
    end })
    server:accept()
    server:expect_join "room:1"
    lines()
    calls.socket:client():stop "shutdown"
    clock:advance(10)
    server:expect_close()
    server:send_close(1000)
    assert.same({
      "1000 client.handle_connect.exception duration_msec=0 reason=shutdown",
      "1000 client.terminate.start reason=shutdown",
      "1000 client.terminate.stop duration_msec=0 reason=shutdown",
      "1010 client.join.exception duration_msec=10 topic=room:1 reason=shutdown",
      "1010 client.ended reason=shutdown",
    }, lines())
  end)

  it("has the questions before a connection and a join", function()
    listen("client.connect_params.*", "client.join_params.*")
    start(nil, {
      connect_params = function() story.pause(20) end,
      handle_connect = function(self) self:join("room:1", function() error "no params" end) end,
    })
    clock:advance(20)
    server:accept()
    assert.equal("no params", told[4].metadata.reason.text:match "no params$")
    told[4].metadata.reason = nil
    assert.same({
      "1000 client.connect_params.start attempt=1",
      "1020 client.connect_params.stop duration_msec=20",
      "1020 client.join_params.start topic=room:1",
      "1020 client.join_params.exception duration_msec=0 topic=room:1",
    }, lines())
  end)

  it("begins with what begins after somebody has attached, and ends with the last who detaches", function()
    local calls = start(nil, joining())
    server:accept()
    local join = server:expect_join "room:1"
    listen "*"
    join:reply "ok"
    assert.same({
      "1000 client.handle_join.start topic=room:1",
      "1000 client.handle_join.stop duration_msec=0 topic=room:1",
    }, lines())
    calls.socket:push("room:1", "ping")
    telemetry.detach "spec"
    server:expect("room:1", "ping"):reply "ok"
    assert.same({ "1000 client.push.start topic=room:1 event=ping" }, lines())
  end)

  it("goes on when a handler raises", function()
    telemetry.attach("bad", "client.handle_join.start", function() error "oh" end)
    local calls = start(nil, joining())
    server:accept()
    server:expect_join("room:1"):reply "ok"
    assert.equal("room:1", (recorder.last(calls, "handle_join")))
    assert.same({}, telemetry.list())
  end)

  -- All strings anywhere in a value.
  local function gather(value, into, seen)
    if type(value) == "string" then into[#into + 1] = value end
    if type(value) ~= "table" or seen[value] then return end
    seen[value] = true
    for key, each in pairs(value) do
      gather(key, into, seen)
      gather(each, into, seen)
    end
  end

  it("has no token, header, query or payload", function()
    listen "*"
    local calls = start({
      uri = "ws://phoenix.test/socket/websocket?token=s3cret",
      params = { token = "s3cret" }, headers = { cookie = "s3cret" }, auth_token = "s3cret",
    }, { handle_connect = function(self) self:join("room:1", { token = "s3cret" }) end })
    server:read_request()
    server:send_raw "HTTP/1.1 403 Forbidden\r\nSet-Cookie: s3cret\r\nContent-Length: 0\r\n\r\n"
    clock:advance(10)
    server:accept()
    server:expect_join("room:1"):reply("ok", { token = "s3cret" })
    calls.socket:push("room:1", "ping", { token = "s3cret" })
    server:expect("room:1", "ping"):reply("ok", { token = "s3cret" })
    server:broadcast("room:1", "shout", { token = "s3cret" })
    local strings = {}
    gather(told, strings, {})
    local text = table.concat(strings, "\n")
    assert.is_nil(text:find "s3cret")
    assert.truthy(text:find("ws://phoenix.test/socket/websocket?[redacted]", 1, true))
    assert.truthy(text:find "connection.connect.exception")
    assert.truthy(text:find "client.handle_message.stop")
  end)

  it("has been all that docs/telemetry.md tells of the events above", function()
    assert.same({}, telemetry_doc.never_heard(heard))
  end)
end)
