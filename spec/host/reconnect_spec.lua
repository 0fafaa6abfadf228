local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("reconnecting", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() host:close() end)

  local function start(config, own)
    local module, calls = recorder.module(config, own)
    slipstream.start(module, nil, { host = host })
    return calls
  end

  it("waits as long as the table says, and starts it anew after a stable connection", function()
    start { reconnect_after_msec = { 10, 200 }, stable_after_msec = 5000 }
    for _, wait in ipairs { 10, 200, 200 } do
      server:take_dial():finish("tcp", "connection refused")
      clock:advance(wait - 1)
      assert.is_false(server:was_dialled())
      clock:advance(1)
      assert.is_true(server:was_dialled())
    end
    server:accept()
    clock:advance(5000)
    server:drop()
    clock:advance(10)
    assert.is_true(server:was_dialled())
  end)

  it("rejoins its topics after a lost link", function()
    local calls = start(nil, {
      handle_join = function(self) self:assign("joins", (self.assigns.joins or 0) + 1) end,
    })
    server:accept()
    calls.socket:join("room:1", { seat = 1 })
    server:expect_join("room:1"):reply("ok")
    server:drop()
    clock:advance(9)
    assert.is_false(server:was_dialled())
    clock:advance(1)
    server:accept()
    assert.same({ seat = 1 }, server:expect_join("room:1"):reply("ok").payload)
    assert.equal(2, calls.socket.assigns.joins)
    assert.is_true(server:is_silent())
  end)

  it("joins a topic once when handle_connect asks for it too", function()
    start(nil, { handle_connect = function(self) self:join("room:1") end })
    server:accept()
    server:expect_join("room:1"):reply("ok")
    server:drop()
    clock:advance(10)
    server:accept()
    server:expect_join("room:1"):reply("ok")
    assert.is_true(server:is_silent())
  end)

  it("does not rejoin when told not to", function()
    local calls = start { rejoin_on_reconnect = false }
    server:accept()
    calls.socket:join("room:1")
    server:expect_join("room:1"):reply("ok")
    server:drop()
    clock:advance(10)
    server:accept()
    clock:advance(20000)
    assert.is_true(server:is_silent())
  end)

  it("schedules one attempt, however often it is asked", function()
    local calls = start(nil, { handle_disconnect = function(self)
      assert(self:reconnect())
      assert(self:reconnect())
    end })
    server:accept()
    server:drop()
    assert.is_true(calls.socket:reconnect())
    clock:advance(20000)
    server:take_dial()
    assert.is_false(server:was_dialled())
  end)

  it("stays away when handle_disconnect says nothing else", function()
    start(nil, { handle_disconnect = function() end })
    server:accept()
    server:drop()
    clock:advance(60000)
    assert.is_false(server:was_dialled())
  end)

  it("gives the close code and text of the server", function()
    local calls = start()
    server:accept()
    server:send_close(1012, "restart")
    local reason = recorder.last(calls, "handle_disconnect")
    assert.equal("closed_by_remote", reason.kind)
    assert.equal(1012, reason.code)
    assert.equal("closed by the server with 1012: restart", tostring(reason))
    assert.equal(1012, (server:expect_close()))
  end)

  it("takes another config after a disconnect", function()
    local calls = start(nil, { handle_disconnect = function() end })
    server:accept()
    calls.socket:disconnect()
    server:expect_close()
    server:send_close(1000)
    assert.is_true(calls.socket:connect { uri = "ws://other.test/socket" })
    assert.equal("other.test", server:accept().headers.host)
  end)
end)
