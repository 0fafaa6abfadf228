local chatter = require "spec.support.chatter"
local slipstream = require "slipstream"
local test = require "slipstream.test"

describe("clients that wait, in a test", function()
  before_each(test.begin)
  after_each(test.reset)

  local Asker = slipstream.client()

  function Asker:init(args)
    assert(self:connect { uri = args.uri })
    assert(self:await_connect())
    self:join("room:1")
    self:assign("said", self:await_join "room:1")
  end

  function Asker:handle_call(question)
    local status, response = self:await_reply(self:push("room:1", "ask", { question = question }))
    return "reply", status == "ok" and response.answer or nil
  end

  local function start()
    local client = test.start(Asker, { uri = chatter.uri })
    test.connect_and_assert_join(client, "room:1", nil, { "ok", { users = 1 } })
    return client
  end

  it("go on as the test answers", function()
    local client = start()
    local task = test.async(function(...) return client:call(...) end, "why?")
    local ref = test.assert_push(client, "room:1", "ask", { question = "why?" })
    test.reply(client, ref, { "ok", { answer = 42 } })
    assert.equal(42, task:await())
    assert.equal(0, test.clock())
  end)

  it("wait for as long as they say, which takes no time", function()
    local client = start()
    local task = test.async(function() return client:call("why?", 3000) end)
    test.advance(2999)
    test.assert_push(client, "room:1", "ask")
    assert.same({ nil, "timeout", "timeout" }, { task:await() })
    assert.equal(3000, test.clock())
  end)

  it("are run beside slipstream.run, which lets the clock go on alone", function()
    local client = start()
    local results = table.pack(slipstream.run(function()
      slipstream.await(function() end, 700)
      return client:call("why?", 100)
    end))
    assert.same({ nil, "timeout", "timeout", n = 3 }, results)
    assert.equal(800, test.clock())
    assert.error_matches(function() slipstream.run(error, "no", 0) end, "^no")
  end)

  it("may wait for longer than the test does", function()
    local client = start()
    local task = test.async(function() return client:await_end(60000) end)
    assert.error_matches(function() task:await(40) end, "the task was not over within 40 msec")
    assert.equal(40, test.clock())
    client:stop()
    assert.is_true(task:await())
  end)

  it("are ended by slipstream.run when nothing is left that could happen", function()
    local client = slipstream.run(function() return slipstream.start(slipstream.client()) end)
    assert.same({ "ended", "normal" }, { client:status() })
  end)

  it("are sockets without a module as well", function()
    local socket = assert(slipstream.connect { uri = chatter.uri })
    local task = test.async(function()
      assert(socket:await_connect())
      socket:join("room:1", { user = "ann" })
      return socket:await_join "room:1"
    end)
    test.connect_and_assert_join(socket, "room:1", { user = "ann" }, { "ok", { users = 3 } })
    assert.equal(3, task:await().users)
    assert.has_error(function() test.async(error, "no", 0):await() end, "no")
  end)

  it("are several, each with a line of its own", function()
    local people = {}
    for _, name in ipairs { "ann", "bob", "eve" } do
      people[name] = test.start(chatter.module(), nil, { name = name })
    end
    for _, name in ipairs { "eve", "ann", "bob" } do
      test.connect_and_assert_join(people[name], "room:1", { user = name })
    end
    test.disconnect(people.bob)
    test.push(people.ann, "room:1", "shout")
    test.refute_connect(people.ann)
    test.accept_connect(people.bob)
    test.assert_join(people.bob, "room:1", { user = "bob" })
    test.refute_join(people.eve, slipstream.any)
  end)

  it("are children of a supervisor", function()
    local Child = slipstream.client()
    function Child:init(args) self:connect { uri = args.uri } end
    function Child:handle_info() error "boom" end -- luacheck: ignore self
    test.start(slipstream.supervisor {
      children = { { id = 1, module = Child, args = { uri = chatter.uri }, name = "child" } },
    })
    local child = slipstream.whereis "child"
    test.accept_connect(child)
    child:send "fail"
    test.assert_disconnect(child)
    test.accept_connect(child)
    assert.equal(1, child.restarts)
  end)
end)
