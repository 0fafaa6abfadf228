-- wss from the script's end: what `tls` in the config does. The TLS server is socat, in front of the embedded
-- server; the words for each kind of failure are in spec/net/tls_test.c.
local default_app = require "slipstream.server.default_app"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local slipstream = require "slipstream"

local function openssl(arguments)
  local code, run = program.run(arguments, { path = "openssl" })
  assert(code == 0, run:errors())
end

-- A certificate for 127.0.0.1, signed by itself, so that it is its own CA.
local function new_certificate()
  local folder = program.folder()
  local certificate = { file = folder .. "/cert.pem", key = folder .. "/key.pem" }
  openssl {
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
    "-keyout", certificate.key, "-out", certificate.file,
  }
  return certificate
end

describe("wss #wire", function()
  local server, certificate, port, sink

  -- One TLS connection to the server; answers its port.
  local function serve_tls()
    local tls = program.start({
      "-d", "-d",
      ("openssl-listen:0,bind=127.0.0.1,verify=0,cert=%s,key=%s"):format(certificate.file, certificate.key),
      ("tcp:127.0.0.1:%d"):format(server.port),
    }, { path = "socat" })
    return tonumber(tls:read_error("listening on"):match ":(%d+)$")
  end

  before_each(function()
    sink = slipstream.log.set_sink(function() end)
    server = assert(default_app.new():listen { port = 0 })
    certificate = new_certificate()
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
