-- What RFC 6455 forbids a server to send: our client answers with the close code that it asks for, says
-- why, and ends TCP.
local raw_server = require "spec.support.raw_server"
local wire_client = require "spec.support.wire_client"
local ws = require "spec.support.ws"

local frame = ws.frame

local PROTOCOL_ERROR, BAD_DATA, TOO_BIG = 1002, 1007, 1009

local function close_frame(payload) return frame { opcode = "close", payload = payload } end

local function reply(payload)
  return frame { payload = '["1","1","room:1","phx_reply",' .. payload .. "]" }
end

local max_message_bytes = 1000

-- { name, bytes, code, a word of the reason }
local forbidden = {
  { "a masked frame", frame { payload = "[]", mask = true }, PROTOCOL_ERROR, "masked" },
  { "the first reserved bit", frame { payload = "[]", rsv = 4 }, PROTOCOL_ERROR, "reserved bits" },
  { "the second reserved bit", frame { payload = "[]", rsv = 2 }, PROTOCOL_ERROR, "reserved bits" },
  { "the third reserved bit", frame { payload = "[]", rsv = 1 }, PROTOCOL_ERROR, "reserved bits" },
  { "a reserved bit on a ping", frame { opcode = "ping", rsv = 4 }, PROTOCOL_ERROR, "reserved bits" },
  { "a fragmented ping", frame { opcode = "ping", fin = false }, PROTOCOL_ERROR, "in fragments" },
  { "a fragmented close", frame { opcode = "close", fin = false }, PROTOCOL_ERROR, "in fragments" },
  { "a ping of 126 bytes", frame { opcode = "ping", payload = ("x"):rep(126) }, PROTOCOL_ERROR, "125 bytes" },
  { "a close of 126 bytes", close_frame(ws.close_payload(1000, ("x"):rep(124))), PROTOCOL_ERROR,
    "125 bytes" },
  { "a short length in 16 bits", frame { payload = "[]", length_form = 16 }, PROTOCOL_ERROR, "shortest" },
  { "a short length in 64 bits", frame { payload = "[]", length_form = 64 }, PROTOCOL_ERROR, "shortest" },
  { "a length in 64 bits that fits 16", frame { payload = "", length = 65535, length_form = 64 },
    PROTOCOL_ERROR, "shortest" },
  { "a length of 64 bits", frame { payload = "", length = math.mininteger, length_form = 64 },
    PROTOCOL_ERROR, "63 bits" },
  { "a continuation of nothing", frame { opcode = "continuation" }, PROTOCOL_ERROR, "continuation" },
  { "a continuation of what is finished",
    frame { payload = '[null,null,"x","y",{}]' } .. frame { opcode = "continuation" },
    PROTOCOL_ERROR, "continuation" },
  { "a message inside an unfinished one", frame { payload = "[", fin = false } .. frame { payload = "]" },
    PROTOCOL_ERROR, "unfinished" },
  { "a message that begins in an unfinished one",
    frame { opcode = "binary", fin = false } .. frame { opcode = "binary", fin = false },
    PROTOCOL_ERROR, "unfinished" },

  { "text that is not UTF-8", frame { payload = '["\xff"]' }, BAD_DATA, "UTF%-8" },
  { "a surrogate in UTF-8", frame { payload = '["\xed\xa0\x80"]' }, BAD_DATA, "UTF%-8" },
  { "text that ends inside a letter", frame { payload = "\xc3" }, BAD_DATA, "UTF%-8" },
  { "fragments that end inside a letter",
    frame { payload = "\xc3", fin = false } .. frame { opcode = "continuation" }, BAD_DATA, "UTF%-8" },
  { "a letter cut by a fragment and never finished",
    frame { payload = "\xe2\x82", fin = false } .. frame { opcode = "continuation", payload = "x" },
    BAD_DATA, "UTF%-8" },

  { "a close of one byte", close_frame "\3", PROTOCOL_ERROR, "close" },
  { "a close text that is not UTF-8", close_frame(ws.close_payload(1000, "\xff")), BAD_DATA, "UTF%-8" },

  { "a message over the limit", frame { payload = ("x"):rep(max_message_bytes + 1) }, TOO_BIG, "limit" },
  { "the head alone of a message over the limit", frame { length = 1 << 40 }, TOO_BIG, "limit" },
  { "fragments over the limit together",
    frame { payload = ("x"):rep(max_message_bytes), fin = false }
      .. frame { opcode = "continuation", payload = "x" }, TOO_BIG, "limit" },

  { "text that is no JSON", frame { payload = "{not json" }, BAD_DATA, "" },
  { "an empty text", frame { payload = "" }, BAD_DATA, "" },
  { "JSON that is no message", frame { payload = "{}" }, BAD_DATA, "" },
  { "an array of four", frame { payload = '[null,null,"room:1","x"]' }, BAD_DATA, "" },
  { "a topic that is no text", frame { payload = '[null,null,1,"x",{}]' }, BAD_DATA, "topic" },
  { "an event that is no text", frame { payload = '[null,null,"room:1",null,{}]' }, BAD_DATA, "event" },
  { "a reply without a status", reply '{"response":{}}', BAD_DATA, "status" },
  { "a reply that is no object", reply "1", BAD_DATA, "object" },
  { "an unknown kind of binary message", frame { opcode = "binary", payload = "\3\0\0x" }, BAD_DATA, "" },
  { "a binary message shorter than it says", frame { opcode = "binary", payload = "\2\9\9x" }, BAD_DATA, "" },
  { "an empty binary message", frame { opcode = "binary" }, BAD_DATA, "" },
}

