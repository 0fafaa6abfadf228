-- Through an HTTP proxy, Debian's tinyproxy, to the embedded server, with TLS (socat's) and without. What
-- may be wrong with a proxy's answer is in spec/core/tunnel_test.c and spec/net/tunnel_test.c.
local daemon = require "spec.support.daemon"
local default_app = require "slipstream.server.default_app"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local self_signed = require "spec.support.self_signed"
local slipstream = require "slipstream"

describe("through a proxy #wire", function()
  local server, proxy_port, proxy, logged, sink

  -- What it lets through, and whom, is in its log.
  local function arguments_for(port)
    return { "-d", "-c", program.file "tinyproxy.conf" (([[
Port %d
Listen 127.0.0.1
Timeout 60
MaxClients 10
LogLevel Info
BasicAuth ann open-sesame
]]):format(port)) }
  end

  before_each(function()
    logged = {}
    sink = slipstream.log.set_sink(function(line) logged[#logged + 1] = line end)
    slipstream.log.set_level "debug"
    server = assert(default_app.new():listen { port = 0 })
    proxy, proxy_port = daemon.start_on_free_port("tinyproxy", arguments_for, "Accepting connections")
  end)

  after_each(function()
    slipstream.log.set_level "info"
    slipstream.log.set_sink(sink)
    local is_gone = false
    server:kill(function() is_gone = true end)
    program.clean_up()
    assert.is_true(loop.wait(function() return is_gone end))
  end)

  local function proxy_uri(user) return ("http://%s127.0.0.1:%d"):format(user or "", proxy_port) end

  -- Connects with this config; answers how it ended: the status of the reply to a ping, or the reason.
  local function outcome_of(config)
    local outcome
    local Client = slipstream.client()
    function Client:init() assert(self:connect(config)) end
    function Client:handle_connect() self:join("room:lobby", { user = "ann" }) end
    function Client:handle_join(topic) self:push(topic, "ping", {}) end
    function Client.handle_reply(_, _, status)
      outcome = status
      return "stop", "normal"
    end
    function Client.handle_disconnect(_, reason)
      outcome = reason
      return "stop", "normal"
    end
    local client = slipstream.start(Client)
    assert.is_true(loop.wait(function() return not client:alive() end, 10000))
    return outcome
  end

  local function plain_uri() return ("ws://127.0.0.1:%d/socket/websocket"):format(server.port) end

  it("joins and pushes", function()
    assert.equal("ok", outcome_of { uri = plain_uri(), proxy = proxy_uri "ann:open-sesame@" })
    assert.matches(("CONNECT 127.0.0.1:%d "):format(server.port), proxy:read "Request", 1, true)
  end)

  it("joins and pushes over TLS, which the proxy does not see", function()
    local certificate = self_signed.new(program.folder())
    local tls = program.start({
      "-d", "-d",
      ("openssl-listen:0,bind=127.0.0.1,cert=%s,key=%s,verify=0"):format(certificate.file, certificate.key),
      ("tcp:127.0.0.1:%d"):format(server.port),
    }, { path = "socat" })
    local port = tonumber(tls:read_error("listening on"):match ":(%d+)$")
    assert.equal("ok", outcome_of {
      uri = ("wss://127.0.0.1:%d/socket/websocket"):format(port), tls = { ca_file = certificate.file },
      proxy = proxy_uri "ann:open%2dsesame@",
    })
    assert.matches(("CONNECT 127.0.0.1:%d "):format(port), proxy:read "Request", 1, true)
  end)

  it("is refused without credentials, or with wrong ones, in the proxy's words", function()
    local reason = outcome_of { uri = plain_uri(), proxy = proxy_uri() }
    assert.equal("the proxy refused with HTTP 407: Proxy Authentication Required", tostring(reason))
    assert.same({ "proxy", 407 }, { reason.stage, reason.status })
    reason = outcome_of { uri = plain_uri(), proxy = proxy_uri "ann:hunter2@" }
    assert.equal("the proxy refused with HTTP 401: Unauthorized", tostring(reason)) -- tinyproxy's own
  end)

  it("leaves no credentials in the log", function()
    outcome_of { uri = plain_uri(), proxy = proxy_uri "ann:hunter2@" }
    local text = table.concat(logged, "\n")
    assert.matches("HTTP 401", text, 1, true)
    assert.is_nil(text:find("hunter2", 1, true))
  end)

  it("says when the proxy does not reach the target", function()
    local uri = ("ws://127.0.0.1:%d/"):format(raw_server.free_port())
    local reason = outcome_of { uri = uri, proxy = proxy_uri "ann:open-sesame@" }
    assert.equal("the proxy refused with HTTP 500: Unable to connect", tostring(reason))
  end)

  it("lets the proxy resolve the name", function()
    local reason = outcome_of { uri = "ws://nowhere.invalid/", proxy = proxy_uri "ann:open-sesame@" }
    assert.equal("the proxy refused with HTTP 500: Unable to connect", tostring(reason))
    assert.matches("CONNECT nowhere.invalid:80 ", proxy:read "Request", 1, true)
  end)

  it("says when the proxy is not there", function()
    local port = raw_server.free_port()
    local reason = outcome_of { uri = plain_uri(), proxy = ("http://ann:hunter2@127.0.0.1:%d"):format(port) }
    local words = "no way through the proxy: connection refused by 127.0.0.1:%d"
    assert.equal(words:format(port), tostring(reason))
    assert.equal("proxy", reason.stage)
  end)

  it("gives up on a proxy that says nothing", function()
    local silent = raw_server.listen()
    local reason = outcome_of {
      uri = plain_uri(), proxy = ("http://127.0.0.1:%d"):format(silent.port), connect_timeout_msec = 50,
    }
    assert.same({ "connect_timeout", "proxy" }, { reason.kind, reason.stage })
    assert.equal("no connection in time, while waiting for the proxy", tostring(reason))
    silent:close()
  end)

  it("takes the proxy of the environment for wss://", function()
    local uv = require "luv"
    local before = os.getenv "https_proxy"
    uv.os_setenv("https_proxy", proxy_uri())
    local reason = outcome_of { uri = "wss://nowhere.invalid/" }
    if before then uv.os_setenv("https_proxy", before) else uv.os_unsetenv "https_proxy" end
    assert.equal(407, reason.status)
  end)
end)
