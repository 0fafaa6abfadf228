-- The real client and the embedded server with a bad network between them (slipstream.faults): what is
-- noticed, in which time, under which name, and that everything comes back when the weather clears.
local core = require "slipstream.core"
local default_app = require "slipstream.server.default_app"
local faults = require "slipstream.faults"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local witness = require "spec.support.witness"

local MiB = 1 << 20
local PATIENCE = 10000 -- msec; the machine may be busy
local SOON = 2000 -- msec; far less than what would end it otherwise

describe("in bad weather #wire", function()
  local server, net, client, former

  before_each(function()
    former = log.set_sink(function() end)
    server = assert(default_app.new():listen())
    net = assert(faults.listen { to = { server.host, server.port }, seed = 1 })
  end)

  after_each(function()
    client:stop()
    net:close()
    server:kill()
    core.host():close()
    assert.is_true(loop.is_empty())
    log.set_sink(former)
  end)

  local function start(config)
    local all = { uri = net:uri() }
    for key, value in pairs(config or {}) do all[key] = value end
    client = witness.start(all)
  end

  local function open(config)
    start(config)
    client:expect "handle_join"
  end

  local function the_connection()
    local list = net:connections()
    return list[#list]
  end

  describe("that is only bad", function()
    it("works over a slow link", function()
      net:latency(20, 15):bandwidth(20000)
      open { heartbeat_interval_msec = 50 }
      client:expect_echo()
      assert.equal(1, net:stats().accepted)
    end)

    it("works when each byte comes by itself", function()
      net:slice(1)
      open { heartbeat_interval_msec = 20 }
      client:expect_echo()
      assert.equal(1, net:stats().accepted)
    end)

    it("loses nothing in an outage that TCP survives", function()
      open()
      net:stall()
      client.socket:push("room:1", "echo", {})
      assert.is_false(loop.wait(function() return client:has_news() end, 50))
      net:clear()
      assert.equal("ok", select(2, client:expect "handle_reply"))
      assert.equal(1, net:stats().accepted)
    end)
  end)

  describe("that swallows everything", function()
    it("notices by the heartbeat, in time, and comes back when it can", function()
      open { heartbeat_interval_msec = 60, heartbeat_timeout_msec = 120, connect_timeout_msec = 100 }
      net:black_hole()
      local _, msec = client:expect_reason "heartbeat_timeout"
      assert.is_true(msec >= 119 and msec < 60 + 120 + SOON, msec)
      client:expect_reason("connect_timeout", "upgrade")
      net:clear()
      client:expect_recovery()
    end)

    it("ends the link at once where the server can hear of it", function()
      open { heartbeat_interval_msec = 30, heartbeat_timeout_msec = 60, reconnect_after_msec = { 60000 } }
      assert.equal(1, #server:connected())
      net.down:black_hole()
      client:expect_reason "heartbeat_timeout"
      assert.is_true(loop.wait(function() return #server:connected() == 0 end, SOON))
    end)

    it("ends the attempt in time, and says that the server's answer was awaited", function()
      net:black_hole()
      start { connect_timeout_msec = 80 }
      local _, msec = client:expect_reason("connect_timeout", "upgrade")
      assert.is_true(msec >= 79 and msec < 80 + SOON, msec)
      net:clear()
      client:expect_recovery()
    end)
  end)

  describe("that lets a byte through now and then", function()
    it("ends the attempt in time when the answer takes a minute for a byte", function()
      net.down:bandwidth(1 / 60)
      start { connect_timeout_msec = 80 }
      client:expect_reason("connect_timeout", "upgrade")
    end)

    it("does not take some bytes of the answer for the whole", function()
      net.down:bandwidth(50)
      start { connect_timeout_msec = 200 }
      local _, msec = client:expect_reason("connect_timeout", "upgrade")
      assert.is_true(msec >= 199, msec)
      assert.is_true(net:stats().down > 0)
      net:clear()
      client:expect_recovery()
    end)

    it("does not take some bytes of a frame for the heartbeat's answer", function()
      open { heartbeat_interval_msec = 30, heartbeat_timeout_msec = 150 }
      local connection = the_connection()
      local before = connection:stats().down
      connection.down:bandwidth(50)
      local _, msec = client:expect_reason "heartbeat_timeout"
      assert.is_true(msec >= 149, msec)
      assert.is_true(connection:stats().down > before)
      client:expect_recovery()
    end)
  end)

  it("gives up a link that takes no more bytes, and answers the push", function()
    open { write_timeout_msec = 80, max_queue_bytes = 64 * MiB }
    the_connection():stall()
    local ref = assert(client.socket:push("room:1", "echo", { text = ("x"):rep(24 * MiB) }))
    local replied, status = client:expect "handle_reply"
    assert.same({ ref, "error" }, { replied, status })
    client:expect_reason "write_stalled"
    client:expect_recovery()
  end)

  describe("that breaks connections", function()
    it("comes back after a reset", function()
      open()
      net:reset()
      client:expect_reason "connection_lost"
      client:expect_recovery()
    end)

    it("comes back after a cut", function()
      open()
      net:cut()
      client:expect_reason "connection_lost"
      client:expect_recovery()
    end)

    it("comes back when the server's half of the connection ends", function()
      open()
      net.down:half_close()
      client:expect_reason "connection_lost"
      client:expect_recovery()
    end)

    it("comes back when the server hears that the client's half has ended", function()
      open()
      net.up:half_close()
      client:expect_reason "connection_lost"
      client:expect_recovery()
    end)

    it("answers the push, tells nothing of half a message, and comes back", function()
      open()
      the_connection().down:cut_after(20)
      local ref = assert(client.socket:push("room:1", "echo", { text = ("x"):rep(100) }))
      local replied, status = client:expect "handle_reply"
      assert.same({ ref, "error" }, { replied, status })
      client:expect_reason "connection_lost"
      client:expect_recovery()
    end)

    it("comes back when it ends within the answer to the upgrade", function()
      net.down:cut_after(40)
      start()
      client:expect_reason("connect_failed", "upgrade")
      net:clear()
      client:expect_recovery()
    end)
  end)

  describe("that spoils bytes", function()
    it("calls reserved bits a mistake of the protocol, and comes back", function()
      open()
      the_connection().down:corrupt(function(bytes)
        return string.char(bytes:byte() | 0x70) .. bytes:sub(2)
      end)
      assert(client.socket:push("room:1", "echo", {}))
      client:expect_reason "protocol_error"
      client:expect_recovery()
    end)

    it("comes back whichever bytes are spoilt", function()
      open { heartbeat_interval_msec = 30, heartbeat_timeout_msec = 60, max_message_bytes = MiB }
      for every = 1, 12 do
        local connection = the_connection()
        connection.down:corrupt(every)
        client.socket:push("room:1", "echo", {})
        assert.is_true(loop.wait(function() return connection.outcome end, PATIENCE), every)
        client:expect "handle_disconnect"
        client:expect_recovery()
      end
    end)

    it("takes no spoilt answer for an upgrade", function()
      net.down:corrupt(1)
      start { connect_timeout_msec = 200 }
      local reason = client:expect "handle_disconnect"
      assert.equal("upgrade", reason.stage)
      net:clear()
      client:expect_recovery()
    end)
  end)

  describe("that lets nobody in", function()
    it("tries again after each wait, not before, and gets in when it can", function()
      local waits = { 20, 40, 80 }
      open { reconnect_after_msec = waits }
      net:refuse():cut()
      client:expect_reason "connection_lost"
      for _, wait in ipairs(waits) do
        local _, msec = client:expect_reason("connect_failed", "tcp")
        assert.is_true(msec >= wait - 5, msec) -- what the loop does meanwhile is not waited for here
      end
      net:clear()
      client:expect_recovery()
    end)

    it("tries again while the proxy finds no server", function()
      local port = server.port
      open()
      server:kill()
      client:expect_reason "connection_lost"
      local reason = client:expect "handle_disconnect"
      assert.equal("connect_failed", reason.kind, tostring(reason))
      server = assert(default_app.new():listen { port = port })
      client:expect_recovery()
    end)
  end)
end)
