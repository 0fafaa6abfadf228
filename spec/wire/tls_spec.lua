-- wss from the script's end: what `tls` in the config does. The TLS server is socat, in front of the embedded
-- server; the words for each kind of failure are in spec/net/tls_test.c.
local default_app = require "slipstream.server.default_app"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local self_signed = require "spec.support.self_signed"
local slipstream = require "slipstream"

describe("wss #wire", function()
  local server, certificate, port, sink

  -- One TLS connection to the server; answers its port. `options` are more of socat's.
  local function serve_tls(options)
    local tls = program.start({
      "-d", "-d",
      ("openssl-listen:0,bind=127.0.0.1,cert=%s,key=%s,%s"):format(certificate.file, certificate.key,
        options or "verify=0"),
      ("tcp:127.0.0.1:%d"):format(server.port),
    }, { path = "socat" })
    return tonumber(tls:read_error("listening on"):match ":(%d+)$")
  end

  before_each(function()
    sink = slipstream.log.set_sink(function() end)
    server = assert(default_app.new():listen { port = 0 })
    certificate = self_signed.new(program.folder())
    port = serve_tls()
  end)

  after_each(function()
    slipstream.log.set_sink(sink)
    local is_gone = false
    server:kill(function() is_gone = true end)
    program.clean_up()
    assert.is_true(loop.wait(function() return is_gone end))
  end)

  -- Connects with these settings; answers how it ended, as text: the reply to a ping, or the reason.
  local function outcome_of(uri, tls)
    local outcome
    local Client = slipstream.client()
    function Client:init() assert(self:connect { uri = uri, tls = tls }) end
    function Client:handle_connect() self:join("room:lobby", { user = "ann" }) end
    function Client:handle_join(topic) self:push(topic, "ping", {}) end
    function Client.handle_reply(_, _, status)
      outcome = status
      return "stop", "normal"
    end
    function Client.handle_disconnect(_, reason)
      outcome = tostring(reason)
      return "stop", "normal"
    end
    local client = slipstream.start(Client)
    assert.is_true(loop.wait(function() return not client:alive() end))
    return outcome
  end

  local function uri(host) return ("wss://%s:%d/socket/websocket"):format(host, port) end

  it("joins and pushes when the CA is known", function()
    assert.equal("ok", outcome_of(uri "127.0.0.1", { ca_file = certificate.file }))
  end)

  it("refuses a certificate that nobody known has signed", function()
    assert.matches("^TLS failed: .*self%-signed", outcome_of(uri "127.0.0.1"))
  end)

  it("refuses a certificate for another name", function()
    local tls = { ca_file = certificate.file }
    assert.matches("^TLS failed: .*hostname mismatch", outcome_of(uri "localhost", tls))
  end)

  it("takes any certificate when told not to verify", function()
    assert.equal("ok", outcome_of(uri "127.0.0.1", { verify = false }))
  end)

  it("verifies the name that it is told", function()
    local tls = { ca_file = certificate.file, server_name = "example.org" }
    assert.matches("^TLS failed: .*hostname mismatch", outcome_of(uri "127.0.0.1", tls))
  end)

  it("shows its own certificate to a server that wants one", function()
    local ours = self_signed.new(program.folder(), "ours")
    port = serve_tls(("verify=1,cafile=%s"):format(ours.file))
    local tls = { ca_file = certificate.file, cert_file = ours.file, key_file = ours.key }
    assert.equal("ok", outcome_of(uri "127.0.0.1", tls))
  end)

  it("is refused by such a server without one", function()
    port = serve_tls(("verify=1,cafile=%s"):format(certificate.file))
    local tls = { ca_file = certificate.file }
    assert.matches("the server requires a client certificate, see tls.cert_file",
      outcome_of(uri "127.0.0.1", tls), 1, true)
  end)

  it("speaks no older version than it is told", function()
    port = serve_tls "verify=0,openssl-max-proto-version=TLS1.2"
    local tls = { ca_file = certificate.file, min_version = "1.3" }
    assert.equal("TLS failed: the server and we share no TLS version", outcome_of(uri "127.0.0.1", tls))
  end)

  it("says which file of its settings cannot be read", function()
    local Client = slipstream.client()
    local ok, text
    function Client:init()
      ok, text = self:connect { uri = uri "127.0.0.1", tls = { ca_file = "/nowhere.pem" } }
    end
    slipstream.start(Client):stop()
    assert.is_nil(ok)
    assert.matches("^tls: ca_file: /nowhere.pem: No such file", text)
  end)
end)
