local chatter = require "spec.support.chatter"
local slipstream = require "slipstream"
local test = require "slipstream.test"

describe("a topic in a test", function()
  before_each(test.begin)
  after_each(test.reset)

  local acts = {}
  function acts.join(socket, payload) socket:join(payload.topic, payload.params) end
  function acts.leave(socket, payload) socket:leave(payload.topic) end

  local client, heard

  local function start(config)
    local module
    module, heard = chatter.module(acts, config)
    client = test.start(module, nil, { name = "ann" })
    return client
  end

  local function joined()
    test.connect_and_assert_join(start(), "room:1")
  end

  local function tell(what, topic, params)
    test.push(client, "room:1", "do", { what = what, topic = topic, params = params })
  end

  it("is joined with ok, unless the test says otherwise", function()
    local params, ref = test.connect_and_assert_join(start(), "room:1", { user = "ann" })
    assert.same({ user = "ann" }, params)
    assert.equal("integer", math.type(ref))
    assert.same({ "room:1", {} }, { chatter.last(heard, "joined") })
  end)

  it("is joined with what the server says", function()
    test.connect_and_assert_join(start(), test.pattern "^room:", nil, { "ok", { users = 3 } })
    assert.same({ "room:1", { users = 3 } }, { chatter.last(heard, "joined") })
  end)

  it("is refused, and asked for again after the back-off", function()
    start { rejoin_after_msec = { 400 } }
    test.connect_and_assert_join(client, "room:1", nil, { "error", { reason = "full" } })
    assert.same({ "room:1", "failed_to_join" }, { chatter.last(heard, "closed") })
    test.refute_join(client, "room:1", nil, 399)
    test.assert_join(client, "room:1")
    assert.equal("room:1", (chatter.last(heard, "joined")))
  end)

  it("is not answered, or later, for who wants that", function()
    start { join_timeout_msec = 500 }
    local _, ref = test.connect_and_assert_join(client, "room:1", nil, false)
    test.advance(400)
    test.reply(client, ref, { "ok", { late = true } })
    assert.same({ "room:1", { late = true } }, { chatter.last(heard, "joined") })
    tell("join", "room:2")
    test.assert_join(client, "room:2", nil, false)
    test.advance(500)
    assert.same({ "room:2", "join_timeout" }, { chatter.last(heard, "closed") })
    test.assert_leave(client, "room:2") -- the server may think that it was joined
  end)

  it("is awaited by topic and params, in any order", function()
    joined()
    tell("join", "room:2", { a = 1, b = { 2 } })
    tell("join", "room:3", {})
    assert.same({}, (test.assert_join(client, "room:3")))
    test.assert_join(client, "room:2", { b = { 2 } })
    tell("join", "room:4", { a = 1 })
    test.refute_join(client, "room:4", { a = 2 })
    test.refute_join(client, "room:2")
    local function is_it(topic) return topic == "room:4" end
    test.assert_join(client, is_it, function(params) return params.a == 1 end)
  end)

  it("is left, which the server acknowledges or not", function()
    joined()
    tell("join", "room:2")
    test.assert_join(client, "room:2")
    tell("leave", "room:2")
    test.accept_leave(client, "room:2")
    assert.equal("room:2", chatter.last(heard, "left"))
    tell("leave", "room:1")
    local ref = test.assert_leave(client, "room:1")
    test.advance(200)
    assert.equal("room:2", chatter.last(heard, "left"))
    test.reply(client, ref, "ok")
    assert.equal("room:1", chatter.last(heard, "left"))
  end)

  it("is not left", function()
    joined()
    test.refute_leave(client, "room:1")
    assert.equal(100, test.clock())
    tell("leave", "room:1")
    assert.error_matches(function() test.refute_leave(client, slipstream.any) end, "it did: leave room:1")
  end)

  it("crashes, and is joined again", function()
    joined()
    test.crash(client, "room:1")
    assert.same({ "room:1", "channel_error" }, { chatter.last(heard, "closed") })
    test.assert_join(client, "room:1")
  end)

  it("is closed by the server, and is not", function()
    joined()
    test.close_topic(client, "room:1")
    assert.same({ "room:1", "channel_closed" }, { chatter.last(heard, "closed") })
    test.refute_join(client, slipstream.any, nil, 60000)
    assert.error_matches(function() test.crash(client, "room:1") end, "the topic is not joined")
  end)

  it("is joined again after a loss, with nothing of before", function()
    joined()
    tell("join", "room:2")
    test.disconnect(client)
    test.accept_connect(client)
    assert.error_matches(function() test.push(client, "room:1", "x") end, "the topic is not joined")
    test.assert_join(client, "room:2")
    test.assert_join(client, "room:1")
    test.refute_join(client, slipstream.any)
  end)

  it("raises what is misused", function()
    joined()
    for text, misuse in pairs {
      ["bad argument #2 to 'assert_join' (topic or pattern expected, got no value)"] =
        function() test.assert_join(client) end,
      ["bad argument #4 to 'assert_join' (a status such as \"ok\", or { status, response }, expected)"] =
        function() test.assert_join(client, "room:2", nil, { users = 3 }) end,
      ["bad argument #5 to 'assert_join' (an integer of msec from 0 to 2147483647 expected, got 0.5)"] =
        function() test.assert_join(client, "room:2", nil, "ok", 0.5) end,
      ["bad argument #4 to 'refute_join' (an integer of msec from 0 to 2147483647 expected, got ok)"] =
        function() test.refute_join(client, "room:2", nil, "ok") end,
      ["bad argument #2 to 'crash' (string expected, got no value)"] = function() test.crash(client) end,
    } do
      assert.has_error(misuse, text)
    end
  end)
end)
