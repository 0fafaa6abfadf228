-- A client resumes a TLS session, its last one or another's. The server is `openssl s_server -www`, which
-- answers every request with a page about the connection: the body of a refused upgrade, to us.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local self_signed = require "spec.support.self_signed"
local slipstream = require "slipstream"

describe("a client over wss #wire", function()
  local certificate, sink

  before_each(function()
    sink = slipstream.log.set_sink(function() end)
    certificate = self_signed.new(program.folder())
  end)

  after_each(function()
    slipstream.log.set_sink(sink)
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
  end)

  -- Answers its port; `more` are further arguments.
  local function serve(...)
    local server = program.start({
      "s_server", "-www", "-accept", "127.0.0.1:0", "-cert", certificate.file, "-key", certificate.key, ...,
    }, { path = "openssl" })
    return tonumber(server:read("ACCEPT"):match ":(%d+)$")
  end

  local function reconnect(socket) assert(socket:reconnect()) end

  -- Stops; another one goes on.
  local function hand_over(_, _, Client)
    slipstream.start(Client)
    return "stop", "normal"
  end

  -- Connects `count` times, coming back each time; answers how each session began: "New" or "Reused". `hosts`
  -- are those of the attempts, otherwise it is always 127.0.0.1; `come_back` is how, `reconnect` if not said.
  local function beginnings(port, count, hosts, come_back)
    local seen = {}
    local Client = slipstream.client()
    local function config()
      return {
        uri = ("wss://127.0.0.1:%d/"):format(port), reconnect_after_msec = { 1 },
        tls = { ca_file = certificate.file, verify = hosts == nil },
      }
    end
    function Client:init() assert(self:connect(config())) end
    function Client:handle_disconnect(reason)
      seen[#seen + 1] = reason.body and reason.body:match "(%a+), TLSv1" or tostring(reason)
      collectgarbage() -- what made the settings must not go in between
      if #seen == count then return "stop", "normal" end
      return (come_back or reconnect)(self, config(), Client)
    end
    function Client.connect_params(_, attempt)
      if hosts then return { uri = ("wss://%s:%d/"):format(hosts[attempt], port) } end
    end
    slipstream.start(Client)
    assert.is_true(loop.wait(function() return #seen == count end))
    return seen
  end

  it("resumes its last session when it comes back", function()
    assert.same({ "New", "Reused", "Reused" }, beginnings(serve(), 3))
  end)

  it("does so with TLS 1.2", function()
    assert.same({ "New", "Reused", "Reused" }, beginnings(serve "-tls1_2", 3))
  end)

  it("does so when it connects anew with a config that says the same", function()
    local function connect(socket, config) assert(socket:connect(config)) end
    assert.same({ "New", "Reused", "Reused" }, beginnings(serve(), 3, nil, connect))
  end)

  it("resumes a session of another one with the same settings of TLS", function()
    assert.same({ "New", "Reused", "Reused" }, beginnings(serve(), 3, nil, hand_over))
    assert.same({ "New", "Reused", "Reused" }, beginnings(serve "-tls1_2", 3, nil, hand_over))
  end)

  it("does not resume with other settings of TLS", function()
    local function connect(socket, config)
      config.tls.verify = false
      assert(socket:connect(config))
    end
    assert.same({ "New", "New", "Reused" }, beginnings(serve(), 3, nil, connect))
  end)

  it("does not resume where it is not to, nor what it would leave then", function()
    local function connect(socket, config)
      config.tls.resume = false
      assert(socket:connect(config))
    end
    assert.same({ "New", "New", "New" }, beginnings(serve(), 3, nil, connect))
  end)

  it("does not resume elsewhere what was verified here", function()
    assert.same({ "New", "New", "Reused" }, beginnings(serve(), 3, { "127.0.0.1", "localhost", "localhost" }))
  end)
end)
