local config = require "slipstream.config"
local redirect = require "slipstream.redirect"
local uv = require "luv"

describe("a reference", function()
  -- RFC 3986 section 5.4, with its base in our scheme. A fragment is left out, as nobody sends it.
  local base = "ws://a/b/c/d;p?q"
  local rfc = {
    { "g", "ws://a/b/c/g" }, { "./g", "ws://a/b/c/g" }, { "g/", "ws://a/b/c/g/" }, { "/g", "ws://a/g" },
    { "//g", "ws://g" }, { "?y", "ws://a/b/c/d;p?y" }, { "g?y", "ws://a/b/c/g?y" },
    { "#s", "ws://a/b/c/d;p?q" }, { "g#s", "ws://a/b/c/g" }, { "g?y#s", "ws://a/b/c/g?y" },
    { ";x", "ws://a/b/c/;x" }, { "g;x", "ws://a/b/c/g;x" }, { "g;x?y#s", "ws://a/b/c/g;x?y" },
    { "", "ws://a/b/c/d;p?q" }, { ".", "ws://a/b/c/" }, { "./", "ws://a/b/c/" }, { "..", "ws://a/b/" },
    { "../", "ws://a/b/" }, { "../g", "ws://a/b/g" }, { "../..", "ws://a/" }, { "../../", "ws://a/" },
    { "../../g", "ws://a/g" },
    { "../../../g", "ws://a/g" }, { "../../../../g", "ws://a/g" }, { "/./g", "ws://a/g" },
    { "/../g", "ws://a/g" }, { "g.", "ws://a/b/c/g." }, { ".g", "ws://a/b/c/.g" },
    { "g..", "ws://a/b/c/g.." }, { "..g", "ws://a/b/c/..g" }, { "./../g", "ws://a/b/g" },
    { "./g/.", "ws://a/b/c/g/" }, { "g/./h", "ws://a/b/c/g/h" }, { "g/../h", "ws://a/b/c/h" },
    { "g;x=1/./y", "ws://a/b/c/g;x=1/y" }, { "g;x=1/../y", "ws://a/b/c/y" },
    { "g?y/./x", "ws://a/b/c/g?y/./x" }, { "g?y/../x", "ws://a/b/c/g?y/../x" },
    { "g#s/./x", "ws://a/b/c/g" }, { "g#s/../x", "ws://a/b/c/g" },
  }

  it("is resolved as RFC 3986 shows it", function()
    for _, case in ipairs(rfc) do
      assert.message(case[1]).equal(case[2], redirect.resolve(base, case[1]))
    end
  end)

  it("takes the schemes of HTTP for those of WebSockets, in any letters, and no others", function()
    local cases = {
      { "http://g/h", "ws://g/h" }, { "https://g/h", "wss://g/h" }, { "ws://g/h", "ws://g/h" },
      { "WSS://g:1/h?i", "wss://g:1/h?i" }, { "HtTpS://g", "wss://g" },
      { "http://g/a/../b/./c?..", "ws://g/b/c?.." },
    }
    for _, case in ipairs(cases) do assert.equal(case[2], redirect.resolve(base, case[1])) end
    for _, scheme in ipairs { "g", "ftp", "file", "ws+unix", "javascript" } do
      assert.same({ nil, "scheme must be http, https, ws or wss, got " .. scheme },
        { redirect.resolve(base, scheme .. "://h/i") })
    end
    assert.same({ nil, "host is missing" }, { redirect.resolve(base, "http:g") })
  end)

  it("keeps the scheme, the server and the port that it stands at", function()
    assert.equal("wss://[::1]:4000/g", redirect.resolve("wss://[::1]:4000", "g"))
    assert.equal("wss://g:1/", redirect.resolve("wss://a:2/b", "//g:1/"))
    assert.equal("ws://a?y", redirect.resolve("ws://a?x", "?y"))
    assert.equal("ws://a/g", redirect.resolve("ws://a?x/y", "g"))
  end)

  it("stays on a unix socket unless it names a host", function()
    local at = "ws+unix:///run/app.sock:/b/c?q"
    assert.equal("ws+unix:///run/app.sock:/g", redirect.resolve(at, "/g"))
    assert.equal("ws+unix:///run/app.sock:/b/g?y", redirect.resolve(at, "g?y"))
    assert.equal("ws+unix:///run/app.sock:/g", redirect.resolve("ws+unix:///run/app.sock", "g"))
    assert.equal("ws://h/g", redirect.resolve(at, "//h/g"))
  end)
end)

