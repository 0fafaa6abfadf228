-- The faults of the proxy, each shown with plain TCP on both sides. Times are bounded from below by what
-- was asked for; from above only generously, since the machine may be busy.
local faults = require "slipstream.faults"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local raw_tcp = require "spec.support.raw_tcp"
local uv = require "luv"

local MiB = 1 << 20
local GENEROUS = 5000 -- msec

describe("faults #wire", function()
  local server, net, peers

  before_each(function()
    server, peers = raw_tcp.listen(), {}
    net = assert(faults.listen { to = { "127.0.0.1", server.port }, seed = 7 })
  end)

  after_each(function()
    net:close()
    for _, peer in ipairs(peers) do peer:close() end
    server:close()
    assert.is_true(loop.is_empty())
  end)

  -- A connection through the proxy: both of its ends, and the proxy's own.
  local function open()
    local client = assert(raw_tcp.connect(net.port))
    peers[#peers + 1] = client
    local peer = server:accept()
    local connections = net:connections()
    return client, peer, connections[#connections]
  end

  local function msec_of(fn)
    local began = uv.hrtime()
    fn()
    return (uv.hrtime() - began) / 1e6
  end

  local function assert_took(msec, least)
    local is_right = msec >= least - 1 and msec < least + GENEROUS
    assert.is_true(is_right, ("%g msec instead of %g"):format(msec, least))
  end

  it("without any passes everything on, both ways, and the ends too", function()
    local client, peer, connection = open()
    local long = ("0123456789abcdef"):rep(MiB // 4)
    client:send(long)
    assert.is_true(peer:take(#long) == long)
    peer:send "hello"
    assert.equal("hello", (client:take(5)))
    client:finish()
    assert.equal("eof", peer:ending())
    peer:send "bye"
    assert.equal("bye", (client:take(3)))
    peer:finish()
    assert.equal("eof", client:ending())
    assert.is_true(loop.wait(function() return connection.outcome end))
    assert.equal("closed", connection.outcome)
    assert.same({
      accepted = 1, open = 0, closed = 1, cut = 0, reset = 0, unreachable = 0, up = #long, down = 8, held = 0,
    }, net:stats())
  end)

  it("without any passes a reset on, in either direction", function()
    local client, peer = open()
    client:reset()
    assert.equal("ECONNRESET", peer:ending())
    client, peer = open()
    peer:reset()
    assert.equal("ECONNRESET", client:ending())
    assert.equal(2, net:stats().reset)
  end)

  it("without any resets who comes while the target is not there", function()
    local gone = raw_tcp.listen()
    gone:close()
    local elsewhere = assert(faults.listen { to = { "127.0.0.1", gone.port } })
    local client, err = raw_tcp.connect(elsewhere.port)
    assert.equal("ECONNRESET", client and client:ending() or err)
    if client then client:close() end
    assert.equal(1, elsewhere:stats().unreachable)
    elsewhere:close()
  end)

  describe("latency", function()
    it("delays one way, and the other one not", function()
      local client, peer = open()
      net.down:latency(80)
      client:send "a"
      peer:take(1)
      peer:send "b"
      local _, msec = client:take(1)
      assert_took(msec, 80)
    end)

    it("keeps the order of the bytes, whatever the jitter", function()
      local client, peer = open()
      net.up:latency(10, 10)
      local sent = {}
      for i = 1, 40 do
        sent[i] = ("%03d,"):format(i)
        client:send(sent[i])
        loop.turn()
      end
      assert.equal(table.concat(sent), (peer:take(160)))
    end)

    it("delays the end, too, behind the bytes", function()
      local client, peer = open()
      net.up:latency(50)
      local msec = msec_of(function()
        client:send "last"
        client:finish()
        assert.equal("eof", peer:ending())
      end)
      assert_took(msec, 50)
      assert.equal("last", peer:rest())
    end)

    it("that is over lets go at once of what it held", function()
      local client, peer = open()
      net:latency(3600000)
      client:send "a"
      assert.is_true(loop.wait(function() return net:stats().held == 1 end))
      net:clear()
      assert.equal("a", (peer:take(1)))
    end)
  end)

  it("bandwidth lets no more through than so many bytes per second", function()
    local client, peer = open()
    net.up:bandwidth(20000)
    client:send(("x"):rep(2000))
    local _, msec = peer:take(2000)
    assert_took(msec, 100)
    assert.is_true(#peer.pieces > 2)
  end)

  it("bandwidth may be less than a byte per second", function()
    local client, peer = open()
    net.up:bandwidth(1 / 60)
    client:send "x"
    assert.is_true(peer:hears_nothing(50))
    net.up:bandwidth()
    assert.equal("x", (peer:take(1)))
  end)

  it("slice makes pieces of that size, which come one by one", function()
    local client, peer = open()
    net.up:slice(3)
    client:send "0123456789"
    assert.equal("0123456789", (peer:take(10)))
    assert.same({ 3, 3, 3, 1 }, peer.pieces)
  end)

  describe("a stall", function()
    it("holds everything, the end too, and loses nothing", function()
      local client, peer = open()
      net:stall()
      client:send "abc"
      client:finish()
      assert.is_true(peer:hears_nothing(50))
      net:stall(false)
      assert.equal("abc", (peer:take(3)))
      assert.equal("eof", peer:ending())
    end)

    it("makes the sender wait, since nothing is read", function()
      local client = open()
      net.up:stall()
      local is_sent = false
      client.tcp:write(("x"):rep(32 * MiB), function() is_sent = true end)
      assert.is_false(loop.wait(function() return is_sent end, 100))
      assert.is_true(net:stats().held <= MiB)
    end)
  end)

  describe("a black hole", function()
    it("takes everything and closes nothing", function()
      local client, peer = open()
      net:black_hole()
      local is_sent = false
      client.tcp:write(("x"):rep(8 * MiB), function() is_sent = true end)
      assert.is_true(loop.wait(function() return is_sent end, GENEROUS))
      client:finish()
      assert.is_true(peer:hears_nothing(50))
      assert.same({ 1, 0 }, { net:stats().open, net:stats().held })
    end)

    it("that is over leaves dead who lost something, and lets all others through", function()
      local client, peer = open()
      local idle, idle_peer = open()
      net:black_hole()
      client:send "lost"
      assert.is_true(peer:hears_nothing(30))
      net:clear()
      client:send "late"
      assert.is_true(peer:hears_nothing(30))
      idle:send "fine"
      assert.equal("fine", (idle_peer:take(4)))
      local fresh, fresh_peer = open()
      fresh:send "new"
      assert.equal("new", (fresh_peer:take(3)))
    end)

    it("accepts who connects, and says nothing", function()
      net:black_hole()
      local client, peer = open()
      client:send "hello?"
      peer:send "hello!"
      assert.is_true(client:hears_nothing(50))
      assert.equal(0, #peer.pieces)
    end)

    it("does not tell that one end was reset", function()
      local client, peer = open()
      net:black_hole()
      client:reset()
      assert.is_true(peer:hears_nothing(50))
      peer:finish()
      assert.is_true(loop.wait(function() return net:stats().open == 0 end))
      assert.equal(1, net:stats().closed)
    end)

    it("may be one way only", function()
      local client, peer = open()
      net.down:black_hole()
      client:send "heard"
      assert.equal("heard", (peer:take(5)))
      peer:send "lost"
      assert.is_true(client:hears_nothing(50))
    end)
  end)

  it("reset is an RST to both ends", function()
    local client, peer = open()
    net:reset()
    assert.equal("ECONNRESET", client:ending())
    assert.equal("ECONNRESET", peer:ending())
    assert.equal(1, net:stats().reset)
  end)

  it("cut is an end to both", function()
    local client, peer = open()
    net:cut()
    assert.equal("eof", client:ending())
    assert.equal("eof", peer:ending())
    assert.equal(1, net:stats().cut)
  end)

  it("half_close ends one way, while the other goes on", function()
    local client, peer, connection = open()
    connection.down:half_close()
    assert.equal("eof", client:ending())
    client:send "still here"
    assert.equal("still here", (peer:take(10)))
    peer:send "to nobody"
    assert.is_true(peer:hears_nothing(30))
    client:finish()
    assert.equal("eof", peer:ending())
    assert.is_true(loop.wait(function() return connection.outcome == "closed" end))
  end)

  it("half_close counts also while the server is still dialled", function()
    local client = assert(raw_tcp.connect(net.port))
    peers[#peers + 1] = client
    assert.is_true(loop.wait(function() return net:connections()[1] end))
    net.down:half_close()
    assert.equal("eof", client:ending())
    client:send "hello"
    assert.equal("hello", (server:accept():take(5)))
  end)

  it("cut_after lets exactly so many bytes through, then closes both ends", function()
    local client, peer = open()
    net.down:cut_after(5)
    peer:send "12"
    client:take(2)
    peer:send "3456789"
    assert.equal("eof", client:ending())
    assert.equal("345", client:rest())
    assert.truthy(peer:ending())
    assert.equal(1, net:stats().cut)
  end)

  it("cut_after counts for each new connection from its start", function()
    net.up:cut_after(2)
    for _ = 1, 2 do
      local client, peer = open()
      client:send "abc"
      assert.equal("eof", peer:ending())
      assert.equal("ab", peer:rest())
    end
    net.up:cut_after(0)
    local client = raw_tcp.connect(net.port)
    peers[#peers + 1] = client
    assert.truthy(client:ending())
  end)

  describe("corrupt", function()
    -- What the target gets for `sent`, in one piece or in two.
    local function through(sent, cut, how)
      local client, peer = open()
      net.up:corrupt(how)
      client:send(sent:sub(1, cut))
      local got = cut > 0 and peer:take(cut) or ""
      client:send(sent:sub(cut + 1))
      return got .. (#sent > cut and peer:take(#sent - cut) or "")
    end

    it("changes every so-manieth byte, wherever the stream is cut", function()
      local sent = ("a"):rep(10)
      for _, cut in ipairs { 3, 10, 1 } do
        local got = through(sent, cut, 3)
        local changed = {}
        for i = 1, #got do changed[i] = got:byte(i) ~= sent:byte(i) and 1 or 0 end
        assert.same({ 0, 0, 1, 0, 0, 1, 0, 0, 1, 0 }, changed)
      end
    end)

    it("changes them the same way at each run, and otherwise with another seed", function()
      local function run(seed)
        net:close()
        net = assert(faults.listen { to = { "127.0.0.1", server.port }, seed = seed })
        return through(("a"):rep(20), 20, 1)
      end
      local first = run(1)
      assert.equal(first, run(1))
      assert.are_not.equal(first, run(2))
      assert.is_nil(first:find "a")
    end)

    it("does what a function says", function()
      assert.equal("HELLO", through("hello", 5, string.upper))
    end)

    it("passes bytes on as they are when the function fails, and says so", function()
      local told = {}
      local former = log.set_sink(function(_, entry) told[#told + 1] = entry end)
      assert.equal("hello", through("hello", 5, function() error "boom" end))
      log.set_sink(former)
      assert.equal("faults: the function of corrupt failed", told[1].text)
      assert.truthy(told[1].fields.traceback:find("faults_spec.lua:%d+: boom"))
    end)
  end)

  describe("refuse", function()
    it("is refused by the kernel, and keeps the port for later", function()
      local client, peer = open()
      net:refuse()
      assert.same({ nil, "ECONNREFUSED" }, { raw_tcp.connect(net.port) })
      client:send "still here"
      assert.equal("still here", (peer:take(10)))
      net:refuse(false)
      local other, other_peer = open()
      other:send "new"
      assert.equal("new", (other_peer:take(3)))
    end)

    it("is over when all is cleared, and no harm twice", function()
      net:refuse():refuse():clear():clear()
      open()
    end)
  end)

  it("of one connection leave the others alone", function()
    local _, peer, connection = open()
    local other, other_peer = open()
    connection:black_hole()
    peer:send "lost"
    other:send "fine"
    assert.equal("fine", (other_peer:take(4)))
    connection:cut()
    assert.equal("eof", peer:ending())
    assert.same({ 1, 1 }, { net:stats().open, net:stats().cut })
  end)

  it("hold a bounded number of bytes while the receiver reads nothing", function()
    local client, peer = open()
    peer.tcp:read_stop()
    local long = ("x"):rep(16 * MiB)
    client:send(long)
    local most = 0
    loop.wait(function()
      most = math.max(most, net:stats().held)
      return false
    end, 200)
    assert.is_true(most > 0 and most < 2 * MiB, most)
    peer:read()
    assert.is_true(#peer:take(#long) == #long)
  end)

  it("are over when the proxy is closed, and it says so", function()
    local client = open()
    net:close()
    net:close()
    assert.truthy(client:ending())
    local ok, text = pcall(function() net:latency(1) end)
    assert.is_false(ok)
    assert.truthy(text:find "^spec/wire/faults_spec.lua:%d+: attempt to use a closed proxy$")
  end)

  it("that are asked for wrongly raise, at the script's line", function()
    local wrong = {
      ["'latency' (msec from 0 to 2147483647 expected, got -1)"] = function() net:latency(-1) end,
      ["#2 to 'latency' (msec from 0 to 2147483647 expected, got x)"] = function() net.up:latency(1, "x") end,
      ["'slice' (an integer from 1 expected, got 0)"] = function() net.down:slice(0) end,
      ["'bandwidth' (bytes per second from 1e-6 to 1e12 expected, got 0)"] = function() net:bandwidth(0) end,
      ["(slipstream.faults.proxy expected, got no value)"] = function() net.cut() end,
      ["'listen' (to: a URI or { host, port } expected)"] = function() faults.listen {} end,
      ["'listen' (no such option: prot, did you mean port?)"] = function()
        faults.listen { to = "ws://127.0.0.1:1", prot = 1 }
      end,
    }
    for expected, fn in pairs(wrong) do
      local ok, text = pcall(fn)
      assert.is_false(ok)
      assert.truthy(text:find "^spec/wire/faults_spec.lua:%d+: ", text)
      assert.truthy(text:find(expected, 1, true), text)
    end
  end)

  it("that cannot listen say why", function()
    local proxy, text = faults.listen { to = { "127.0.0.1", server.port }, port = net.port }
    assert.is_nil(proxy)
    assert.equal(("cannot listen at 127.0.0.1:%d: address already in use"):format(net.port), text)
  end)

  it("may be met on IPv6", function()
    local proxy <close> = assert(faults.listen { to = { "localhost", server.port }, host = "::1" })
    assert.equal(("ws://[::1]:%d/socket/websocket"):format(proxy.port), proxy:uri())
  end)

  it("have an address for clients: the target's path, or another", function()
    local proxy = assert(faults.listen { to = "wss://localhost:4433/live/websocket?a=b" })
    assert.equal(("wss://127.0.0.1:%d/live/websocket?a=b"):format(proxy.port), proxy:uri())
    assert.equal(("wss://127.0.0.1:%d/x"):format(proxy.port), proxy:uri "/x")
    assert.equal(("ws://127.0.0.1:%d/socket/websocket"):format(net.port), net:uri())
    proxy:close()
  end)
end)
