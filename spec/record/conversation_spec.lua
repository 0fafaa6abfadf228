-- What a conversation passes on, and what it tells of it.
local conversation = require "slipstream.record.conversation"
local recording = require "spec.support.recording"
local ws = require "spec.support.ws"

local function new(options)
  local told = {}
  local settings = { authority = "phoenix:4000", most = 1 << 20 }
  function settings.tell(it) told[#told + 1] = it end
  for key, value in pairs(options or {}) do settings[key] = value end
  return conversation.new(settings), told
end

local function opcodes(told)
  local list = {}
  for i, it in ipairs(told) do list[i] = it.dir .. " " .. it.opcode end
  return list
end

-- A conversation after its upgrade, with nothing told.
local function opened(options)
  local talk, told = new(options)
  talk.up:hear(ws.request {})
  talk.down:hear(ws.response(ws.key))
  assert.same({ "c2s http", "s2c http" }, opcodes(told))
  table.remove(told)
  table.remove(told)
  return talk, told
end

describe("a conversation", function()
  it("asks the server by its own name, and for no compression; all else stays", function()
    local talk = new()
    local passed = talk.up:hear(ws.request { path = "/socket", host = "127.0.0.1:1", headers = {
      "Origin: http://127.0.0.1:1", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    } })
    assert.equal(ws.request { path = "/socket", host = "phoenix:4000", headers = {
      "Origin: http://127.0.0.1:1" } }, passed)
    talk = new()
    local offer = "sec-websocket-extensions: a; b=1, Permessage-Deflate,c"
    passed = talk.up:hear(ws.request { headers = { offer } })
    assert.truthy(passed:find("\r\nsec-websocket-extensions: a; b=1, c\r\n", 1, true))
  end)

  it("passes a request on when it is whole, and tells of it without secrets", function()
    local talk, told = new()
    local request = ws.request {
      path = "/s?token=abc&vsn=2.0.0&params%5Bapi_key%5D=k&user=ann&t=SFMyNTY.x.y",
      headers = {
        "Cookie: a=b", "Authorization: Bearer x", "X-My-Auth: y", "X-Kind: z",
        "Referer: http://a/?jwt=1&b=2",
        "Sec-WebSocket-Protocol: phoenix, base64url.bearer.phx.c2VjcmV0",
      },
    }
    for i = 1, #request - 1 do assert.equal("", talk.up:hear(request:sub(i, i))) end
    local passed = talk.up:hear(request:sub(-1))
    assert.truthy(passed:find("token=abc", 1, true))
    assert.truthy(passed:find("c2VjcmV0", 1, true))
    local data = told[1].data
    for _, shown in ipairs {
      "GET /s?token=[redacted]&vsn=2.0.0&params%5Bapi_key%5D=[redacted]&user=ann&t=[redacted] HTTP/1.1\r\n",
      "Cookie: [redacted]\r\n", "Authorization: [redacted]\r\n", "X-My-Auth: [redacted]\r\n", "X-Kind: z\r\n",
      "Referer: http://a/?jwt=[redacted]&b=2\r\n",
      "Sec-WebSocket-Protocol: phoenix, base64url.bearer.phx.[redacted]\r\n",
    } do
      assert.truthy(data:find(shown, 1, true), shown .. "\n" .. data)
    end
  end)

  it("keeps secrets when it is told to", function()
    local talk, told = new { keeps_secrets = true }
    talk.up:hear(ws.request { path = "/s?token=abc", headers = { "Cookie: a=b" } })
    assert.truthy(told[1].data:find("token=abc", 1, true))
    assert.truthy(told[1].data:find("Cookie: a=b", 1, true))
  end)

  it("tells of frames and passes them on byte for byte", function()
    local talk, told = opened()
    local up = ws.frame { payload = "hi", mask = true }
      .. ws.frame { opcode = "ping", payload = "p", mask = true }
    local down = ws.frame { payload = "yo" }
      .. ws.frame { opcode = "close", payload = ws.close_payload(1000) }
    local roll = recording.dice "conversation"
    for _, way in ipairs { { talk.up, up }, { talk.down, down } } do
      local passed = {}
      for i, piece in ipairs(recording.cut(way[2], roll)) do passed[i] = way[1]:hear(piece) end
      assert.equal(way[2], table.concat(passed))
    end
    assert.same({ "c2s text", "c2s ping", "s2c text", "s2c close" }, opcodes(told))
    assert.is_nil(told[1].masked)
    assert.is_nil(told[3].masked)
  end)

  it("says which frames are masked otherwise than they ought to be", function()
    local talk, told = opened()
    talk.up:hear(ws.frame { payload = "bare" })
    talk.down:hear(ws.frame { payload = "masked", mask = true })
    assert.same({ false, true }, { told[1].masked, told[2].masked })
  end)

  it("tells bytes that are no frames as they are", function()
    local talk, told = opened()
    local bad = "\x81\x7f\xff\0\0\0\0\0\0\0"
    assert.equal(bad, talk.up:hear(bad))
    assert.equal("more", talk.up:hear "more")
    assert.same({ "c2s raw", "c2s raw" }, opcodes(told))
    assert.same({ bad, "a frame of more than 63 bits of length", "more" }, { told[1].data, told[1].error,
      told[2].data })
  end)

  it("tells bytes that are no HTTP as they are", function()
    local talk, told = new()
    assert.equal("\0\1\r\n\r\n", talk.up:hear "\0\1\r\n\r\n")
    assert.equal("no head of HTTP", told[1].error)
    talk, told = new()
    local long = ("x"):rep(70000)
    assert.equal(long, talk.up:hear(long))
    assert.equal("no head of HTTP in its first 64 KiB", told[1].error)
  end)

  it("hears frames that a client sends before the answer", function()
    local talk, told = new()
    local early = ws.frame { payload = "early", mask = true }
    assert.truthy(talk.up:hear(ws.request {} .. early):find(early, 1, true))
    talk.down:hear(ws.response(ws.key))
    assert.same({ "c2s http", "s2c http", "c2s text" }, opcodes(told))
  end)

  it("takes a refusal with its body, and the next request", function()
    local talk, told = new()
    for _ = 1, 2 do
      talk.up:hear(ws.request {})
      talk.down:hear "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno"
      talk.down:hear "no"
    end
    assert.same({ "c2s http", "s2c http", "c2s http", "s2c http" }, opcodes(told))
    assert.equal("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnono", told[4].data)
  end)

  it("takes a body without a length until the end", function()
    local talk, told = new()
    talk.up:hear(ws.request {})
    talk.down:hear "HTTP/1.1 500 Oh\r\n\r\nall "
    talk.down:hear "of it"
    assert.equal(1, #told)
    talk.down:finish()
    assert.same({ "c2s http", "s2c http", "s2c eof" }, opcodes(told))
    assert.equal("HTTP/1.1 500 Oh\r\n\r\nall of it", told[2].data)
  end)

  it("says what an end cut through, and by what", function()
    local talk, told = opened()
    talk.up:hear(ws.frame({ payload = "hello", mask = true }):sub(1, -3))
    talk.up:finish(true)
    talk.down:finish()
    assert.same({ "c2s raw", "c2s rst", "s2c eof" }, opcodes(told))
    assert.same({ "hel", "the end came within a frame (text): 3 of 5 bytes" },
      { told[1].data, told[1].error })
  end)

  local function noise(roll)
    if roll(3) == 1 then
      return (("."):rep(roll(40)):gsub(".", function() return string.char(roll(256) - 1) end))
    end
    return ws.frame {
      opcode = roll(16) - 1, rsv = roll(8) - 1, fin = roll(2) == 1, mask = roll(2) == 1 or nil,
      payload = ("x"):rep(roll(200)), length = roll(4) == 1 and roll(1 << 40) or nil,
    }
  end

  it("never changes what it passes on, whatever that is", function()
    for seed = 1, 300 do
      local roll = recording.dice("noise " .. seed)
      local talk = opened { most = 64 }
      local parts = {}
      for i = 1, roll(8) do parts[i] = noise(roll) end
      local bytes, passed = table.concat(parts), {}
      for i, piece in ipairs(recording.cut(bytes, roll)) do passed[i] = talk.up:hear(piece) end
      assert.equal(bytes, table.concat(passed))
      talk.up:finish()
    end
  end)
end)
