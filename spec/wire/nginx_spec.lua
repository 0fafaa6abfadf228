-- Through a real nginx, with TLS in front of it, to the embedded server: what nginx does to idle links, when
-- it is reloaded or ends, and when the server goes away; and that the client makes the best of it.
local core = require "slipstream.core"
local default_app = require "slipstream.server.default_app"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local nginx = require "spec.support.nginx"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local witness = require "spec.support.witness"

local MiB = 1 << 20
local CUT = "the connection was lost: the connection was cut: it ended without TLS close_notify"
local NO_CLOSE_FRAME = "the connection was lost: it ended without a close frame"

describe("through nginx #wire", function()
  local server, front, client, former

  before_each(function()
    former = log.set_sink(function() end)
    server = assert(default_app.new():listen())
  end)

  after_each(function()
    if client then client:stop() end
    if front then front:stop() end
    server:kill()
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
    log.set_sink(former)
  end)

  local function config_of(more)
    local config = { uri = front:uri(), tls = front:tls() }
    for key, value in pairs(more or {}) do config[key] = value end
    return config
  end

  -- nginx with these settings, and a client behind it that is in room:1.
  local function open(settings, config)
    front = nginx.start(server.port, settings)
    client = witness.join(config_of(config))
  end

  local function assert_lost(words)
    assert.equal(words, tostring(client:expect_reason "connection_lost"))
  end

  local function assert_refused(status, words)
    local reason, msec = client:expect_reason("connect_failed", "upgrade")
    assert.same({ status, words }, { reason.status, tostring(reason) })
    return msec
  end

  it("joins and pushes, and both sides end in good order", function()
    open()
    client:expect_echo()
    client.socket:disconnect()
    assert.equal("closed by the client with 1000", tostring(client:expect "handle_disconnect"))
    assert.is_true(loop.wait(function() return server:stats().closed == 1 end))
  end)

  it("is not trusted by who does not know its CA, nor under another name", function()
    local function assert_distrusted(words, config)
      client = witness.start(config)
      assert.matches(words, tostring(client:expect_reason("connect_failed", "tls")))
    end
    front = nginx.start(server.port)
    assert_distrusted("self%-signed", { uri = front:uri() })
    client:stop()
    local elsewhere = front:uri():gsub("127%.0%.0%.1", "localhost")
    assert_distrusted("hostname mismatch", { uri = elsewhere, tls = front:tls() })
  end)

  it("carries a message of 1 MiB each way", function()
    open()
    local text = ("x"):rep(MiB)
    local status, response = client:ask("echo", { text = text })
    assert.equal("ok", status)
    assert.is_true(response.text == text)
  end)

  describe("that gives up links with nothing to read", function()
    it("is cut off when heartbeats are rarer than that, and comes back", function()
      open({ proxy_read_timeout = "1s" }, { heartbeat_interval_msec = 30000 })
      assert_lost(NO_CLOSE_FRAME)
      front:read_log "upstream timed out (110: Connection timed out) while proxying upgraded connection"
      client:expect_recovery()
    end)

    it("stays with heartbeats that come more often", function()
      open({ proxy_read_timeout = "1s" }, { heartbeat_interval_msec = 200 })
      assert.is_false(loop.wait(function() return client:has_news() end, 2500))
      client:expect_echo()
    end)

    it("says that there was no answer when the server does not take the upgrade", function()
      local silent = raw_server.listen()
      front = nginx.start(silent.port, { proxy_read_timeout = "100ms" })
      client = witness.start(config_of())
      assert_refused(504, "the server refused with HTTP 504: Gateway Time-out")
      silent:close()
    end)
  end)

  describe("whose server goes away", function()
    it("is told the server's close code", function()
      open()
      server:stop()
      assert.equal("closed by the server with 1012: it restarts",
        tostring(client:expect "handle_disconnect"))
    end)

    it("is refused with 502, tries again after each wait, and comes back with the server", function()
      local waits, port = { 20, 40, 80 }, server.port
      open({}, { reconnect_after_msec = waits })
      server:kill()
      assert_lost(NO_CLOSE_FRAME)
      for _, wait in ipairs(waits) do
        local msec = assert_refused(502, "the server refused with HTTP 502: Bad Gateway")
        assert.is_true(msec >= wait - 5, msec) -- what the loop does meanwhile is not waited for here
      end
      server = assert(default_app.new():listen { port = port })
      client:expect_recovery()
    end)
  end)

  describe("that is reloaded", function()
    it("stays with the old worker, while others come to the new one", function()
      open()
      front:reload()
      client:expect_echo()
      local other = witness.join(config_of())
      other:expect_echo()
      other:stop()
      client:expect_echo()
      assert.is_false(client:has_news())
    end)

    it("is cut off when the old worker may not stay, and comes back", function()
      open { worker_shutdown_timeout = "100ms" }
      front:reload()
      assert_lost(CUT)
      client:expect_recovery()
    end)
  end)

  describe("that ends", function()
    it("works on until the shutdown's time is over, and comes back with nginx", function()
      open { worker_shutdown_timeout = "1s" }
      front:quit()
      client:expect_echo()
      assert_lost(CUT)
      client:expect_reason("connect_failed", "tcp")
      assert.equal(0, front:exit())
      front:restart()
      client:expect_recovery()
    end)

    it("is cut off when it ends at once, and comes back with nginx", function()
      open()
      front:stop()
      assert_lost(CUT)
      front:restart()
      client:expect_recovery()
    end)
  end)
end)
