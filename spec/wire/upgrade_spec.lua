-- Half answers: what a server, or something that is none, may say to the request for an upgrade.
local raw_server = require "spec.support.raw_server"
local wire_client = require "spec.support.wire_client"
local ws = require "spec.support.ws"

-- A 101 with some of its lines changed: `changes` says what stands instead of a line ("" for none), by
-- the line's first word.
local function switch(key, changes)
  local lines = {}
  for line in ws.response(key):gmatch "(.-)\r\n" do
    local change = changes[line:match "^[^ :]*"]
    if line ~= "" and change ~= "" then lines[#lines + 1] = change or line end
  end
  lines[#lines + 1] = changes.more
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- The first bytes of a TLS server that was spoken to in plain HTTP: an alert, unexpected_message.
local TLS_ALERT = "\x15\x03\x03\x00\x02\x02\x0a"
local TLS_SERVER_HELLO = "\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" .. ("\x5a"):rep(32)

local not_http = {
  { "garbage", "\0\1\2\3 garbage\r\n\r\n" },
  { "the greeting of another protocol", "220 mail.example ESMTP\r\n" },
  { "HTTP/2", "HTTP/2.0 101 Switching Protocols\r\n\r\n" },
  { "a TLS alert", TLS_ALERT },
  { "a TLS server hello", TLS_SERVER_HELLO },
  { "a WebSocket frame", ws.frame { payload = "[]" } },
}

-- { name, changes of the 101, a word of the reason }
local bad_switches = {
  { "HTTP/1.0", { ["HTTP/1.1"] = "HTTP/1.0 101 Switching Protocols" }, "HTTP/1.0" },
  { "a malformed status", { ["HTTP/1.1"] = "HTTP/1.1 1O1 Switching Protocols" }, "status line" },
  { "a header without a colon", { more = "what is this" }, "header line" },
  { "no Upgrade", { Upgrade = "" }, "Upgrade: websocket" },
  { "another Upgrade", { Upgrade = "Upgrade: h2c" }, "Upgrade: websocket" },
  { "no Connection", { Connection = "" }, "Connection: Upgrade" },
  { "another Connection", { Connection = "Connection: keep-alive" }, "Connection: Upgrade" },
  { "no accept key", { ["Sec-WebSocket-Accept"] = "" }, "Sec%-WebSocket%-Accept" },
  { "a wrong accept key", { ["Sec-WebSocket-Accept"] = "Sec-WebSocket-Accept: " .. ws.answer_to_key },
    "does not answer our key" },
  { "an extension", { more = "Sec-WebSocket-Extensions: permessage-deflate" }, "extension" },
  { "a subprotocol", { more = "Sec-WebSocket-Protocol: phoenix" }, "subprotocol" },
}

-- { status line, headers, body as sent, status, body as told }
local refusals = {
  { "200 OK", "Content-Length: 5", "hello", 200, "hello" },
  { "300 Multiple Choices", "Location: http://127.0.0.1/elsewhere\r\nContent-Length: 0", "", 300 },
  { "401 Unauthorized", "Content-Length: 12", "unauthorized", 401, "unauthorized" },
  { "403 Forbidden", "Content-Length: 0", "", 403 },
  { "500 Internal Server Error", "Transfer-Encoding: chunked", "3\r\noh \r\n2\r\nno\r\n0\r\n\r\n", 500,
    "oh no" },
  { "204 No Content", "Server: none", "", 204 },
}

describe("a client that asks for an upgrade #wire", function()
  local server, client, connection

  local function start(config)
    client = wire_client.connect(server.port, config)
    connection = server:accept()
    return connection:key()
  end

  local function expect_failure(word)
    local reason = client:expect "disconnected"
    assert.same({ "connect_failed", "upgrade" }, { reason.kind, reason.stage })
    assert.truthy(reason.text:find(word), reason.text)
    assert.truthy(connection:ending(), "the client keeps the connection")
    return reason
  end

  before_each(function() server = raw_server.listen() end)

  after_each(function() wire_client.finish(client, server) end)

  it("takes an answer that comes byte by byte", function()
    local key = start()
    connection:send_bytewise(ws.response(key))
    client:expect "connected"
  end)

  it("takes an answer with other headers, in other letters, after other answers", function()
    local key = start()
    connection:send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" .. switch(key, {
      Upgrade = "UPGRADE:WebSocket", Connection = "connection: keep-alive, upgrade", more = "X-More: yes",
    }))
    client:expect "connected"
  end)

  it("reads the frames that came in one write with the answer", function()
    client = wire_client.connect(server.port)
    connection = server:open(nil, ws.frame { opcode = "ping", payload = "now" }
      .. ws.frame { opcode = "close", payload = ws.close_payload(1001, "bye") })
    client:expect "connected"
    local reason = client:expect "disconnected"
    assert.same({ "closed_by_remote", 1001, "bye" }, { reason.kind, reason.code, reason.text })
    local pong = connection:frame()
    assert.same({ "pong", "now" }, { pong.opcode, pong.payload })
  end)

  for _, case in ipairs(not_http) do
    it("hangs up on " .. case[1], function()
      start()
      connection:send(case[2])
      expect_failure "not HTTP/1.1"
    end)
  end

  for _, case in ipairs(bad_switches) do
    it("hangs up on a 101 with " .. case[1], function()
      local key = start()
      connection:send(switch(key, case[2]))
      expect_failure(case[3])
    end)
  end

  for _, case in ipairs(refusals) do
    local line, headers, body, status, told = table.unpack(case)
    it("tells status and body of " .. line, function()
      start()
      connection:send(("HTTP/1.1 %s\r\n%s\r\n\r\n%s"):format(line, headers, body))
      local reason = expect_failure(line:sub(5))
      assert.same({ status, told }, { reason.status, reason.body })
      assert.same({ headers:match "^([^:]+): ([^\r]*)" }, reason.headers[1])
    end)
  end

  it("tells a body that ends with the connection", function()
    start()
    connection:send "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\nlater, "
    connection:send "please"
    connection:finish()
    local reason = expect_failure "Service Unavailable"
    assert.same({ 503, "later, please" }, { reason.status, reason.body })
  end)

  it("keeps the beginning of a body that does not end", function()
    start()
    connection:send("HTTP/1.1 500 X\r\nContent-Length: 99999999\r\n\r\n" .. ("x"):rep(100000))
    assert.equal(16 * 1024, #expect_failure("X").body)
  end)

  it("hangs up on headers without end", function()
    start()
    connection:send "HTTP/1.1 101 Switching Protocols\r\n"
    connection:send(("X-Long: " .. ("x"):rep(1000) .. "\r\n"):rep(70))
    expect_failure "64 KiB"
  end)

  local whole = switch(ws.key, {})
  local cuts = {
    { "at once", 0 }, { "in the status line", 10 }, { "in a header", 50 },
    { "before the blank line", #whole - 2 },
  }
  for _, cut in ipairs(cuts) do
    it("tells of an end that comes " .. cut[1], function()
      start()
      connection:send(whole:sub(1, cut[2]))
      connection:finish()
      expect_failure "closed the connection before it answered"
    end)
  end

  it("tells of a reset before the answer", function()
    start()
    connection:reset()
    local reason = client:expect "disconnected"
    assert.same({ "connect_failed", "upgrade", "connection reset by the peer" },
      { reason.kind, reason.stage, reason.text })
  end)

  it("gives up on a server that says nothing", function()
    start { connect_timeout_msec = 50 }
    local reason = client:expect "disconnected"
    assert.same({ "connect_timeout", "upgrade" }, { reason.kind, reason.stage })
    assert.truthy(connection:ending())
  end)

  it("gives up on a server that says half of it", function()
    local key = start { connect_timeout_msec = 50 }
    connection:send(ws.response(key):sub(1, -2))
    local reason = client:expect "disconnected"
    assert.same({ "connect_timeout", "upgrade" }, { reason.kind, reason.stage })
  end)

  it("tells that nobody listens", function()
    client = wire_client.connect(raw_server.free_port())
    local reason = client:expect "disconnected"
    assert.same({ "connect_failed", "tcp" }, { reason.kind, reason.stage })
    assert.truthy(reason.text:find("connection refused by 127.0.0.1:" .. client.port, 1, true), reason.text)
  end)
end)
