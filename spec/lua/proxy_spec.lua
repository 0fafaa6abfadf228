local core = require "slipstream.core"
local proxy = require "slipstream.proxy"

describe("the URI of a proxy", function()
  it("is a host and a port, with credentials or without", function()
    local cases = {
      { "http://proxy.test:3128", { host = "proxy.test", port = 3128 } },
      { "http://proxy.test", { host = "proxy.test", port = 80 } },
      { "HTTP://[::1]:8080/", { host = "::1", port = 8080 } },
      { "http://ann:secret@proxy.test:1", { host = "proxy.test", port = 1, credentials = "ann:secret" } },
      { "http://ann@proxy.test:1", { host = "proxy.test", port = 1, credentials = "ann:" } },
      { "http://a%40b:c%3a%2Fd@proxy.test:1", { host = "proxy.test", port = 1, credentials = "a@b:c:/d" } },
      { "http://a@b:c@proxy.test:1", { host = "proxy.test", port = 1, credentials = "a@b:c" } },
    }
    for _, case in ipairs(cases) do assert.same(case[2], proxy.read(case[1])) end
  end)

  it("is refused in words that show no password", function()
    local form = "must be http://[user:password@]host:port"
    local cases = {
      { "", form }, { "proxy.test:3128", form }, { "https://ann:secret@proxy.test:1", form },
      { "socks5://proxy.test:1080", form }, { "http://", form }, { "http://proxy.test:1/path", form },
      { "http://ann:sec/ret@proxy.test:1", form },
      { "http://ann:secret@proxy.test:0", "port must be a number from 1 to 65535, got 0" },
      { "http://ann:secret@", "host is missing" },
      { "http://ann:secret@a_b!c:1", "host must be a name or an address, got a_b!c" },
      { "http://a b:1", "must hold no white space; write it as %20" },
      { "http://a\r\nX: y:1", "must hold no control character, such as a line end" },
    }
    for _, case in ipairs(cases) do assert.same({ nil, case[2] }, { proxy.read(case[1]) }) end
  end)
end)

describe("the proxy that the environment wants", function()
  -- "host:port" of it, false for none; or nil and the fault.
  local function wanted(uri, environment)
    local parts = assert(core.uri_read(uri))
    local found, fault = proxy.of_environment(parts, function(name) return environment[name] end)
    if fault then return nil, fault end
    return found and ("%s:%d"):format(found.host, found.port) or false
  end

  local all = {
    http_proxy = "http://plain:1", https_proxy = "http://lower:2", HTTPS_PROXY = "http://upper:3",
    all_proxy = "http://all:4", ALL_PROXY = "http://ALL:5",
  }

  local function without(...)
    local rest = {}
    for name, value in pairs(all) do rest[name] = value end
    for _, name in ipairs { ... } do rest[name] = nil end
    return rest
  end

  it("depends on whether the target is wss", function()
    assert.equal("plain:1", wanted("ws://chat.test", all))
    assert.equal("lower:2", wanted("wss://chat.test", all))
    assert.equal("upper:3", wanted("wss://chat.test", without "https_proxy"))
    assert.equal("all:4", wanted("wss://chat.test", without("https_proxy", "HTTPS_PROXY")))
    assert.equal("all:4", wanted("ws://chat.test", without "http_proxy"))
    assert.equal("ALL:5", wanted("ws://chat.test", without("http_proxy", "all_proxy")))
    assert.is_false(wanted("ws://chat.test", {}))
  end)

  it("is not that of HTTP_PROXY, which a request can set", function()
    assert.is_false(wanted("ws://chat.test", { HTTP_PROXY = "http://evil:1" }))
  end)

  it("is none where a variable is empty", function()
    assert.is_false(wanted("wss://chat.test", { https_proxy = "", ALL_PROXY = "" }))
  end)

  it("may be named without a scheme", function()
    assert.equal("lower:3128", wanted("wss://chat.test", { https_proxy = "ann:secret@lower:3128" }))
  end)

  it("is said to be wrong by the name of its variable", function()
    assert.same({ nil, "ALL_PROXY in the environment: must be http://[user:password@]host:port" },
      { wanted("wss://chat.test", { ALL_PROXY = "socks5://ann:secret@lower:1080" }) })
  end)

  it("is none for this machine", function()
    local here = {
      "ws://localhost", "ws://LocalHost.", "ws://app.localhost", "ws://127.0.0.1:4000", "ws://127.255.0.9",
      "ws://[::1]", "ws://[0:0:0:0:0:0:0:1]", "ws://[::ffff:127.0.0.1]", "ws+unix:///run/app.sock:/socket",
    }
    for _, uri in ipairs(here) do assert.is_false(wanted(uri, all), uri) end
    for _, uri in ipairs { "ws://notlocalhost", "ws://128.0.0.1", "ws://[::2]", "ws://127.example.test" } do
      assert.equal("plain:1", wanted(uri, all), uri)
    end
  end)

  -- no_proxy, URI, whether it then goes without a proxy
  local exemptions = {
    { "*", "ws://chat.test", true },
    { "chat.test", "ws://chat.test", true },
    { "chat.test", "ws://CHAT.test.", true },
    { "chat.test", "ws://eu.chat.test", true },
    { "chat.test", "ws://prechat.test", false },
    { ".chat.test", "ws://eu.chat.test", true },
    { ".chat.test", "ws://chat.test", true },
    { "*.chat.test", "ws://eu.chat.test", true },
    { ".", "ws://chat.test", false },
    { "a.test, chat.test", "ws://chat.test", true },
    { "a.test chat.test", "ws://chat.test", true },
    { "a.test,,b.test", "ws://chat.test", false },
    { "chat.test:80", "ws://chat.test", true },
    { "chat.test:80", "ws://chat.test:4000", false },
    { "chat.test:443", "wss://chat.test", true },
    { "10.1.2.3", "ws://10.1.2.3", true },
    { "10.1.2.3", "ws://10.1.2.30", false },
    { "10.1.2.3:4000", "ws://10.1.2.3:4000", true },
    { "10.1.2.3:4000", "ws://10.1.2.3", false },
    { "10.0.0.0/8", "ws://10.9.9.9", true },
    { "10.0.0.0/8", "ws://11.0.0.0", false },
    { "10.1.16.0/20", "ws://10.1.31.255", true },
    { "10.1.16.0/20", "ws://10.1.32.0", false },
    { "10.0.0.0/33", "ws://10.0.0.0", false },
    { "0.0.0.0/0", "ws://10.0.0.0", true },
    { "0.0.0.0/0", "ws://chat.test", false },
    { "2001:db8::1", "ws://[2001:db8:0::1]", true },
    { "[2001:db8::1]", "ws://[2001:db8::1]", true },
    { "[2001:db8::1]:443", "wss://[2001:db8::1]", true },
    { "[2001:db8::1]:443", "ws://[2001:db8::1]", false },
    { "2001:db8::/32", "ws://[2001:db8:9::1]", true },
    { "2001:db8::/32", "ws://[2001:db9::1]", false },
  }

  for _, case in ipairs(exemptions) do
    local list, uri, is_exempt = table.unpack(case)
    it(("is %s for %s with no_proxy=%s"):format(is_exempt and "none" or "used", uri, list), function()
      for _, name in ipairs { "no_proxy", "NO_PROXY" } do
        assert.equal(not is_exempt and "all:1", wanted(uri, { all_proxy = "http://all:1", [name] = list }))
      end
    end)
  end
end)
