-- What `compress` does, as a script and its server see it. How messages are packed is told by
-- spec/core/deflate_test.c, what real servers make of it by spec/replay.
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local ws = require "spec.support.ws"

-- What Bandit made of the reply to the first join, and of a message that leans on it (spec/replay/recordings,
-- "compress").
local function bytes(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local join_reply = bytes(
  "8a563254d201e3a2fcfc5c2b10a320a322be28b520a75249a75aa928b5b8203faf3855c9aa5a2951c94a298964a054ab"
  .. "a3545c9258525a0cd49e9fad541b0b00")
local push_reply = bytes "8a06db6744573b0100"
local response = { a = ("b"):rep(50) }

describe("compress", function()
  local host, server, calls

  before_each(function() host, server = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function start(compress, own)
    local module
    module, calls = recorder.module({ compress = compress }, own)
    slipstream.start(module, nil, { host = host })
    return server:read_request().headers["sec-websocket-extensions"]
  end

  local function answer(extensions)
    local key = server.request.headers["sec-websocket-key"]
    server:send_raw(ws.response(key, { extensions and "Sec-WebSocket-Extensions: " .. extensions }))
  end

  local function join_and_push(payload)
    return {
      handle_connect = function(self) self:join "room:1" end,
      handle_join = function(self) assert(self:push("room:1", "echo", payload)) end,
    }
  end

  local function send_packed(payload) server:send_frame { payload = payload, rsv = 4 } end

  it("is not offered unless it is asked for", function()
    assert.is_nil(start())
    phoenix.close(host)
    host, server = phoenix.pretend()
    assert.is_nil(start(false))
  end)

  it("is offered on the terms that were asked for", function()
    assert.equal("permessage-deflate; client_max_window_bits", start(true))
    phoenix.close(host)
    host, server = phoenix.pretend()
    assert.equal("permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
      .. "server_max_window_bits=9; client_max_window_bits=10", start {
      server_no_context_takeover = true, client_no_context_takeover = true,
      server_max_window_bits = 9, client_max_window_bits = 10,
    })
  end)

  it("reads what the server compressed", function()
    start(true, join_and_push {})
    answer "permessage-deflate"
    server:expect_join "room:1"
    send_packed(join_reply)
    assert.same({ "room:1", response }, { recorder.last(calls, "handle_join") })
    server:expect("room:1", "echo")
    send_packed(push_reply)
    local _, status, reply = recorder.last(calls, "handle_reply")
    assert.same({ "ok", response }, { status, reply })
  end)

  it("compresses what is as long as the threshold, when the server agrees", function()
    local text = ("abc"):rep(1000)
    for _, case in ipairs { { "permessage-deflate", 4, 100 }, { nil, 0, 3100 } } do
      start(true, join_and_push { text = text })
      answer(case[1])
      server:expect_join("room:1"):reply "ok"
      local frame = server:next_frame()
      assert.equal(case[2], frame.rsv)
      assert.is_true(#frame.payload < case[3])
      phoenix.close(host)
      host, server = phoenix.pretend()
    end
  end)

  it("sends all as it is below the threshold", function()
    start({ threshold = 5000 }, join_and_push { text = ("abc"):rep(1000) })
    answer "permessage-deflate"
    server:expect_join("room:1"):reply "ok"
    assert.equal(0, server:next_frame().rsv)
  end)

  it("tells what is wrong with the server's terms", function()
    local texts = {
      ["permessage-deflate; client_max_window_bits=8"] = "a window of 8 bits",
      ["permessage-deflate; what"] = "does not exist",
      ["permessage-brotli"] = "not offered",
    }
    for extensions, text in pairs(texts) do
      start(true)
      answer(extensions)
      local reason = recorder.last(calls, "handle_disconnect")
      assert.same({ "connect_failed", "upgrade" }, { reason.kind, reason.stage })
      assert.truthy(reason.text:find(text, 1, true), reason.text)
      phoenix.close(host)
      host, server = phoenix.pretend()
    end
  end)

  it("ends with the message that cannot be decompressed", function()
    start(true)
    answer "permessage-deflate"
    send_packed "\xff\xff"
    local reason = recorder.last(calls, "handle_disconnect")
    assert.same({ "protocol_error", 1002 }, { reason.kind, reason.code })
    assert.equal(1002, (server:expect_close()))
  end)
end)