for _, opcode in ipairs { 3, 7, 11, 15 } do
  forbidden[#forbidden + 1] = {
    ("the reserved opcode %d"):format(opcode), frame { opcode = opcode }, PROTOCOL_ERROR, "reserved opcode",
  }
end

for _, code in ipairs { 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535 } do
  forbidden[#forbidden + 1] = {
    ("the close code %d"):format(code), close_frame(ws.close_payload(code)), PROTOCOL_ERROR, "code",
  }
end

describe("a server that breaks the protocol #wire", function()
  local server, client, connection

  before_each(function()
    server = raw_server.listen()
    client = wire_client.connect(server.port, { max_message_bytes = max_message_bytes })
    connection = server:open()
    client:expect "connected"
  end)

  after_each(function() wire_client.finish(client, server) end)

  local function expect_close(code, word)
    local answer = connection:frame()
    assert.equal("close", answer.opcode)
    assert.is_true(answer.is_masked)
    local sent_code, text = ws.read_close(answer.payload)
    assert.equal(code, sent_code)
    assert.truthy(text:find(word), text)
    assert.equal("eof", connection:ending())
  end

  local function expect_reason(code, word)
    local reason = client:expect "disconnected"
    assert.equal(code == TOO_BIG and "message_too_big" or "protocol_error", reason.kind)
    assert.equal(code, reason.code)
    assert.truthy(reason.text:find(word), reason.text)
  end

  for _, case in ipairs(forbidden) do
    local name, bytes, code, word = table.unpack(case)
    it(("is told %d for %s"):format(code, name), function()
      connection:send(bytes)
      expect_close(code, word)
      expect_reason(code, word)
    end)
  end

  it("is told 1007 for a payload that is no JSON, which is never handed to the script", function()
    client.core:join "room:1"
    connection:frame()
    connection:send(reply '{"status":"ok","response":{}}')
    client:expect "joined"
    connection:send(frame { payload = '[null,null,"room:1","x",{"a":tru}]' })
    expect_close(BAD_DATA, "")
    expect_reason(BAD_DATA, "")
  end)

  it("is not heard any more after its mistake", function()
    connection:send(frame { payload = "[]", rsv = 1 } .. close_frame(ws.close_payload(1000)))
    expect_close(PROTOCOL_ERROR, "")
    expect_reason(PROTOCOL_ERROR, "")
    assert.same({}, client.events)
    assert.same({}, connection.frames)
  end)
end)
