local log = require "slipstream.log"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("the log of a client's life", function()
  local host, server, clock

  before_each(function()
    host, server, clock = phoenix.pretend()
    log.set_level "debug"
  end)

  after_each(function()
    log.set_level "info"
    phoenix.close(host)
  end)

  local function start(config, own)
    local module, calls = recorder.module(config, own)
    slipstream.start(module, nil, { host = host, name = "ann" })
    return calls
  end

  local function joining()
    return { handle_connect = function(self) self:join "room:1" end }
  end

  -- "level text field=value …" of what was logged since the last look, without the client's name.
  local function told()
    local lines = {}
    for index, entry in ipairs(server.logged) do
      local parts = {}
      assert.equal("ann", entry.fields.client)
      for _, name in ipairs { "topic", "status", "attempt", "wait_msec", "rtt_msec", "reason" } do
        local value = entry.fields[name]
        if value ~= nil then parts[#parts + 1] = (" %s=%s"):format(name, value) end
      end
      lines[index] = entry.level .. " " .. entry.text .. table.concat(parts)
    end
    server.logged = {}
    return lines
  end

  it("has where a redirect leads, without the query, and why one is not followed", function()
    start()
    server:redirect "https://other.test/socket?token=abc"
    assert.equal("wss://other.test/socket?[redacted]", server.logged[2].fields.uri)
    server:redirect "ws://third.test/socket?token=abc"
    assert.same({
      "debug connecting attempt=1",
      "debug redirected status=302",
      "warn cannot connect reason=the server refused with HTTP 302: not redirected: wss must not become ws: "
        .. "ws://third.test/socket?[redacted]",
      "info reconnecting attempt=2 wait_msec=10",
    }, told())
  end)

  it("has what becomes of topics as soon as it is to be shown", function()
    log.set_level "info"
    local calls = start(nil, joining())
    server:accept()
    server:expect_join("room:1"):reply("ok")
    log.set_level "debug"
    told()
    calls.socket:leave "room:1"
    server:expect_leave("room:1"):reply("ok")
    assert.same({ "debug left topic=room:1" }, told())
  end)

  it("has the connection, the join, the leave and the end", function()
    local calls = start(nil, joining())
    server:accept()
    server:expect_join("room:1"):reply("ok")
    calls.socket:leave "room:1"
    server:expect_leave("room:1"):reply("ok")
    calls.socket:disconnect()
    server:send_close(1000)
    assert.same({
      "debug connecting attempt=1",
      "info connected",
      "debug joined topic=room:1",
      "debug left topic=room:1",
      "debug disconnected reason=closed by the client with 1000",
    }, told())
  end)

  it("has an outage: the first failure of a kind and the first wait louder than those that follow", function()
    start { reconnect_after_msec = { 10, 20 } }
    for attempt, stage in ipairs { "tcp", "tcp", "dns", "tcp" } do
      server:take_dial():finish(stage, "refused " .. attempt)
      clock:advance(20)
    end
    server:accept()
    assert.same({
      "debug connecting attempt=1",
      "warn cannot connect reason=no connection: refused 1",
      "info reconnecting attempt=2 wait_msec=10",
      "debug connecting attempt=2",
      "debug cannot connect reason=no connection: refused 2",
      "debug reconnecting attempt=3 wait_msec=20",
      "debug connecting attempt=3",
      "warn cannot connect reason=the name was not resolved: refused 3",
      "debug reconnecting attempt=4 wait_msec=20",
      "debug connecting attempt=4",
      "debug cannot connect reason=no connection: refused 4",
      "debug reconnecting attempt=5 wait_msec=20",
      "debug connecting attempt=5",
      "info connected attempt=5",
    }, told())
  end)

  it("tells a lost connection from one that was never made", function()
    start { reconnect_after_msec = { 10 } }
    server:accept()
    told()
    server:drop()
    clock:advance(10)
    server:take_dial():finish("tcp", "connection refused")
    clock:advance(0)
    assert.same({
      "info disconnected reason=the connection was lost: it ended without a close frame",
      "info reconnecting attempt=2 wait_msec=10",
      "debug connecting attempt=2",
      "warn cannot connect reason=no connection: connection refused",
      "debug reconnecting attempt=3 wait_msec=10",
    }, told())
  end)

  it("warns of a refused join, and has the wait for the next one", function()
    start(nil, joining())
    server:accept()
    told()
    server:expect_join("room:1"):reply("error", { reason = "full" })
    assert.same({
      'warn join refused topic=room:1 reason=the join was refused: {"reason":"full"}',
      "debug rejoin scheduled topic=room:1 attempt=1 wait_msec=100",
    }, told())
  end)

  it("warns of a refused join that a callback hears of, too", function()
    local own = joining()
    function own.handle_topic_close() end
    start(nil, own)
    server:accept()
    told()
    server:expect_join("room:1"):reply("error", {})
    assert.same({ "warn join refused topic=room:1 reason=the join was refused: {}" }, told())
  end)

  it("warns of a join that is not answered", function()
    start({ join_timeout_msec = 50 }, joining())
    server:accept()
    told()
    clock:advance(50)
    assert.equal("warn join timed out topic=room:1 reason=the join was not answered in time", told()[1])
  end)

  it("warns of a channel that crashed, and has one that was closed", function()
    start(nil, joining())
    server:accept()
    local join = server:expect_join("room:1"):reply("ok")
    told()
    server:send(join.join_ref, join.join_ref, "room:1", "phx_error")
    assert.truthy(told()[1]:find "^warn channel crashed topic=room:1 reason=the channel crashed")
    clock:advance(100)
    join = server:expect_join("room:1"):reply("ok")
    told()
    server:send(join.join_ref, join.join_ref, "room:1", "phx_close")
    assert.same({ "info channel closed topic=room:1 reason=the channel was closed by the server" }, told())
  end)

  it("says nothing of topics when the connection ends", function()
    start(nil, joining())
    server:accept()
    server:expect_join("room:1"):reply("ok")
    told()
    server:drop()
    assert.same({ "info disconnected reason=the connection was lost: it ended without a close frame",
      "info reconnecting attempt=2 wait_msec=10" }, told())
  end)

  it("has how long the server took for a heartbeat", function()
    start { heartbeat_interval_msec = 1000 }
    server:accept()
    clock:advance(1000)
    local heartbeat = server:expect_heartbeat()
    clock:advance(7)
    told()
    heartbeat:reply("ok")
    assert.same({ "debug heartbeat answered rtt_msec=7" }, told())
  end)

  it("has no line for a message, a push or its answer", function()
    local calls = start(nil, joining())
    server:accept()
    server:expect_join("room:1"):reply("ok")
    told()
    server:broadcast("room:1", "shout", {})
    calls.socket:push("room:1", "ping")
    server:expect("room:1", "ping"):reply("ok")
    assert.is_truthy(recorder.last(calls, "handle_reply"))
    assert.same({}, told())
  end)
end)
