-- The verbs of the connection.
local door_app = require "spec.support.door_app"
local stage = require "spec.support.stage"

describe("a scenario's socket", function()
  local it_plays

  before_each(function() it_plays = stage.open(door_app.new()) end)
  after_each(function() assert.is_true(it_plays:close()) end)

  it("connects where the command says, with what all have and what it is told", function()
    local seen = {}
    it_plays.app.options.connect = function(_, params)
      seen[#seen + 1] = params
      return true
    end
    it_plays:passes(function(t)
      t:connect { params = { user = "ann" } }
      t:connect()
      t:connect { uri = it_plays.uri .. "?who=bob", params = {} }
    end, { play = { config = { params = { user = "all" } } } })
    assert.same({ "ann", "all", "bob" }, { seen[1].user, seen[2].user, seen[3].who })
  end)

  it("fails when it is refused, with what the server said", function()
    local text, story = it_plays:failure(function(t)
      t:connect { params = { token = "bad", user = "ann" } }
    end)
    local verb = 't:connect { params = { token = "[redacted]", user = "ann" } }'
    assert.equal(verb .. ": the server refused with HTTP 403: Forbidden: who are you?", text)
    assert.truthy(story:find "^ann, in the ", story)
  end)

  it("fails when it cannot connect in time", function()
    local text = it_plays:failure(function(t)
      t.net:stall()
      t:connect()
    end, { await = 30 })
    assert.equal("t:connect(): nothing within 30 msec", text)
  end)

  it("raises for a config that is wrong", function()
    local text = it_plays:failure(function(t) t:connect { haeders = {} } end)
    assert.equal("bad argument #1 to 'connect' (haeders: no such key, did you mean headers?)", text)
  end)

  it("may have to be refused", function()
    it_plays:passes(function(t)
      local reason = t:refute_connect { params = { token = "bad" } }
      t.same({ 403, "who are you?" }, { reason.status, reason.body })
    end)
    assert.equal("t:refute_connect(): it was let in", (it_plays:failure(function(t) t:refute_connect() end)))
    local text = it_plays:failure(function(t) t:refute_connect { uri = "ws://127.0.0.1:1/socket" } end)
    assert.truthy(text:find "refute_connect.*: no connection: connection refused by 127.0.0.1:1$", text)
  end)

  it("closes with the code that it is told, and has nothing to close twice", function()
    it_plays:passes(function(t)
      local ann = t:connect()
      ann:disconnect(4000)
      ann:disconnect()
    end)
    assert.equal(1, it_plays.handle:stats().closed)
  end)

  it("waits for the end of the connection", function()
    it_plays:passes(function(t)
      local ann, bob, cid = t:connect(), t:connect(), t:connect()
      for _, socket in ipairs { ann, bob, cid } do socket:join "door:1" end
      ann:push("door:1", "bye")
      bob:push("door:1", "bye")
      cid:push("door:1", "drop")
      t.same({ 4001, "bye" }, { ann:await_disconnect().code, bob:await_disconnect { code = 4001 }.text })
      t.equal("connection_lost", cid:await_disconnect("connection_lost").kind)
    end)
  end)

  it("fails when it ends otherwise, or not at all", function()
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "door:1"
      ann:push("door:1", "bye")
      ann:await_disconnect "heartbeat_timeout"
    end)
    assert.equal('ann:await_disconnect("heartbeat_timeout"): it ended otherwise: '
      .. "closed by the server with 4001: bye (closed_by_remote)", text)
    text = it_plays:failure(function(t) t:connect { params = { user = "ann" } }:await_disconnect(nil, 20) end)
    assert.equal("ann:await_disconnect(nil, 20): the connection did not end within 20 msec", text)
  end)

  it("fails at once when there is nothing that could end", function()
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:disconnect()
      ann:await_disconnect()
    end)
    assert.equal("ann:await_disconnect(): it is not connected", text)
  end)

  it("connects again after a loss, and its topics can be joined again", function()
    it_plays:passes(function(t)
      local ann = t:connect { reconnect_after_msec = { 5 } }
      ann:join "door:1"
      ann:push("door:1", "drop")
      ann:await_disconnect()
      ann:await_connect()
      ann:join "door:1"
      t.same({ n = 1 }, ann:request("door:1", "echo", { n = 1 }))
    end)
  end)

  it("fails when it cannot connect again in time, with why it could not", function()
    local text = it_plays:failure(function(t)
      local ann = t:connect { reconnect_after_msec = { 5 } }
      t.net:down()
      ann:await_disconnect()
      ann:await_connect(50)
    end, { net = true })
    assert.truthy(text:find "^ann:await_connect%(50%): no connection: connection refused", text)
  end)

  it("raises for what is no argument, and for a verb that there is not", function()
    it_plays:fails("bad argument #1 to 'disconnect' (a close code", function(t) t:connect():disconnect(1) end)
    it_plays:fails("sockets have no joinn; did you mean join?", function(t) t:connect():joinn "door:1" end)
    it_plays:fails("calling 'disconnect' on bad self", function(t) t:connect().disconnect {} end)
  end)
end)
