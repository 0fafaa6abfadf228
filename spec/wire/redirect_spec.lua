-- Servers that send a client elsewhere instead of upgrading it. Where a Location leads is in
-- spec/lua/redirect_spec.lua, the rules of an attempt in spec/core/session_redirect_test.c.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local self_signed = require "spec.support.self_signed"
local slipstream = require "slipstream"

describe("a redirect of the upgrade #wire", function()
  local server, other, sink

  before_each(function()
    sink = slipstream.log.set_sink(function() end)
    server, other = raw_server.listen(), raw_server.listen()
  end)

  after_each(function()
    slipstream.log.set_sink(sink)
    server:close()
    other:close()
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
  end)

  local function uri_of(port) return ("ws://127.0.0.1:%d/socket?a=1"):format(port) end

  -- A client that notes what it is told, and ends with its first connection, or when there is none.
  local function start(config, callbacks)
    local Client, told = slipstream.client(), {}
    function Client:init() assert(self:connect(config)) end
    function Client.connect_params(_, attempt) told[#told + 1] = "connect_params " .. attempt end
    function Client.handle_connect()
      told[#told + 1] = "handle_connect"
      return "stop", "normal"
    end
    function Client.handle_disconnect(_, reason)
      told[#told + 1] = tostring(reason)
      told.reason = reason
      return "stop", "normal"
    end
    for name, callback in pairs(callbacks or {}) do Client[name] = callback end
    return { client = slipstream.start(Client), told = told }
  end

  local function wait_for_end(story)
    assert.is_true(loop.wait(function() return not story.client:alive() end))
    return story.told
  end

  -- A connection's request is answered with that; `location` nil: no such header.
  local function answer(connection, location, status)
    connection:key()
    connection:send(("HTTP/1.1 %s\r\n%sContent-Length: 0\r\n\r\n"):format(status or "302 Found",
      location and ("Location: %s\r\n"):format(location) or ""))
    assert.truthy(connection:ending(), "the client keeps the connection")
    return connection.request
  end

  local function redirect(from, ...) return answer(from:accept(), ...) end

  -- The request of the next connection, which gets its upgrade and its close.
  local function open(at)
    local connection = at:open()
    assert.equal("close", connection:frame().opcode)
    connection:finish()
    return connection.request
  end

  local function words(story)
    local told = wait_for_end(story)
    assert.equal(2, #told)
    return told[2]
  end

  it("leads to another path of the same server, with headers and token", function()
    local story = start { uri = uri_of(server.port), params = { b = 2 }, headers = { ["X-Own"] = "yes" },
      auth_token = "secret" }
    local first = redirect(server, "/elsewhere?vsn=2.0.0", "307 Temporary Redirect")
    local second = open(server)
    assert.equal("GET /socket?a=1&vsn=2.0.0&b=2 HTTP/1.1", first.line)
    assert.equal("GET /elsewhere?vsn=2.0.0 HTTP/1.1", second.line)
    for _, name in ipairs { "host", "x-own", "sec-websocket-protocol" } do
      assert.message(name).is_string(first.headers[name])
      assert.equal(first.headers[name], second.headers[name])
    end
    assert.are_not.equal(first.headers["sec-websocket-key"], second.headers["sec-websocket-key"])
    assert.same({ "connect_params 1", "handle_connect" }, wait_for_end(story)) -- and nothing of an end
  end)

  it("leads to another server, without headers and token", function()
    local story = start { uri = uri_of(server.port), headers = { ["X-Own"] = "yes" }, auth_token = "secret" }
    redirect(server, ("http://127.0.0.1:%d/?vsn=2.0.0"):format(other.port))
    local request = open(other)
    assert.equal("127.0.0.1:" .. other.port, request.headers.host)
    assert.is_nil(request.headers["x-own"])
    assert.is_nil(request.headers["sec-websocket-protocol"])
    assert.equal("handle_connect", wait_for_end(story)[2])
  end)

  it("comes from the same local address", function()
    local story = start { uri = uri_of(server.port), local_address = { "127.0.0.12", "127.0.0.11" } }
    local first = server:accept()
    local address = first.tcp:getpeername().ip
    answer(first, ("//127.0.0.1:%d/"):format(other.port))
    local second = other:accept()
    assert.equal(address, second.tcp:getpeername().ip)
    second:finish()
    wait_for_end(story)
  end)

  it("stays on a unix socket", function()
    local path = program.folder() .. "/app.sock"
    local unix = raw_server.listen_at(path)
    local story = start { uri = ("ws+unix://%s:/socket"):format(path), headers = { ["X-Own"] = "yes" } }
    redirect(unix, "elsewhere")
    local request = open(unix)
    assert.same({ "GET /elsewhere HTTP/1.1", "yes" }, { request.line, request.headers["x-own"] })
    assert.equal("handle_connect", wait_for_end(story)[2])
    unix:close()
  end)

  it("is followed three times", function()
    local story = start { uri = uri_of(server.port) }
    for _ = 1, 3 do redirect(server, "/elsewhere") end
    open(server)
    assert.same({ "connect_params 1", "handle_connect" }, wait_for_end(story))
  end)

  it("is not followed a fourth time, so that a loop has an end", function()
    local story = start { uri = uri_of(server.port) }
    for _ = 1, 2 do
      redirect(server, uri_of(other.port))
      redirect(other, uri_of(server.port))
    end
    assert.equal("the server refused with HTTP 302: over 3 redirects", words(story))
    assert.same({ "connect_failed", "upgrade", 302 },
      { story.told.reason.kind, story.told.reason.stage, story.told.reason.status })
  end)

  it("is a refusal without a Location, or with one that is none", function()
    local story = start { uri = uri_of(server.port) }
    redirect(server)
    assert.equal("the server refused with HTTP 302: Found", words(story))
    story = start { uri = uri_of(server.port) }
    redirect(server, "http://[what is this", "308 Permanent Redirect")
    local fault = "not redirected: must hold no white space; write it as %20"
    assert.equal("the server refused with HTTP 308: " .. fault, words(story))
    assert.same({ 308, { "Location", "http://[what is this" } },
      { story.told.reason.status, story.told.reason.headers[1] })
  end)

  it("to where nobody listens fails there", function()
    local story = start { uri = uri_of(server.port) }
    local port = raw_server.free_port()
    redirect(server, uri_of(port))
    assert.equal(("no connection: connection refused by 127.0.0.1:%d"):format(port), words(story))
    assert.equal("tcp", story.told.reason.stage)
  end)

  it("to a server that says nothing ends with the time to connect", function()
    local story = start { uri = uri_of(server.port), connect_timeout_msec = 100 }
    redirect(server, uri_of(other.port))
    local silent = other:accept()
    assert.equal("no connection in time, while waiting for the server's answer", words(story))
    assert.truthy(silent:ending())
  end)

  it("is forgotten by the next attempt, which begins at the first server", function()
    local failures = 0
    local story = start({ uri = uri_of(server.port), reconnect_after_msec = { 1 } }, {
      connect_params = function(_, attempt) return { params = { attempt = attempt } } end,
      handle_disconnect = function(self)
        failures = failures + 1
        self:reconnect()
      end,
    })
    redirect(server, uri_of(other.port))
    redirect(other, nil, "503 Service Unavailable")
    assert.equal("GET /socket?a=1&vsn=2.0.0&attempt=2 HTTP/1.1", open(server).line)
    wait_for_end(story)
    assert.equal(1, failures)
  end)

  -- socat, which speaks TLS in front of a server; answers its port and a file with its certificate.
  local function serve_tls(behind)
    local certificate = self_signed.new(program.folder())
    local tls = program.start({
      "-d", "-d",
      ("openssl-listen:0,bind=127.0.0.1,cert=%s,key=%s,verify=0"):format(certificate.file, certificate.key),
      ("tcp:127.0.0.1:%d"):format(behind.port),
    }, { path = "socat" })
    return tonumber(tls:read_error("listening on"):match ":(%d+)$"), certificate.file
  end

  it("leads from ws to wss, where the certificate is checked against the new name", function()
    local port, ca_file = serve_tls(other)
    local story = start { uri = uri_of(server.port), tls = { ca_file = ca_file, server_name = "first.test" } }
    redirect(server, ("https://127.0.0.1:%d/?vsn=2.0.0"):format(port))
    open(other)
    assert.equal("handle_connect", wait_for_end(story)[2])
  end)

  it("never leads from wss to ws", function()
    local port, ca_file = serve_tls(server)
    local story = start {
      uri = ("wss://127.0.0.1:%d/socket"):format(port), tls = { ca_file = ca_file },
    }
    redirect(server, ("http://127.0.0.1:%d/x?token=abc"):format(other.port))
    assert.equal("the server refused with HTTP 302: not redirected: wss must not become ws: ws://127.0.0.1:"
      .. other.port .. "/x?[redacted]", words(story))
    assert.equal(0, #other.accepted)
  end)
end)
