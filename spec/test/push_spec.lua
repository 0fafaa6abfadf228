local chatter = require "spec.support.chatter"
local slipstream = require "slipstream"
local test = require "slipstream.test"

describe("a push in a test", function()
  before_each(test.begin)
  after_each(test.reset)

  local acts = {}
  function acts.push(socket, payload)
    socket:assign("ref", assert(socket:push(payload.topic or "room:1", payload.event, payload.payload)))
  end
  function acts.bytes(socket, payload) socket:push("room:1", "bytes", slipstream.binary(payload.bytes)) end

  local client, heard

  local function start(config)
    local module
    module, heard = chatter.module(acts, config)
    client = test.start(module, nil, { name = "ann" })
    test.connect_and_assert_join(client, "room:1")
  end

  local function tell(payload)
    payload.what = payload.what or "push"
    test.push(client, "room:1", "do", payload)
  end

  it("of the server's comes to the client", function()
    start()
    test.push(client, "room:1", "shout", { body = "hi", none = slipstream.null, list = slipstream.array() })
    local topic, payload = chatter.last(heard, "shout")
    assert.same({ "room:1", "hi" }, { topic, payload.body })
    assert.equal(slipstream.null, payload.none)
    assert.equal(slipstream.array_mt, getmetatable(payload.list))
    test.push(client, "room:1", "nothing")
    assert.same({ "room:1", {} }, { chatter.last(heard, "nothing") })
  end)

  it("of the client's is awaited, with its ref", function()
    start()
    tell { event = "say", payload = { body = "hi", at = { 1, 2 } } }
    local ref, payload, topic, event = test.assert_push(client, "room:1", "say", { body = "hi" })
    assert.same({ { body = "hi", at = { 1, 2 } }, "room:1", "say" }, { payload, topic, event })
    test.reply(client, ref, { "ok", { id = 7 } })
    assert.same({ ref, "ok", { id = 7 } }, { chatter.last(heard, "reply") })
  end)

  it("is answered as the test likes", function()
    start()
    local function answer(reply)
      tell { event = "say" }
      test.reply(client, test.assert_push(client, "room:1", "say"), reply)
      local _, status, response = chatter.last(heard, "reply")
      return status, response
    end
    assert.same({ "ok", {} }, { answer "ok" })
    assert.same({ "error", {} }, { answer "error" })
    assert.same({ "error", { reason = "no" } }, { answer { "error", { reason = "no" } } })
    assert.same({ "busy", { 1 } }, { answer { "busy", { 1 } } })
  end)

  it("is answered once, or never", function()
    start { push_timeout_msec = 2000 }
    tell { event = "say" }
    local ref = test.assert_push(client, "room:1", "say")
    test.advance(2000)
    assert.same({ ref, "timeout" }, { chatter.last(heard, "reply") })
    tell { event = "say" }
    ref = test.assert_push(client, "room:1", "say")
    test.reply(client, ref, "ok")
    local function again() test.reply(client, ref, "ok") end
    assert.error_matches(again, "nothing with this ref waits for a reply")
  end)

  it("is matched by values, partial tables, functions and patterns", function()
    start()
    local payload = { n = 1, list = { "a", "b" }, deep = { er = "x" } }
    local patterns = {
      { "room:1", "say", payload }, { "room:1", "say", { deep = { er = test.pattern "^x$" } } },
      { test.pattern "^room:%d$", test.pattern "a", { list = { "a" } } }, { slipstream.any, "say", {} },
      { "room:1", slipstream.any },
      { function(topic) return topic == "room:1" end, function(event) return #event == 3 end },
      { "room:1", "say", function(value) return value.n > 0 end },
    }
    for _, pattern in ipairs(patterns) do
      tell { event = "say", payload = payload }
      test.assert_push(client, table.unpack(pattern, 1, 3))
    end
    tell { event = "say", payload = payload }
    for _, pattern in ipairs {
      { "room:2", "say" }, { "room:1", "sa" }, { "room:1", "say", { n = 2 } },
      { "room:1", "say", { more = 1 } }, { "room:1", test.pattern "^a" },
      { "room:1", "say", { n = test.pattern "1" } },
    } do
      test.refute_push(client, table.unpack(pattern, 1, 3))
    end
  end)

  it("is found among others, and leaves them for later", function()
    start()
    for n = 1, 3 do tell { event = "say", payload = { n = n } } end
    test.assert_push(client, "room:1", "say", { n = 2 })
    assert.equal(1, select(2, test.assert_push(client, "room:1", "say")).n)
    assert.equal(3, select(2, test.assert_push(client, "room:1", "say")).n)
    test.refute_push(client, "room:1", "say")
  end)

  it("may come later, up to the time-out", function()
    local Late = slipstream.client()
    function Late:init() self:connect { uri = chatter.uri } end
    function Late:handle_connect() self:join "room:1" end
    function Late:handle_join() self:send_after(250, "now") end
    function Late:handle_info(message) self:push("room:1", message) end
    client = test.start(Late)
    test.connect_and_assert_join(client, "room:1")
    test.refute_push(client, "room:1", "now")
    test.assert_push(client, "room:1", "now", nil, 150)
    assert.equal(250, test.clock())
  end)

  it("has bytes", function()
    start()
    test.push(client, "room:1", "bytes", slipstream.binary "\0\xff")
    assert.equal("\0\xff", select(2, chatter.last(heard, "bytes")).bytes)
    tell { what = "bytes", bytes = "abc" }
    test.refute_push(client, "room:1", "bytes", slipstream.binary "abd")
    local ref, payload = test.assert_push(client, "room:1", "bytes", slipstream.binary "abc")
    assert.equal("abc", payload.bytes)
    test.reply(client, ref, { "ok", slipstream.binary "\1" })
    assert.equal("\1", select(3, chatter.last(heard, "reply")).bytes)
  end)

  it("that waits for its topic is sent when that is joined", function()
    local Eager = slipstream.client()
    function Eager:init()
      self:connect { uri = chatter.uri }
      self:join "room:1"
      self:push("room:1", "early", { n = 1 }, { buffer = true })
    end
    client = test.start(Eager)
    test.accept_connect(client)
    test.refute_push(client, "room:1", "early")
    test.assert_join(client, "room:1")
    test.assert_push(client, "room:1", "early", { n = 1 })
  end)

  it("speaks vsn 1.0.0 to who does", function()
    start { vsn = "1.0.0" }
    tell { event = "say", payload = { n = 1 } }
    test.reply(client, test.assert_push(client, "room:1", "say", { n = 1 }), "ok")
    assert.equal("ok", select(2, chatter.last(heard, "reply")))
  end)

  it("raises what cannot be sent, and what is misused", function()
    start()
    for text, misuse in pairs {
      ["cannot send: payload.at: cannot encode a function"] =
        function() test.push(client, "room:1", "x", { at = print }) end,
      ["bad argument #3 to 'push' (string expected, got no value)"] =
        function() test.push(client, "room:1") end,
      ["bad argument #2 to 'push' (string expected, got no value)"] =
        function() test.push(client, nil, "x") end,
      ["bad argument #3 to 'assert_push' (event or pattern expected, got no value)"] =
        function() test.assert_push(client, "room:1") end,
      ["bad argument #2 to 'reply' (the ref of a push expected)"] =
        function() test.reply(client, nil, "ok") end,
      ["bad argument #3 to 'reply' (a status such as \"ok\", or { status, response }, expected)"] =
        function() test.reply(client, 1) end,
      ["bad argument #1 to 'pattern' (string expected, got no value)"] = function() test.pattern() end,
      ['test.pattern("[x"): malformed pattern (missing \']\')'] =
        function()
          tell { event = "say" }
          test.assert_push(client, test.pattern "[x", "say")
        end,
    } do
      assert.has_error(misuse, text)
    end
  end)
end)
