-- A client with secrets in every place that may have one, and all that is told of it while it fails: the log
-- at all levels, telemetry, reasons and the texts of errors. None of it may have a secret.
local base64 = require "slipstream.base64"
local log = require "slipstream.log"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local telemetry = slipstream.telemetry

local MARK = "HUSH"
local TOKEN = MARK .. "-auth-token"

describe("a secret", function()
  local host, server, clock, said

  -- Fields of a reason that the server, or the script itself, gave: telemetry hands them on as they are.
  local theirs = { response = true, payload = true, access_token = true }

  -- Keeps all texts in a value, also those in tables; a reason in its own words as well.
  local function keep(value, seen)
    local meta = debug.getmetatable(value)
    if type(value) ~= "table" or meta and meta.__tostring then said[#said + 1] = tostring(value) end
    if type(value) ~= "table" or seen[value] then return end
    seen[value] = true
    for key, each in next, value do
      keep(key, seen)
      if not theirs[key] then keep(each, seen) end
    end
  end

  local function hear(...)
    for _, value in ipairs { ... } do keep(value, {}) end
  end

  before_each(function()
    host, server, clock = phoenix.pretend()
    said = {}
    log.set_level "debug"
    log.set_sink(hear)
    assert(telemetry.attach("spec", "*", hear))
  end)

  local function assert_told(words)
    assert.is_truthy(table.concat(said, "\n"):find(words, 1, true), "nothing was told of it")
  end

  local function assert_kept()
    assert.is_true(#said > 0)
    for _, text in ipairs(said) do
      for _, secret in ipairs { MARK, base64.encode(TOKEN), base64.encode("ann:" .. MARK) } do
        assert.is_nil(text:find(secret, 1, true), text)
      end
    end
  end

  after_each(function()
    phoenix.close(host)
    telemetry.detach "spec"
    log.set_level "info"
    assert_kept()
  end)

  local function secretive(more)
    local config = {
      uri = "ws://phoenix.test/socket/websocket?api=HUSH-query",
      params = { token = "HUSH-param", nested = { list = { "HUSH-nested" } } },
      headers = { authorization = "Bearer HUSH-header", cookie = "HUSH-cookie" },
      auth_token = TOKEN,
      proxy = "http://ann:HUSH@proxy.test:3128",
    }
    for key, value in pairs(more or {}) do config[key] = value end
    return config
  end

  local function fresh_params()
    return { params = { user_token = "HUSH-fresh" }, headers = { x = "HUSH" } }
  end

  -- Starts a client of the config above, which joins with secret params, and hears its reasons.
  local function start(own, more)
    own = own or {}
    own.connect_params = own.connect_params or fresh_params
    own.handle_connect = own.handle_connect or function(self)
      self:join("room:1", function() return { token = "HUSH-join" } end)
    end
    own.handle_disconnect = own.handle_disconnect or function(self, reason)
      hear(tostring(reason))
      return slipstream.default.handle_disconnect(self, reason)
    end
    local module, calls = recorder.module(secretive(more), own)
    local client = assert(slipstream.start(module, { password = "HUSH-args" }, { host = host }))
    return calls, client
  end

  describe("of a config is not told", function()
    for _, stage in ipairs { "dns", "tcp", "proxy", "tls" } do
      it(("when the attempt fails at the stage %s"):format(stage), function()
        start()
        server:take_dial():finish(stage, "it does not answer")
        clock:advance(10)
        assert.is_true(server:was_dialled())
      end)
    end

    it("when it takes too long", function()
      start()
      server:read_request()
      clock:advance(15000)
      assert_told("no connection in time")
    end)

    it("when the server refuses, whose headers may have secrets too", function()
      local reason
      start { handle_disconnect = function(_, given) reason = given end }
      server:read_request()
      server:send_raw "HTTP/1.1 403 Forbidden\r\nSet-Cookie: HUSH-session\r\nContent-Length: 0\r\n\r\n"
      assert.equal("HUSH-session", reason.headers[1][2]) -- the script itself may see it
      hear(tostring(reason))
    end)

    it("when the server sends the client elsewhere, with a secret to show there", function()
      start()
      for _, location in ipairs { "/there?token=HUSH", "//ann:HUSH@phoenix.test/", "/there?token=HUSH%" } do
        server:read_request()
        server:send_raw(("HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"):format(location))
        clock:advance(100)
      end
      assert_told "redirected"
      assert_told "302"
    end)

    it("when a supervisor gives up for it", function()
      local Child = recorder.module(secretive(), {
        handle_disconnect = function(_, reason) return "stop", reason end,
      })
      local Top = slipstream.supervisor {
        children = { { module = Child, args = "HUSH", restart = "permanent" } }, max_restarts = 0,
      }
      assert(slipstream.start(Top, nil, { host = host }))
      server:read_request()
      server:send_raw "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: HUSH\r\nContent-Length: 0\r\n\r\n"
      clock:advance(0)
      assert_told("failed too often")
    end)

    it("when the connection is there, is closed, and comes back", function()
      start()
      server:accept()
      server:expect_join("room:1"):reply "ok"
      server:send_close(1012)
      clock:advance(5000)
      assert.is_true(server:was_dialled())
    end)
  end)

  it("of a join is not told when it is refused, nor one that the server names in its answer", function()
    start()
    server:accept()
    server:expect_join("room:1"):reply("error", { reason = "expired", token = "HUSH-join" })
    assert_told('{"reason":"expired","token":"[redacted]"}')
  end)

  it("of a push is not told when it cannot be sent, or is refused", function()
    local calls = start()
    server:accept()
    server:expect_join("room:1"):reply "ok"
    hear(calls.socket:push("room:1", "sign_in", { password = "HUSH", fn = print }))
    assert(calls.socket:push("room:1", "sign_in", { password = "HUSH" }))
    server:expect("room:1", "sign_in"):reply("error", { password = "HUSH" })
    clock:advance(10000)
  end)

  describe("that a callback holds is not told", function()
    it("when it raises", function()
      start { handle_connect = function(self)
        local token = "HUSH-local"
        self:assign("token", token)
        error { token = token }
      end }
      server:accept()
    end)

    it("when what it calls raises over it", function()
      start { handle_connect = function(self)
        self:assign("token", "HUSH-local")
        return self.assigns.token + 1
      end }
      server:accept()
    end)

    it("when it is the argument of a method that does not take it", function()
      start { handle_connect = function(self) self:connect "ws://h/?token=HUSH" end }
      server:accept()
    end)

    it("when it stops with it as a field of its reason", function()
      start { handle_connect = function() return "stop", { why = "stale", access_token = "HUSH" } end }
      server:accept()
      assert_told('{"access_token":"[redacted]","why":"stale"}')
    end)

    it("when it returns it by mistake", function()
      start { connect_params = function() return "HUSH-param" end }
      start { handle_connect = function() return "HUSH 1" end }
      server:accept()
    end)

    it("when nothing was done about a message that has it", function()
      local _, client = start()
      client:send { password = "HUSH", nested = { { Authorization = "HUSH" } }, uri = "ws://h/?t=HUSH" }
      clock:advance(0)
      assert_told("unexpected message")
    end)
  end)

  it("is not told when its socket is printed", function()
    local calls, client = start()
    hear(tostring(calls.socket), tostring(client), tostring(slipstream.clients()[1]))
  end)

  describe("in a bad config is not told", function()
    local split = "HUSH\r\n"
    local cases = {
      { uri = "wss://ann:HUSH@phoenix.test/" },
      { uri = "ann:HUSH@phoenix.test" },
      { uri = "ws://phoenix.test/#HUSH" },
      { uri = "ws://phoenix.test/?token=HUSH " },
      { uri = { "HUSH" } },
      { params = "HUSH" },
      { params = { token = print } },
      { params = { "HUSH" } },
      { headers = "Authorization: HUSH" },
      { headers = { "Authorization: HUSH" } },
      { headers = { ["Bearer HUSH"] = "x" } },
      { headers = { authorization = split } },
      { headers = { { "authorization", split } } },
      { headers = { { "HUSH HUSH", "x" } } },
      { auth_token = split },
      { auth_token = { TOKEN } },
      { proxy = "socks5://ann:HUSH@proxy.test:1080" },
      { proxy = "http://ann:HUSH@proxy test" },
      { proxy = "HUSH" },
      { proxy = "http://ann:HUSH@proxy.test:port" },
      { tls = "HUSH" },
      { tls = { key_file = { "HUSH" } } },
      { tls = { password = "HUSH" } },
      { vsn = "HUSH" },
      { json = "HUSH" },
      { push_timeout_msec = "HUSH" },
      { api_key = "HUSH" },
    }

    it("by connect", function()
      local calls = start()
      calls.socket:disconnect()
      clock:advance(0)
      for _, case in ipairs(cases) do
        local ok, text, code = calls.socket:connect(secretive(case))
        hear(text)
        assert.same({ nil, "invalid" }, { ok, code }, next(case))
      end
    end)

    it("by what connect_params returned", function()
      for _, case in ipairs(cases) do
        start { connect_params = function() return case end }
        clock:advance(0)
      end
      assert_told("cannot connect")
    end)
  end)
end)
