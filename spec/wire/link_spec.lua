-- The life of a link on a real socket: both closing handshakes, ends without one, peers that stall, and
-- messages as large as they may be.
local loop = require "spec.support.loop"
local raw_server = require "spec.support.raw_server"
local wire_client = require "spec.support.wire_client"
local ws = require "spec.support.ws"

local MEGABYTE = 1 << 20
local PATIENCE = 20000 -- msec: sanitizers make long messages slow

describe("a link #wire", function()
  local server, client, connection

  local function open(config)
    client = wire_client.connect(server.port, config)
    connection = server:open()
    client:expect "connected"
  end

  -- Open, with room:1 joined under ref 1.
  local function open_room(config)
    open(config)
    client.core:join "room:1"
    assert.equal('["1","1","room:1","phx_join",{}]', connection:frame().payload)
    connection:send_frame { payload = '["1","1","room:1","phx_reply",{"status":"ok","response":{}}]' }
    client:expect "joined"
  end

  local function expect_reason(kind, code, text)
    local reason = client:expect "disconnected"
    assert.same({ kind, code, text }, { reason.kind, reason.code, reason.text })
  end

  local function expect_close_frame(code, text)
    local frame = connection:frame()
    assert.equal("close", frame.opcode)
    assert.same({ code, text or "" }, { ws.read_close(frame.payload) })
  end

  before_each(function() server = raw_server.listen() end)

  after_each(function() wire_client.finish(client, server) end)

  it("closes when the server asks for it, with the same code", function()
    open()
    connection:send_frame { opcode = "close", payload = ws.close_payload(4001, "enough") }
    expect_close_frame(4001)
    expect_reason("closed_by_remote", 4001, "enough")
    assert.equal("eof", connection:ending())
  end)

  it("closes when the server asks for it without a code", function()
    open()
    connection:send_frame { opcode = "close" }
    expect_close_frame(nil)
    expect_reason("closed_by_remote", 1005)
  end)

  it("closes when the server asks for it and ends TCP right behind", function()
    open()
    connection:send_frame { opcode = "close", payload = ws.close_payload(1012) }
    connection:finish()
    expect_close_frame(1012)
    expect_reason("closed_by_remote", 1012)
  end)

  it("closes when the client asks for it, and ends TCP after the answer", function()
    open()
    client.core:disconnect(1001, "going")
    expect_close_frame(1001, "going")
    assert.is_nil(connection.ended)
    connection:send_frame { opcode = "close", payload = ws.close_payload(1001) }
    expect_reason("closed_by_client", 1001, "going")
    assert.equal("eof", connection:ending())
  end)

  it("closes when both ask for it at once", function()
    open()
    connection:send_frame { opcode = "close", payload = ws.close_payload(1000) }
    client.core:disconnect(1001)
    expect_close_frame(1001)
    expect_reason("closed_by_client", 1001)
    assert.equal("eof", connection:ending())
    assert.same({}, connection.frames)
  end)

  it("passes over what comes after its close frame", function()
    open_room()
    client.core:disconnect()
    expect_close_frame(1000)
    connection:send_frame { payload = '["1",null,"room:1","late",{}]' }
    connection:send_frame { opcode = "ping" }
    connection:send_frame { opcode = "close", payload = ws.close_payload(1000) }
    expect_reason("closed_by_client", 1000)
    assert.same({}, connection.frames)
  end)

  it("sends what was pushed before the close frame", function()
    open_room()
    client.core:push("room:1", "last", "{}", false)
    client.core:disconnect()
    assert.equal('["1","2","room:1","last",{}]', connection:frame().payload)
    expect_close_frame(1000)
  end)

  it("tells of an end without a close frame", function()
    open()
    connection:finish()
    expect_reason("connection_lost")
    assert.truthy(connection:ending())
  end)

  it("tells of an end in the middle of a frame", function()
    open()
    connection:send(ws.frame { payload = '[null,null,"room:1","x",{}]' }:sub(1, 9))
    connection:finish()
    expect_reason("connection_lost")
  end)

  it("tells of a reset", function()
    open()
    connection:reset()
    expect_reason("connection_lost", nil, "connection reset by the peer")
  end)

  it("tells of a reset in the middle of a message, after the pushes that wait for a reply", function()
    open_room()
    local ref = client.core:push("room:1", "hello", "{}", false)
    connection:frame()
    connection:send(ws.frame { payload = '["1",null,"room:1","x",{}]' }:sub(1, 9))
    connection:reset()
    local reply, status, _, reason = client:expect "reply"
    assert.same({ ref, "error", "disconnected" }, { reply, status, reason.kind })
    expect_reason("connection_lost", nil, "connection reset by the peer")
  end)

  it("answers pings between the fragments of a message that comes byte by byte", function()
    open_room()
    connection:send_bytewise(ws.frame { payload = '["1",null,"room:1","x",{"\xc3', fin = false }
      .. ws.frame { opcode = "ping", payload = "still there?" }
      .. ws.frame { opcode = "continuation", payload = '\xa4":1}]' })
    assert.same({ "room:1", "x", { ["ä"] = 1 } }, { client:expect "message" })
    local pong = connection:frame()
    assert.same({ "pong", "still there?", true }, { pong.opcode, pong.payload, pong.is_masked })
  end)

  it("carries 16 MiB in one message, both ways", function()
    local long = ("x"):rep(16 * MEGABYTE - 200)
    open_room { max_message_bytes = 16 * MEGABYTE, max_queue_bytes = 32 * MEGABYTE }
    assert(client.core:push("room:1", "long", '{"d":"' .. long .. '"}', false, PATIENCE))
    local sent = connection:frame(PATIENCE).payload
    assert.is_true(sent == '["1","2","room:1","long",{"d":"' .. long .. '"}]')
    connection:send_frame { payload = '["1",null,"room:1","long",{"d":"' .. long .. '"}]' }
    local _, _, payload = client:expect("message", PATIENCE)
    assert.is_true(payload.d == long)
  end)

  it("carries the largest message that is allowed, and not a byte more", function()
    open_room { max_message_bytes = 100 }
    local text = ('["1",null,"room:1","x",{"d":"%s"}]'):format(("x"):rep(100 - 32))
    assert.equal(100, #text)
    connection:send_frame { payload = text }
    client:expect "message"
    connection:send_frame { payload = text .. " " }
    expect_close_frame(1009, "101 bytes, the limit is 100")
    expect_reason("message_too_big", 1009, "101 bytes, the limit is 100")
  end)

  it("is given up when the server stops reading", function()
    open_room { write_timeout_msec = 50, max_queue_bytes = 64 * MEGABYTE }
    connection:stop_reading()
    assert(client.core:push("room:1", "long", '"' .. ("x"):rep(32 * MEGABYTE) .. '"', false))
    assert.same("error", select(2, client:expect "reply"))
    expect_reason "write_stalled"
  end)

  it("keeps a bounded queue while the server does not read", function()
    open_room { max_queue_bytes = MEGABYTE }
    connection:stop_reading()
    local chunk, pushed = '"' .. ("x"):rep(MEGABYTE // 2) .. '"', 0
    local ok, text
    repeat
      ok, text = client.core:push("room:1", "long", chunk, false)
      pushed = pushed + 1
      loop.turn()
    until not ok or pushed > 100
    assert.equal("queue_full", text)
    assert.is_true(client.core:stats().queued_bytes <= MEGABYTE)
  end)

  it("goes on when the server reads again", function()
    open_room { max_queue_bytes = 64 * MEGABYTE }
    connection:stop_reading()
    local function payload(i) return ('{"i":%d,"d":"%s"}'):format(i, ("x"):rep(MEGABYTE)) end
    for i = 1, 12 do client.core:push("room:1", "long", payload(i), false) end
    loop.turn()
    assert.is_true(client.core:stats().queued_bytes > 0)
    connection:read()
    for i = 1, 12 do
      assert.is_true(connection:frame(PATIENCE).payload:find(payload(i), 1, true) ~= nil)
    end
  end)
end)
