-- What a host counts of all its clients, those that are gone too.
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("the tally of a host", function()
  local host, server

  before_each(function() host, server = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function start()
    local socket
    local module = recorder.module({ reconnect_after_msec = { 10 }, jitter = 0 }, {
      handle_connect = function(self)
        socket = self
        self:join "room:1"
      end,
    })
    local client = assert(slipstream.start(module, nil, { host = host }))
    server:accept()
    server:expect_join("room:1"):reply "ok"
    return client, socket
  end

  it("is nothing at first", function()
    assert.same({ bytes_in = 0, bytes_out = 0, messages_in = 0, pushes_out = 0, connects = 0,
      reconnects = 0, joins_out = 0, leaves_out = 0, heartbeats_out = 0 }, host:tally())
  end)

  it("counts what each has done, and a connection after the first as a reconnect", function()
    local _, socket = start()
    assert(socket:push("room:1", "echo"))
    server:expect("room:1", "echo"):reply "ok"
    server:drop()
    host:advance(10)
    server:accept()
    local tally, stats = host:tally(), socket:stats()
    for _, name in ipairs { "bytes_in", "bytes_out", "messages_in", "pushes_out", "connects" } do
      assert.equal(stats[name], tally[name], name)
    end
    assert.same({ 1, 2, 1 }, { tally.pushes_out, tally.connects, tally.reconnects })
  end)

  it("counts the joins, leaves and heartbeats that are sent", function()
    local client, socket = start()
    host:advance(30000)
    server:expect_heartbeat():reply "ok"
    socket:leave "room:1"
    server:expect_leave("room:1"):reply "ok"
    client:stop()
    host:advance(10000)
    start()
    local tally = host:tally()
    assert.same({ 2, 1, 1 }, { tally.joins_out, tally.leaves_out, tally.heartbeats_out })
  end)

  it("forgets nobody who has ended", function()
    local client = start()
    client:stop()
    host:advance(0)
    server:send_close(1000)
    host:advance(10000)
    assert.is_false(client:alive())
    local before = host:tally()
    assert.equal(1, before.connects)
    start()
    assert.same({ 2, 0, 2 * before.messages_in }, { host:tally().connects, host:tally().reconnects,
      host:tally().messages_in })
  end)

  it("leaves the clients of other hosts out", function()
    local other <close> = require("slipstream.core").pretend()
    start()
    assert.equal(0, other:tally().connects)
  end)
end)
