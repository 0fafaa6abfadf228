local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("connecting", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() host:close() end)

  local function start(config, own)
    local module, calls = recorder.module(config, own)
    local client, reason = slipstream.start(module, nil, { host = host })
    return calls, client, reason
  end

  it("asks for the path and the query as they were, with vsn and params behind them", function()
    local uri = "ws://phoenix.test:4000/socket/websocket?a=1&a=2"
    start { uri = uri, params = { user = { name = "ann lee" } } }
    local request = server:accept()
    local target = "/socket/websocket?a=1&a=2&vsn=2.0.0&user%5Bname%5D=ann%20lee"
    assert.equal(("GET %s HTTP/1.1"):format(target), request.line)
    assert.equal("phoenix.test:4000", request.headers.host)
  end)

  it("calls handle_connect once the 101 arrived", function()
    local calls = start()
    server:read_request()
    assert.same({}, recorder.names(calls))
    assert.is_false(calls.socket:connected())
    server:drop()
    clock:advance(10)
    server:accept()
    assert.equal("handle_connect", calls[#calls][1])
    assert.is_true(calls.socket:connected())
  end)

  it("sends headers, and the token as a subprotocol", function()
    start { headers = { { "x-one", "1" }, { "x-two", "2" } }, auth_token = "ab~???" }
    local headers = server:accept().headers
    assert.equal("1", headers["x-one"])
    assert.equal("2", headers["x-two"])
    assert.equal("phoenix, base64url.bearer.phx.YWJ+Pz8/", headers["sec-websocket-protocol"])
  end)

  it("offers no subprotocol without a token, and no origin", function()
    start()
    local headers = server:accept().headers
    assert.is_nil(headers["sec-websocket-protocol"])
    assert.is_nil(headers.origin)
  end)

  it("gives status, headers and body of a refused upgrade", function()
    local calls = start()
    server:refuse("403 Forbidden", "no such user")
    local reason = recorder.last(calls, "handle_disconnect")
    assert.equal("connect_failed", reason.kind)
    assert.equal("upgrade", reason.stage)
    assert.equal(403, reason.status)
    assert.equal("no such user", reason.body)
    assert.same({ "Content-Length", "12" }, reason.headers[1])
    assert.truthy(tostring(reason):find("403", 1, true))
  end)

  it("names the stage when nobody is there", function()
    local calls = start()
    server:take_dial():finish("tcp", "connection refused")
    clock:advance(0)
    local reason = recorder.last(calls, "handle_disconnect")
    assert.equal("tcp", reason.stage)
    assert.equal("no connection: connection refused", tostring(reason))
  end)

  it("names the stage when the name does not exist, and tries again", function()
    local calls = start()
    server:take_dial():finish("dns", "name does not resolve")
    clock:advance(0)
    local reason = recorder.last(calls, "handle_disconnect")
    assert.equal("connect_failed", reason.kind)
    assert.equal("dns", reason.stage)
    clock:advance(1000)
    assert.is_true(server:was_dialled())
  end)

  it("names the stage when it takes too long", function()
    local calls = start { connect_timeout_msec = 1000 }
    server:read_request()
    clock:advance(999)
    assert.same({}, recorder.names(calls))
    clock:advance(1)
    local reason = recorder.last(calls, "handle_disconnect")
    assert.equal("connect_timeout", reason.kind)
    assert.equal("upgrade", reason.stage)
  end)

  it("asks connect_params before every attempt", function()
    local seen = {}
    start({ params = { token = "old" } }, {
      connect_params = function(_, attempt, last_reason)
        seen[#seen + 1] = { attempt, last_reason and last_reason.kind }
        return { params = { token = "t" .. attempt } }
      end,
    })
    assert.truthy(server:accept().line:find("&token=t1 ", 1, true))
    server:drop()
    clock:advance(10)
    assert.truthy(server:accept().line:find("&token=t2 ", 1, true))
    assert.same({ { 1 }, { 2, "connection_lost" } }, seen)
  end)

  it("ends the attempt when connect_params answers what cannot be", function()
    local calls = start(nil, { connect_params = function() return { uri = "http://x" } end })
    clock:advance(0)
    local reason = recorder.last(calls, "handle_disconnect")
    assert.equal("connect_failed", reason.kind)
    assert.truthy(tostring(reason):find("uri: scheme must be ws or wss, got http", 1, true))
  end)

  it("tells what is wrong with a config", function()
    local module = slipstream.client {}
    local answer
    function module:init() answer = table.pack(self:connect { uri = "http://phoenix.test" }) end
    slipstream.start(module, nil, { host = host }):stop()
    assert.same({ nil, "uri: scheme must be ws or wss, got http", "invalid", n = 3 }, answer)
  end)

  it("refuses a second connect and a reconnect while connected", function()
    local calls = start()
    server:accept()
    assert.same({ nil, "connected", "connected" }, { calls.socket:connect { uri = "ws://phoenix.test" } })
    assert.same({ nil, "connected", "connected" }, { calls.socket:reconnect() })
  end)

  it("tells the end of an attempt before another connect can begin", function()
    local again, calls
    local function connect(self) return self:connect { uri = "ws://other.test/socket" } end
    calls = start(nil, { handle_disconnect = function(self) again = { connect(self) } end })
    calls.socket:disconnect()
    assert.same({ nil, "connected", "connected" }, { connect(calls.socket) })
    clock:advance(0)
    assert.equal("closed_by_client", recorder.last(calls, "handle_disconnect").kind)
    assert.same({ true }, again)
    assert.equal("other.test", server:accept().headers.host)
  end)

  it("answers every push of a lost connection before another connect can begin", function()
    local function connect(self) self:connect { uri = "ws://other.test/socket" } end
    local calls = start(nil, { handle_reply = connect })
    server:accept()
    calls.socket:join("room:1")
    server:expect_join("room:1"):reply("ok")
    calls.socket:push("room:1", "ping")
    calls.socket:push("room:1", "ping")
    server:drop()
    assert.same({ "handle_connect", "handle_join", "handle_reply", "handle_reply", "handle_disconnect" },
      recorder.names(calls))
  end)

  it("has no config to reconnect with before the first connect", function()
    local module = slipstream.client {}
    local answer
    function module:init() answer = { self:reconnect() } end
    slipstream.start(module, nil, { host = host }):stop()
    assert.same({ nil, "no_config", "no_config" }, answer)
  end)
end)
