local config = require "slipstream.config"
local program = require "spec.support.program"
local self_signed = require "spec.support.self_signed"
local slipstream_log = require "slipstream.log"
local uv = require "luv"

local URI = "ws://phoenix.test/socket/websocket"

-- The config with a uri; nil and the fault, or the settings and what the core gets.
local function read(given)
  given.uri = given.uri or URI
  return config.read(given)
end

local function fault_of(given)
  local settings, fault = read(given)
  assert.is_nil(settings)
  return fault
end

local function dial(given, overrides) return assert(config.dial(assert(read(given)), overrides)) end

describe("a config", function()
  it("needs a uri, and nothing else", function()
    assert.same({ nil, "uri: needed" }, { config.read {} })
    assert.same({ nil, "config: table expected, got nil" }, { config.read(nil) })
    local _, numbers = assert(read {})
    assert.same({ vsn = "2.0.0" }, numbers)
  end)

  it("gives the core what it was given, and only that", function()
    local given = {
      heartbeat_interval_msec = 0, heartbeat_timeout_msec = 1, connect_timeout_msec = 2,
      join_timeout_msec = 3,
      push_timeout_msec = 4, write_timeout_msec = 5, stable_after_msec = 0, max_message_bytes = 7,
      max_queue_bytes = 8, jitter = 0, rejoin_on_reconnect = false, vsn = "1.0.0",
      reconnect_after_msec = { 0, 1 }, rejoin_after_msec = { 2 },
      compress = { server_max_window_bits = 9, client_no_context_takeover = true, level = 1, threshold = 0 },
    }
    local _, numbers = assert(read(given))
    given.uri = nil
    assert.same(given, numbers)
  end)

  it("refuses an unknown key by name, with the nearest that there is", function()
    assert.equal("heartbeat_intervall_msec: no such key, did you mean heartbeat_interval_msec?",
      fault_of { heartbeat_intervall_msec = 1 })
    assert.equal("url: no such key, did you mean uri?", fault_of { url = "x" })
    assert.equal("token: no such key, did you mean auth_token?", fault_of { token = "x" })
    assert.equal("tls: verify_peer: no such key, did you mean verify?",
      fault_of { tls = { verify_peer = true } })
    assert.equal("timeout_msec: no such key", fault_of { timeout_msec = 1 }) -- of which there are several
    assert.equal("ssl: no such key", fault_of { ssl = {} })
    assert.equal(
      "tls: sni: no such key; there are ca_file, cert_file, key_file, min_version, resume, server_name, "
        .. "verify", fault_of { tls = { sni = "x" } })
    assert.equal("quite_something_else: no such key", fault_of { quite_something_else = 1 })
    assert.equal("1: no such key", fault_of { "x" })
    assert.equal("tls: ca_fiel: no such key, did you mean ca_file?", fault_of { tls = { ca_fiel = "x" } })
  end)

  it("takes whole numbers however they are written", function()
    local _, numbers = config.read {
      uri = "ws://h/", connect_timeout_msec = 5e3, reconnect_after_msec = { 1e1 },
    }
    assert.equal(5000, numbers.connect_timeout_msec)
    assert.same({ 10 }, numbers.reconnect_after_msec)
  end)

  it("refuses a wrong type or range by name", function()
    local faults = {
      { { uri = 7 }, "uri: string expected, got number" },
      { { connect_timeout_msec = "1" }, "connect_timeout_msec: integer expected, got string" },
      { { connect_timeout_msec = 1.5 }, "connect_timeout_msec: integer expected, got float" },
      { { connect_timeout_msec = 0 }, "connect_timeout_msec: must be from 1 to 2147483647, got 0" },
      { { heartbeat_interval_msec = -1 }, "heartbeat_interval_msec: must be from 0 to 2147483647, got -1" },
      { { reconnect_after_msec = {} }, "reconnect_after_msec: must have 1 to 32 steps" },
      { { rejoin_after_msec = { 1, "2" } }, "rejoin_after_msec: [2]: integer expected, got string" },
      { { jitter = 2 }, "jitter: must be from 0 to 1, got 2" },
      { { jitter = 0 / 0 }, "jitter: must be from 0 to 1, got " .. 0 / 0 },
      { { max_buffered_pushes = 0 }, "max_buffered_pushes: must be from 1 to 10000, got 0" },
      { { max_buffered_pushes = 10001 }, "max_buffered_pushes: must be from 1 to 10000, got 10001" },
      { { rejoin_on_reconnect = 1 }, "rejoin_on_reconnect: boolean expected, got number" },
      { { vsn = "3.0.0" }, 'vsn: must be "2.0.0" or "1.0.0"' },
      { { params = 1 }, "params: table or function expected, got number" },
      { { headers = "a" }, "headers: table expected, got string" },
      { { headers = { "a" } }, "headers: a list of {name, value}, or a map of strings expected" },
      { { json = {} }, "json: functions encode and decode expected" },
      { { auth_token = "" }, "auth_token: must not be empty" },
      { { local_address = 1 }, "local_address: string or list of strings expected, got number" },
      { { local_address = {} }, "local_address: must have at least one address" },
      { { local_address = "localhost" }, "local_address: must be an IPv4 or IPv6 address" },
      { { local_address = "/run/app.sock" }, "local_address: must be an IPv4 or IPv6 address" },
      { { local_address = "127.0.0.1\0" }, "local_address: must be an IPv4 or IPv6 address" },
      { { local_address = { "::1", "10.0.0.256" } }, "local_address: [2]: must be an IPv4 or IPv6 address" },
      { { local_address = { "::1", 2 } }, "local_address: [2]: string expected, got number" },
      { { local_address = "::1", uri = "ws+unix:///x:/" }, "local_address: a unix socket has none" },
      { { compress = 1 }, "compress: boolean or table expected, got number" },
      { { compress = { window_bits = 9 } }, "compress: window_bits: no such key; there are "
        .. "client_max_window_bits, client_no_context_takeover, level, server_max_window_bits, "
        .. "server_no_context_takeover, threshold" },
      { { compress = { client_max_window_bits = 8 } },
        "compress: client_max_window_bits: must be from 9 to 15, got 8" },
      { { compress = { server_max_window_bits = 16 } },
        "compress: server_max_window_bits: must be from 9 to 15, got 16" },
      { { compress = { level = 0 } }, "compress: level: must be from 1 to 9, got 0" },
      { { compress = { threshold = -1 } }, "compress: threshold: must be from 0 to 2147483647, got -1" },
      { { compress = { server_no_context_takeover = 1 } },
        "compress: server_no_context_takeover: boolean expected, got number" },
      { { proxy = true }, "proxy: string or false expected, got boolean" },
      { { proxy = "http://ann:secret@a/b" }, "proxy: must be http://[user:password@]host:port" },
      { { proxy = "http://a:1", uri = "ws+unix:///x:/" }, "proxy: a unix socket has none" },
      { { tls = { ca_file = "" } }, "tls: ca_file: must not be empty" },
      { { tls = { server_name = "" } }, "tls: server_name: must not be empty" },
      { { tls = { min_version = "1.1" } }, 'tls: min_version: must be "1.2" or "1.3"' },
    }
    for _, case in ipairs(faults) do assert.equal(case[2], fault_of(case[1])) end
  end)

  it("takes any vsn with a serializer", function()
    local serializer = { encode = print, decode = print }
    assert.equal(URI .. "?vsn=3.1.0", dial({ vsn = "3.1.0", serializer = serializer }).uri)
    assert.truthy(read { uri = URI .. "?vsn=3.1.0", serializer = serializer })
    assert.equal('vsn: must be "2.0.0" or "1.0.0"', fault_of { vsn = "three", serializer = serializer })
    assert.equal("serializer: functions encode and decode expected", fault_of { serializer = {} })
    assert.equal("serializer: table expected, got string", fault_of { serializer = "msgpack" })
  end)

  it("takes a unix socket, and says what is wrong with one", function()
    assert.equal("ws+unix:///run/app.sock:/socket?vsn=2.0.0",
      dial({ uri = "ws+unix:///run/app.sock:/socket" }).uri)
    assert.equal("uri: socket path must have at most 107 bytes, got /" .. ("a"):rep(107),
      fault_of { uri = "ws+unix:///" .. ("a"):rep(107) .. ":/socket" })
  end)

  it("never lets a second request into the first", function()
    for _, character in ipairs { "\r", "\n", "\0", "\127" } do
      assert.truthy(fault_of { auth_token = "a" .. character })
      assert.truthy(fault_of { uri = URI .. "?a=" .. character })
      assert.truthy(fault_of { headers = { ["x-a"] = "b" .. character } })
      assert.truthy(fault_of { headers = { ["x-a" .. character] = "b" } })
    end
    assert.equal("headers: Host: the handshake sets this one", fault_of { headers = { Host = "x" } })
    assert.equal("headers: sec-websocket-key: the handshake sets this one",
      fault_of { headers = { { "sec-websocket-key", "x" } } })
  end)

  it("does not repeat a secret in a fault", function()
    assert.is_nil(fault_of({ auth_token = "s3cret\n" }):find("s3cret", 1, true))
    assert.is_nil(fault_of({ headers = { ["x-key"] = "s3cret\r" } }):find("s3cret", 1, true))
    assert.is_nil(fault_of({ uri = "ws://ann:s3cret@phoenix.test/" }):find("s3cret", 1, true))
  end)
end)

