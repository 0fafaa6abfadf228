local cjson = require "cjson"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("a push", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() host:close() end)

  local function joined(config)
    local module, calls = recorder.module(config, {
      handle_connect = function(self) assert(self:join("room:1")) end,
    })
    slipstream.start(module, nil, { host = host })
    server:accept()
    server:expect_join("room:1"):reply("ok")
    return calls.socket, calls
  end

  it("is answered even when its reply cannot be decoded, before the connection is failed", function()
    local socket, calls = joined()
    local ref = assert(socket:push("room:1", "echo"))
    local other = assert(socket:push("room:1", "echo"))
    local push = server:expect("room:1", "echo")
    server:expect("room:1", "echo")
    local text = '["%s","%s","room:1","phx_reply",{"status":"ok","response":{"n":01}}]'
    server:send_frame { payload = text:format(push.join_ref, push.ref) }
    assert.equal(1007, (server:expect_close()))
    server:drop()
    assert.same({ "handle_connect", "handle_join", "handle_reply", "handle_reply", "handle_disconnect" },
      recorder.names(calls))
    local _, answered, status, reason = table.unpack(calls[3])
    assert.same({ ref, "error", "protocol_error", 1007 }, { answered, status, reason.kind, reason.code })
    assert.equal(other, calls[4][2])
    assert.equal("protocol_error", recorder.last(calls, "handle_disconnect").kind)
  end)

  it("carries join_ref and ref, and its reply comes with the same ref", function()
    local socket, calls = joined()
    local ref = assert(socket:push("room:1", "echo", { n = 1 }))
    local push = server:expect("room:1", "echo")
    assert.equal(tostring(ref), push.ref)
    assert.truthy(push.join_ref)
    push:reply("ok", { n = 1 })
    assert.same({ ref, "ok", { n = 1 } }, { recorder.last(calls, "handle_reply") })
  end)

  it("has a ref that no push of a former connection had", function()
    local socket = joined()
    local former = assert(socket:push("room:1", "echo"))
    socket:disconnect()
    server:expect("room:1", "echo")
    server:expect_close()
    server:send_close(1000)
    assert(socket:connect { uri = "ws://phoenix.test/socket" })
    server:accept()
    server:expect_join("room:1"):reply("ok")
    assert.is_true(socket:push("room:1", "echo") > former)
  end)

  it("takes any status that the server chose", function()
    local socket, calls = joined()
    local ref = socket:push("room:1", "echo")
    server:expect("room:1", "echo"):reply("maybe", "later")
    assert.same({ ref, "maybe", "later" }, { recorder.last(calls, "handle_reply") })
  end)

  it("is answered with a time-out when the server does not", function()
    local socket, calls = joined()
    local ref = socket:push("room:1", "echo", {}, { timeout = 50 })
    clock:advance(49)
    assert.is_nil(recorder.last(calls, "handle_reply"))
    clock:advance(1)
    local answered, status = recorder.last(calls, "handle_reply")
    assert.same({ ref, "timeout" }, { answered, status })
  end)

  it("is refused, not kept, while the topic or the connection is away", function()
    local socket = joined()
    assert.same({ nil, "not_joined", "not_joined" }, { socket:push("room:2", "echo") })
    server:drop()
    assert.same({ nil, "not_connected", "not_connected" }, { socket:push("room:1", "echo") })
  end)

  it("is refused when the queue is full", function()
    local socket = joined { max_queue_bytes = 200 }
    assert.truthy(socket:push("room:1", "echo", "first"))
    assert.same({ nil, "queue_full", "queue_full" }, { socket:push("room:1", "echo", ("x"):rep(200)) })
    server:expect("room:1", "echo")
    assert.truthy(socket:push("room:1", "echo", ("x"):rep(100)))
  end)

  it("sends bytes as a binary frame and gets them as such", function()
    local socket, calls = joined()
    local ref = assert(socket:push("room:1", "raw", slipstream.binary("\0\xff")))
    local frame = server:next_frame()
    assert.equal("binary", frame.opcode)
    assert.equal("\0\xff", frame.payload:sub(-2))
    local field = tostring(ref)
    local join_ref = frame.payload:sub(6, 5 + frame.payload:byte(2))
    server:send_frame { opcode = "binary", payload = string.pack("BBBBB", 1, #join_ref, #field, 6, 2)
      .. join_ref .. field .. "room:1" .. "ok" .. "\1\2" }
    local _, status, response = recorder.last(calls, "handle_reply")
    assert.equal("ok", status)
    assert.equal("\1\2", response.bytes)
    assert.equal(getmetatable(slipstream.binary("")), getmetatable(response))
  end)

  it("of bytes has room for 255 bytes of topic and event", function()
    local socket = joined()
    assert.same({ nil, "topic and event of a binary push have at most 255 bytes each", "too_big" },
      { socket:push("room:1", ("e"):rep(256), slipstream.binary "") })
    assert.truthy(socket:push("room:1", ("e"):rep(255), slipstream.binary ""))
    assert.truthy(socket:push("room:1", ("e"):rep(256), {}))
  end)

  it("needs vsn 2.0.0 for bytes, and says so", function()
    local module, calls = recorder.module { vsn = "1.0.0" }
    slipstream.start(module, nil, { host = host })
    server:accept()
    assert.same({ nil, "payload: binary payloads need vsn 2.0.0", "invalid" },
      { calls.socket:push("room:1", "raw", slipstream.binary "x") })
    assert.is_true(server:is_silent())
  end)

  it("takes bytes as a whole payload only", function()
    local socket = joined()
    assert.same({ nil, "payload.x: a binary payload cannot be part of JSON", "invalid" },
      { socket:push("room:1", "raw", { x = slipstream.binary "x" }) })
    assert.same({ nil, "params.x: a binary payload cannot be part of JSON", "invalid" },
      { socket:join("room:2", { x = slipstream.binary "x" }) })
    assert.is_true(server:is_silent())
  end)

  it("names the place of what cannot be encoded, and sends nothing", function()
    local socket = joined()
    assert.same({ nil, "payload.x: cannot encode a function", "invalid" },
      { socket:push("room:1", "echo", { x = print }) })
    local ok, text = pcall(socket.push_or_raise, socket, "room:1", "echo", { x = print })
    assert.is_false(ok)
    assert.truthy(text:find("cannot push echo to room:1: payload.x: cannot encode a function", 1, true))
    assert.is_true(server:is_silent())
  end)

  it("refuses text that is no UTF-8, and says which", function()
    local socket = joined()
    local event = { nil, "event: not valid UTF-8", "utf8" }
    assert.same(event, { socket:push("room:1", "\xff") })
    assert.same(event, { socket:push("room:1", "\xff", slipstream.binary "x") })
    assert.same({ nil, "payload[1]: cannot encode a string that is not UTF-8", "invalid" },
      { socket:push("room:1", "echo", { "\xff" }) })
    assert.same({ nil, "topic: not valid UTF-8", "utf8" }, { socket:join "room:\xff" })
    assert.is_true(server:is_silent())
  end)

  it("raises on a wrong argument, at the caller's line", function()
    local socket = joined()
    local ok, text = pcall(function() socket:push(nil, "echo") end)
    assert.is_false(ok)
    assert.truthy(text:find("push_spec.lua:%d+: bad argument #1 to 'push' %(string expected, got no value%)"))
  end)

  it("speaks through a JSON library of the script's choice", function()
    local socket, calls = joined { json = cjson }
    socket:push("room:1", "echo", { n = 1 })
    server:expect("room:1", "echo"):reply("ok", { n = 2 })
    local _, _, response = recorder.last(calls, "handle_reply")
    assert.equal("float", math.type(response.n))
  end)

  it("says why that library cannot", function()
    local encode
    local json = { encode = function(value) return encode(value) end, decode = cjson.decode }
    local socket = joined { json = json }
    for text, fn in pairs {
      ["payload: no way"] = function() error("no way", 0) end,
      ["payload: no words"] = function() return nil, "no words" end,
      ["payload: json.encode returned a nil, not a string"] = function() end,
      ["payload: json.encode returned a number, not a string"] = function() return 5 end,
    } do
      encode = fn
      assert.same({ nil, text, "invalid" }, { socket:push("room:1", "echo", {}) })
    end
  end)

  it("keeps integers, null and empty arrays as they are", function()
    local socket, calls = joined()
    local payload = { id = 9007199254740993, none = slipstream.null, list = slipstream.array(), map = {} }
    socket:push("room:1", "echo", payload)
    local push = server:expect("room:1", "echo")
    push:reply("ok", push.payload)
    local _, _, response = recorder.last(calls, "handle_reply")
    assert.equal(9007199254740993, response.id)
    assert.equal(slipstream.null, response.none)
    assert.equal(slipstream.array_mt, getmetatable(response.list))
    assert.is_nil(getmetatable(response.map))
  end)
end)