describe("a redirect", function()
  -- The dial that the config begins with, and its settings.
  local function start(given)
    given.uri = given.uri or "ws://a.test/socket"
    local settings = assert(config.read(given))
    return settings, assert(config.dial(settings))
  end

  -- Where each Location in turn leads: the last dial, or nil and the fault.
  local function follow(given, ...)
    local settings, dial = start(given)
    local fault
    for _, location in ipairs { ... } do
      dial, fault = redirect.follow(settings, dial, location)
      if not dial then return nil, fault end
    end
    return dial
  end

  local secrets = { headers = { { "Cookie", "a=1" } }, auth_token = "secret", params = { token = "abc" } }

  local function with_secrets(uri)
    return { uri = uri, headers = secrets.headers, auth_token = secrets.auth_token, params = secrets.params }
  end

  it("puts nothing into the query", function()
    assert.equal("ws://a.test/x?y=1", follow(with_secrets(), "/x?y=1").uri)
    assert.equal("ws://b.test/x", follow(with_secrets(), "http://b.test/x").uri)
  end)

  it("takes headers and token along to the same scheme, host and port", function()
    local same = { "/x", "//a.test/x", "http://A.TEST:80/x", "ws://a.test/x", "?y" }
    local _, first = start(with_secrets())
    for _, location in ipairs(same) do
      local dial = follow(with_secrets(), location)
      assert.message(location).same({ first.headers, first.protocols }, { dial.headers, dial.protocols })
    end
  end)

  it("leaves them out elsewhere", function()
    local others = { "//b.test/x", "http://a.test:81/x", "https://a.test/x", "//x.a.test", "//a.test." }
    for _, location in ipairs(others) do
      local dial = follow(with_secrets(), location)
      assert.message(location).same({}, { dial.headers, dial.protocols })
    end
  end)

  it("knows the first server again", function()
    local dial = follow(with_secrets(), "//b.test/x", "/y", "//a.test/z")
    assert.same({ "ws://a.test/z", { { "Cookie", "a=1" } } }, { dial.uri, dial.headers })
    assert.is_nil(follow(with_secrets(), "//b.test/x", "/y").headers)
  end)

  it("does not count a host for the unix socket that it came from", function()
    assert.is_nil(follow(with_secrets "ws+unix:///run/app.sock:/socket", "//localhost:80/").headers)
    assert.same(secrets.headers, follow(with_secrets "ws+unix:///run/app.sock:/socket", "/x").headers)
  end)

  it("comes from the address that the attempt took", function()
    local settings, dial = start { local_address = { "127.0.0.2", "127.0.0.3" } }
    local there = redirect.follow(settings, redirect.follow(settings, dial, "//b.test"), "//c.test")
    assert.is_string(dial.local_address)
    assert.equal(dial.local_address, there.local_address)
  end)

  it("has the proxy that its own host wants", function()
    local names = { "http_proxy", "no_proxy" }
    local before = { os.getenv "http_proxy", os.getenv "no_proxy" }
    uv.os_setenv("http_proxy", "http://proxy.test:3128")
    uv.os_setenv("no_proxy", "near.test")
    local far = follow({ uri = "ws://near.test" }, "//far.test")
    local near = follow({ uri = "ws://far.test" }, "//near.test")
    for place, name in ipairs(names) do
      if before[place] then uv.os_setenv(name, before[place]) else uv.os_unsetenv(name) end
    end
    assert.equal("proxy.test", far.proxy.host)
    assert.is_nil(near.proxy)
    assert.equal("own.test", follow({ proxy = "http://own.test:1" }, "//b.test").proxy.host)
  end)

  it("has TLS as the config wants it, and elsewhere without the name that was to be checked", function()
    local tls = { verify = false, server_name = "front.test" }
    local settings, dial = start { uri = "wss://a.test", tls = tls }
    assert.equal(dial.tls, redirect.follow(settings, dial, "/x").tls)
    local away = redirect.follow(settings, dial, "//b.test").tls
    assert.are_not.equal(dial.tls, away)
    assert.equal(away, redirect.follow(settings, dial, "//c.test").tls)
    local back = redirect.follow(settings, redirect.follow(settings, dial, "//b.test"), "//a.test")
    assert.equal(dial.tls, back.tls)
    assert.truthy(follow({}, "https://a.test").tls)
    assert.is_nil(follow({}, "/x").tls)
  end)

  it("is not followed from wss to ws, and says where to without the query", function()
    local words = "not redirected: wss must not become ws: ws://a.test/x?[redacted]"
    assert.same({ nil, words }, { follow({ uri = "wss://a.test" }, "http://a.test/x?token=abc") })
    assert.same({ nil, words }, { follow({}, "https://b.test", "ws://a.test/x?token=abc") })
  end)

  it("is not followed to what is no place for a WebSocket", function()
    local cases = {
      { "ftp://b.test/", "scheme must be http, https, ws or wss, got ftp" },
      { "http://", "host is missing" },
      { "http:///x", "host is missing" },
      { "http://b.test:0/", "port must be a number from 1 to 65535, got 0" },
      { "http://ann:secret@b.test/", "must hold no user info; send it in params or headers" },
      { "/a b", "must hold no white space; write it as %20" },
      { "/\xc3\xa4", "must hold ASCII only; percent-encode other characters" },
      { "/%zz", "a % must stand before two hex digits, got %zz" },
      { "/x?vsn=1.0.0", "it says vsn=1.0.0, but vsn is 2.0.0" },
      { "/" .. ("x"):rep(65536), "must have at most 65536 bytes" },
    }
    for _, case in ipairs(cases) do
      local dial, fault = follow({}, case[1])
      assert.is_nil(dial)
      assert.equal("not redirected: " .. case[2], fault)
    end
    local settings, dial = start {}
    assert.same({ nil, "not redirected: no memory" }, { redirect.follow(settings, dial, nil) })
  end)
end)