describe("what is dialled", function()
  it("has vsn behind the query, which stays as it was", function()
    assert.equal(URI .. "?vsn=2.0.0", dial({}).uri)
    assert.equal(URI .. "?a=%20b&a=c&vsn=2.0.0", dial({ uri = URI .. "?a=%20b&a=c" }).uri)
    assert.equal(URI .. "?vsn=1.0.0", dial({ uri = URI .. "?vsn=1.0.0" }).uri)
  end)

  it("speaks the vsn that the uri asks for, or none", function()
    assert.equal("1.0.0", select(2, read { uri = URI .. "?vsn=1.0.0" }).vsn)
    assert.equal('uri: vsn must be "2.0.0" or "1.0.0"', fault_of { uri = URI .. "?vsn=9" })
    assert.equal("uri: it says vsn=1.0.0, but vsn is 2.0.0",
      fault_of { uri = URI .. "?vsn=1.0.0", vsn = "2.0.0" })
  end)

  it("carries params, nested ones and lists, in an order of their names", function()
    local params = { z = 1, a = { c = true, b = "x&y=ü" }, list = { 1, 2 } }
    local wanted = "&a%5Bb%5D=x%26y%3D%C3%BC&a%5Bc%5D=true&list%5B%5D=1&list%5B%5D=2&z=1"
    assert.equal(URI .. "?vsn=2.0.0" .. wanted, dial({ params = params }).uri)
  end)

  it("asks a function for its params each time", function()
    local count = 0
    local settings = assert(read { params = function()
      count = count + 1
      return { n = count }
    end })
    assert.equal(0, count)
    assert.equal(URI .. "?vsn=2.0.0&n=1", config.dial(settings).uri)
    assert.equal(URI .. "?vsn=2.0.0&n=2", config.dial(settings).uri)
  end)

  it("has no place for params that are no text", function()
    assert.equal("params: f: cannot put a function into a query", fault_of { params = { f = print } })
    assert.equal("params: a[b]: keys must be strings or a list",
      fault_of { params = { a = { b = { [true] = 1 } } } })
    local loop = {}
    loop.loop = loop
    assert.truthy(fault_of({ params = loop }):find("nested too deep", 1, true))
  end)

  it("takes headers as a list in its order, or as a map in the order of names", function()
    assert.same({ { "b", "1" }, { "a", "2" } }, dial({ headers = { { "b", "1" }, { "a", "2" } } }).headers)
    assert.same({ { "a", "2" }, { "b", "1" } }, dial({ headers = { b = "1", a = "2" } }).headers)
  end)

  it("sends the token as phoenix.js does", function()
    assert.equal("phoenix, base64url.bearer.phx.Zm9v", dial({ auth_token = "foo" }).protocols)
    assert.equal("phoenix, base64url.bearer.phx.Zm9vYg", dial({ auth_token = "foob" }).protocols)
    assert.equal("phoenix, base64url.bearer.phx.+/8", dial({ auth_token = "\xfb\xff" }).protocols)
    assert.is_nil(dial({}).protocols)
  end)

  it("takes what an attempt says anew, after the same checks", function()
    local given = { params = { a = 1 }, headers = { x = "1" }, auth_token = "old" }
    local made = dial(given, { params = { b = 2 }, auth_token = "foo" })
    assert.equal(URI .. "?vsn=2.0.0&b=2", made.uri)
    assert.same({ { "x", "1" } }, made.headers)
    assert.equal("phoenix, base64url.bearer.phx.Zm9v", made.protocols)
    local settings = assert(read {})
    assert.same(
      { nil, "connect_params: jitter: no such key; there are auth_token, headers, params, uri" },
      { config.dial(settings, { jitter = 1 }) })
    assert.same({ nil, "connect_params: uri: string expected, got boolean" },
      { config.dial(settings, { uri = true }) })
  end)

  it("comes from the addresses of a list in turn, over all clients with the same list", function()
    local list = { "127.0.0.2", "::1", "127.0.0.3" }
    local one = assert(read { local_address = list })
    local two = assert(read { local_address = { table.unpack(list) } })
    local taken = {}
    for index, settings in ipairs { one, two, one, one } do
      taken[index] = config.dial(settings).local_address
    end
    assert.same({ "127.0.0.2", "::1", "127.0.0.3", "127.0.0.2" }, taken)
    local alone = assert(read { local_address = "127.0.0.2" })
    assert.equal("127.0.0.2", config.dial(alone).local_address)
    assert.equal("127.0.0.2", config.dial(alone).local_address)
    assert.is_nil(dial({}).local_address)
  end)

  it("shares TLS settings that are the same", function()
    local wss = "wss://phoenix.test/socket"
    local one, two = dial { uri = wss }, dial { uri = wss }
    assert.truthy(one.tls)
    assert.equal(one.tls, two.tls)
    assert.is_nil(dial({}).tls)
    assert.truthy(fault_of({ uri = wss, tls = { ca_file = "/no/such" } }):find("^tls: ca_file: /no/such"))
  end)

  describe("with a certificate of its own", function()
    local folder, own, settings, sink, log

    before_each(function()
      folder, log = program.folder(), {}
      own = self_signed.new(folder)
      sink = slipstream_log.set_sink(function(_, entry) log[#log + 1] = entry.text end)
      local tls = { cert_file = own.file, key_file = own.key }
      settings = assert(read { uri = "wss://phoenix.test", tls = tls })
    end)

    after_each(function()
      slipstream_log.set_sink(sink)
      program.clean_up()
    end)

    it("takes the one that was renewed meanwhile, at the next attempt", function()
      local before = config.dial(settings).tls
      assert.equal(before, config.dial(settings).tls)
      self_signed.new(folder)
      assert.are_not.equal(before, config.dial(settings).tls)
      assert.same({}, log)
    end)

    it("keeps to the one before while the new one cannot be read, and says so", function()
      local before = config.dial(settings).tls
      os.remove(own.key)
      assert.equal(before, config.dial(settings).tls)
      assert.same({ "the TLS files before are used" }, log)
    end)
  end)
end)

describe("the proxy of a config", function()
  local function set(value) return uv.os_setenv("http_proxy", value) end

  local before
  before_each(function()
    before = os.getenv "http_proxy"
    set "http://of.environment:1"
  end)
  after_each(function()
    if before then return set(before) end
    uv.os_unsetenv "http_proxy"
  end)

  it("is that of the environment", function()
    assert.same({ host = "of.environment", port = 1 }, dial({}).proxy)
    assert.is_nil(dial({ uri = "ws://127.0.0.1/" }).proxy)
  end)

  it("is none when it is false", function() assert.is_nil(dial({ proxy = false }).proxy) end)

  it("counts before the environment's, also for this machine", function()
    local wanted = { host = "own", port = 2, credentials = "ann:secret" }
    assert.same(wanted, dial({ proxy = "http://ann:secret@own:2" }).proxy)
    assert.same(wanted, dial({ proxy = "http://ann:secret@own:2", uri = "ws://127.0.0.1/" }).proxy)
  end)

  it("is told to be wrong where the environment's is", function()
    set "socks5://ann:secret@a:1"
    assert.equal("proxy: http_proxy in the environment: must be http://[user:password@]host:port",
      fault_of {})
  end)
end)
