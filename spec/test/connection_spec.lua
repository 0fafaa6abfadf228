local chatter = require "spec.support.chatter"
local slipstream = require "slipstream"
local test = require "slipstream.test"

describe("a connection in a test", function()
  before_each(test.begin)
  after_each(test.reset)

  local acts = {}
  function acts.disconnect(socket, payload) socket:disconnect(payload.code, payload.text) end
  function acts.stop() return "stop", "normal" end

  local function connected(config)
    local module, heard = chatter.module(acts, config)
    local client = test.start(module)
    test.connect_and_assert_join(client, "room:1")
    return client, heard
  end

  it("tells what the client asked for", function()
    local client = test.start(chatter.module(nil, {
      uri = "wss://chat.test:4443/my/socket?lang=de", params = { a = { b = "c d" }, list = { 1, 2 } },
      headers = { ["X-Shop"] = "3" }, auth_token = "secret token",
    }))
    local request = test.accept_connect(client)
    assert.equal("/my/socket", request.path)
    assert.same({ vsn = "2.0.0", lang = "de", a = { b = "c d" }, list = { "1", "2" } }, request.params)
    assert.equal("3", request.headers["x-shop"])
    assert.equal("chat.test:4443", request.headers.host)
    assert.equal("secret token", request.auth_token)
    test.assert_join(client, "room:1")
  end)

  it("is refused with a status, headers and a body", function()
    local module, heard = chatter.module()
    local client = test.start(module)
    assert.equal("/socket/websocket", test.refuse_connect(client).path)
    assert.equal(403, chatter.last(heard, "lost").status)
    test.refuse_connect(client, 503, { ["Retry-After"] = 7 }, "later")
    local reason = chatter.last(heard, "lost")
    assert.same({ "connect_failed", 503, "later" }, { reason.kind, reason.status, reason.body })
    local at = test.clock()
    test.accept_connect(client, { timeout = 20000 })
    assert.is_true(test.clock() - at >= 7000)
  end)

  it("finds nobody there", function()
    local module, heard = chatter.module()
    local client = test.start(module)
    test.fail_connect(client)
    local reason = chatter.last(heard, "lost")
    assert.same({ "connect_failed", "tcp", "connection refused" }, { reason.kind, reason.stage, reason.text })
    test.fail_connect(client, "no route to host")
    assert.equal("no route to host", chatter.last(heard, "lost").text)
  end)

  it("comes again after the back-off, and not before", function()
    local client = connected { reconnect_after_msec = { 300, 700 }, stable_after_msec = 0 }
    test.disconnect(client)
    test.refute_connect(client)
    local at = test.clock()
    test.accept_connect(client)
    assert.is_true(test.clock() - at <= 305)
    test.assert_join(client, "room:1")
  end)

  it("is given up at the end of the time", function()
    local client = test.start(slipstream.client())
    assert.error_matches(function() test.accept_connect(client, { timeout = 30 }) end,
      "accept_connect%(client #%d+%): it did not, within 30 msec\n")
    assert.equal(30, test.clock())
  end)

  it("is lost, or closed by the server", function()
    local client, heard = connected()
    test.disconnect(client)
    assert.equal("connection_lost", chatter.last(heard, "lost").kind)
    test.connect_and_assert_join(client, "room:1")
    test.disconnect(client, 1012, "restart")
    local reason = chatter.last(heard, "lost")
    assert.same({ "closed_by_remote", 1012, "restart" }, { reason.kind, reason.code, reason.text })
    test.refute_connect(client, 999)
    test.connect_and_assert_join(client, "room:1")
    test.refute_disconnect(client)
  end)

  it("is closed by the client, and the server answers that", function()
    local client, heard = connected()
    test.push(client, "room:1", "do", { what = "disconnect", code = 3001, text = "enough" })
    assert.same({ 3001, "enough" }, { test.assert_disconnect(client) })
    assert.equal("closed_by_client", chatter.last(heard, "lost").kind)
    assert.equal(0, test.clock())
    assert.error_matches(function() test.push(client, "room:1", "late") end, "there is no connection")
  end)

  it("is closed in good order when the client ends, and cut when it is killed", function()
    local client = connected()
    test.push(client, "room:1", "do", { what = "stop" })
    assert.same({ 1000, "" }, { test.assert_disconnect(client) })
    assert.same({ "ended", "normal" }, { client:status() })

    local Sup = slipstream.supervisor {
      children = { { id = "a", module = chatter.module(), name = "a", shutdown = "brutal_kill" } },
    }
    local supervisor = test.start(Sup)
    local child = slipstream.whereis "a"
    test.connect_and_assert_join(child, "room:1")
    supervisor:stop()
    assert.same({}, { test.assert_disconnect(child) })
  end)

  it("lives on, since the server answers heartbeats", function()
    local client, heard = connected()
    test.advance(600000)
    assert.is_nil(chatter.last(heard, "lost"))
    test.refute_push(client, "phoenix", "heartbeat")
  end)

  it("dies when it does not, for who wants that", function()
    local config = { heartbeat_interval_msec = 60000, heartbeat_timeout_msec = 5000 }
    local module, heard = chatter.module(nil, config)
    local client = test.start(module)
    test.accept_connect(client, { heartbeat = false })
    test.assert_join(client, "room:1")
    test.advance(59999)
    test.refute_push(client, "phoenix", "heartbeat", nil, 0)
    test.advance(1)
    test.reply(client, test.assert_push(client, "phoenix", "heartbeat"), "ok")
    test.assert_push(client, "phoenix", "heartbeat", nil, 60000)
    test.advance(4999)
    assert.is_nil(chatter.last(heard, "lost"))
    test.advance(1)
    assert.equal("heartbeat_timeout", chatter.last(heard, "lost").kind)
    assert.same({ 1000, "heartbeat timeout" }, { test.assert_disconnect(client) })
  end)

  it("asks connect_params for a new token each time", function()
    local Bot = slipstream.client()
    function Bot:init() self:connect { uri = chatter.uri } end
    function Bot:connect_params(attempt, reason) -- luacheck: ignore self
      return { params = { token = ("token %d"):format(attempt), why = reason and reason.status } }
    end
    local client = test.start(Bot)
    assert.equal("token 1", test.refuse_connect(client, 401).params.token)
    local params = test.accept_connect(client).params
    assert.same({ "token 2", "401" }, { params.token, params.why })
  end)

  it("raises what is misused", function()
    local client = test.start(chatter.module())
    for text, misuse in pairs {
      ["bad argument #2 to 'accept_connect' (no such option: hearbeat, did you mean heartbeat?)"] =
        function() test.accept_connect(client, { hearbeat = false }) end,
      ["bad argument #3 to 'disconnect' (string expected, got number)"] =
        function() test.disconnect(client, 1000, 7) end,
      ["bad argument #2 to 'refuse_connect' (number expected, got string)"] =
        function() test.refuse_connect(client, "403") end,
      ["bad argument #2 to 'assert_disconnect' (an integer of msec from 0 to 2147483647 expected, got -1)"] =
        function() test.assert_disconnect(client, -1) end,
    } do
      assert.has_error(misuse, text)
    end
  end)
end)
