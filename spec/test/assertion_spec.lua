local chatter = require "spec.support.chatter"
local test = require "slipstream.test"

describe("an assertion of luassert", function()
  before_each(test.begin)
  after_each(test.reset)

  local acts = {}
  function acts.push(socket) socket:push("room:1", "say", { n = 1 }) end
  function acts.leave(socket) socket:leave "room:1" end
  function acts.disconnect(socket) socket:disconnect() end

  local client

  local function start()
    client = test.start(chatter.module(acts))
    test.accept_connect(client)
  end

  local function tell(what) test.push(client, "room:1", "do", { what = what }) end

  it("does what the functions of the kit do, and returns the same", function()
    start()
    assert.joins(client, "room:1", nil, { "ok", { users = 1 } })
    tell "push"
    local ref, payload = assert.pushes(client, "room:1", "say", { n = 1 })
    assert.same({ n = 1 }, payload)
    test.reply(client, ref, "ok")
    tell "leave"
    assert.equal("integer", math.type(assert.leaves(client, "room:1")))
    test.disconnect(client)
    test.connect_and_assert_join(client, "room:1")
    tell "disconnect"
    assert.equal(1000, (assert.disconnects(client)))
  end)

  it("refutes as well", function()
    start()
    assert.does_not.join(client, "room:2")
    assert.joins(client, "room:1")
    assert.does_not.push(client, "room:1", "say")
    assert.does_not.leave(client, "room:1")
    assert.does_not.disconnect(client)
    assert.equal(400, test.clock())
  end)

  it("fails with the text of the kit", function()
    start()
    assert.error_matches(function() assert.joins(client, "room:2") end,
      "assert_join%(client #%d+, \"room:2\"%): it did not, within 100 msec\nclient #%d+ sent, in the 100 ")
    assert.error_matches(function() assert.does_not.join(client, "room:1") end, "it did: join room:1")
    test.accept_connect(test.start(chatter.module()))
  end)
end)
