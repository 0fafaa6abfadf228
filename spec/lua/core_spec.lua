-- slipstream.core as our own Lua files see it.
local core = require "slipstream.core"
local uv = require "luv"

describe("core", function()
  local host

  before_each(function() host = core.pretend(1) end)
  after_each(function() host:close() end)

  it("keeps the loop although package.loaded lost luv", function()
    local luv = package.loaded.luv
    package.loaded.luv = nil
    collectgarbage()
    collectgarbage()
    uv.new_timer():close()
    uv.run "nowait" -- luv wants to see it closed before the state ends
    package.loaded.luv = luv
  end)

  it("writes bytes in hex, and reads them", function()
    local bytes = "\0\x09\x0a\x7f\x80\xff" .. ("x"):rep(100000)
    assert.equal("00090a7f80ff" .. ("78"):rep(100000), core.to_hex(bytes))
    assert.equal(bytes, core.from_hex(core.to_hex(bytes)))
    assert.equal("\xab\xcd", core.from_hex "aBCd")
    assert.equal("", core.from_hex "")
    for _, text in ipairs { "0", "0g", "@0", "a ", "\0\0", "é" } do assert.is_nil(core.from_hex(text)) end
  end)

  it("puts bytes under a mask, and takes it off", function()
    assert.equal("\1\0\7\4\0", core.ws_mask("\0\2\4\0\1", "\1\2\3\4"))
    local bytes = ("wörld"):rep(1000)
    assert.equal(bytes, core.ws_mask(core.ws_mask(bytes, "\xff\0\x80\1"), "\xff\0\x80\1"))
    assert.has_error(function() core.ws_mask("", "123") end)
  end)

  it("has one host on luv's loop, and as many pretended ones as asked for", function()
    assert.equal(core.host(), core.host())
    assert.not_equal(core.pretend(), core.pretend())
    assert.has_error(function() core.host():advance(1) end,
      "calling 'advance' on bad self (a pretended host is needed)")
  end)

  it("moves a pretended clock only when asked", function()
    local now = host:now()
    assert.equal(now, host:now())
    host:advance(250)
    assert.equal(now + 250, host:now())
  end)

  it("has a clock that goes on within a turn, and a pretended one only when asked", function()
    local real = core.host()
    local first = real:clock()
    for _ = 1, 10000 do local _ = {} end
    assert.equal("float", math.type(first))
    assert.is_true(real:clock() > first)
    assert.equal(host:now(), host:clock())
    host:advance(250)
    assert.equal(host:now(), host:clock())
  end)

  it("raises when something closed is used", function()
    local client = host:client({}, {})
    client:close()
    client:close()
    for _, name in ipairs { "connect", "idle", "stats", "dial", "join" } do
      assert.has_error(function() client[name](client) end, "attempt to use a closed client")
    end
    local other = host:client({}, {})
    host:close()
    host:close()
    assert.has_error(function() other:connect() end, "attempt to use a closed client")
    assert.has_error(function() host:now() end, "attempt to use a closed host")
  end)

  it("tells no event of a client that is closed inside one", function()
    local heard = {}
    local socket = {}
    socket.client = host:client({
      connect_due = function(self)
        heard[#heard + 1] = "connect_due"
        self.client:dial_failed "no"
        self.client:close()
      end,
      disconnected = function() heard[#heard + 1] = "disconnected" end,
    }, socket)
    socket.client:connect()
    host:advance(1000)
    assert.same({ "connect_due" }, heard)
  end)

  it("gives an error of a handler to failed, and goes on", function()
    local heard = {}
    local handlers = {
      connect_due = function() error("boom") end,
      failed = function(socket, name, text) heard[#heard + 1] = { socket.name, name, text } end,
    }
    local client = host:client(handlers, { name = "ann" })
    client:connect()
    host:advance(0)
    assert.same({ "ann", "connect_due" }, { heard[1][1], heard[1][2] })
    assert.truthy(heard[1][3]:find("boom\nstack traceback:", 1, true))
    assert.is_false(client:idle())
  end)

  it("dials only what can be dialled", function()
    local client = host:client({}, {})
    assert.same({ nil, "not_due", "not_due" }, { client:dial { uri = "ws://phoenix.test" } })
    assert.has_error(function() client:dial { uri = "wss://phoenix.test" } end)
    assert.has_error(function() client:dial { uri = "http://phoenix.test" } end)
    client:connect()
    host:advance(0)
    local ok, text, code = client:dial { uri = "ws://phoenix.test", headers = { { "x", "a\r\nb" } } }
    assert.is_nil(ok)
    assert.is_string(text)
    assert.equal("invalid", code)
  end)

  it("brackets an IPv6 address in the Host header, and names a port that was named", function()
    local function host_of(uri)
      local client
      client = host:client({ connect_due = function() assert(client:dial { uri = uri }) end }, {})
      client:connect()
      host:advance(0)
      local peer = host:peer()
      peer:accept()
      host:advance(0)
      local found = peer:take():match("Host: ([^\r]*)\r\n")
      client:close()
      return found, peer:target()
    end
    assert.same({ "[::1]:4000", "::1", 4000, false }, { host_of "ws://[::1]:4000/socket" })
    assert.same({ "phoenix.test", "phoenix.test", 80, false }, { host_of "ws://phoenix.test" })
  end)

  it("takes the other end of a client's own dial, once", function()
    local function dialling(uri)
      local client
      client = host:client({ connect_due = function() assert(client:dial { uri = uri }) end }, {})
      client:connect()
      return client
    end
    local first, second = dialling "ws://a.test", dialling "ws://b.test"
    assert.is_nil(host:peer(second))
    host:advance(0)
    assert.equal("b.test", (host:peer(second):target()))
    assert.is_nil(host:peer(second))
    assert.equal("a.test", (host:peer():target()))
    first:close()
    assert.is_nil(host:peer(first))
    assert.has_error(function() core.pretend():peer(second) end,
      "bad argument #1 to 'peer' (a client of this host expected)")
  end)

  it("knows of a pretended host when something is due", function()
    assert.is_true(host:is_pretended())
    assert.is_false(core.host():is_pretended())
    assert.is_nil(host:due())
    local timer = host:timer(function() end, {})
    timer:set(70)
    host:advance(20)
    assert.equal(50, host:due())
  end)

  it("answers a key as RFC 6455 section 1.3 does", function()
    assert.equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", core.ws_accept "dGhlIHNhbXBsZSBub25jZQ==")
  end)

  it("reads the parts of a uri", function()
    assert.same({ secure = true, host = "phoenix.test", port = 443, path = "/a", query = "b=c" },
      core.uri_read "wss://phoenix.test/a?b=c")
    assert.same({ nil, "scheme must be ws or wss, got http", "invalid" }, { core.uri_read "http://x" })
  end)

  it("reads what a client sends", function()
    local wanted = { kind = "push", join_ref = "1", ref = "2", topic = "t", event = "e" }
    wanted.payload, wanted.is_binary = '{"a":1}', false
    assert.same(wanted, core.message_read('["1","2","t","e",{"a":1}]', false, 2))
    local bytes = string.pack("BBBBB", 0, 1, 1, 1, 1) .. "12te" .. "\0\255"
    wanted.payload, wanted.is_binary = "\0\255", true
    assert.same(wanted, core.message_read(bytes, true, 2))
    wanted.join_ref, wanted.payload, wanted.is_binary = nil, "{}", false
    local text_1 = '{"topic":"t","event":"e","payload":{},"ref":"2"}'
    assert.same(wanted, core.message_read(text_1, false, 1))
    local message, text, code = core.message_read("[1", false, 2)
    assert.is_nil(message)
    assert.is_string(text)
    assert.equal("malformed", code)
  end)

  it("writes what a server sends", function()
    local reply = { kind = "reply", join_ref = "1", ref = "2", topic = "t", event = "phx_reply" }
    reply.status, reply.payload = "ok", '{"n":1}'
    local bytes, is_binary = core.message_write(reply)
    local payload = { status = "ok", response = { n = 1 } }
    assert.same({ "1", "2", "t", "phx_reply", payload }, core.json.decode(bytes))
    assert.is_false(is_binary)
    local broadcast = { kind = "broadcast", topic = "t", event = "e", payload = "\1", is_binary = true }
    assert.same({ "\2\1\1te\1", true }, { core.message_write(broadcast) })
    broadcast.vsn = 1
    assert.equal("invalid", select(3, core.message_write(broadcast)))
    assert.has_error(function() core.message_write { kind = "odd" } end)
  end)
end)
