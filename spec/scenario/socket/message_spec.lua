-- The verbs of messages.
local door_app = require "spec.support.door_app"
local slipstream = require "slipstream"
local stage = require "spec.support.stage"

describe("a message of a scenario", function()
  local it_plays

  before_each(function() it_plays = stage.open(door_app.new()) end)
  after_each(function() assert.is_true(it_plays:close()) end)

  -- Why a scenario of ann and bob, who are in, fails.
  local function fault_of(fn)
    return it_plays:failure(function(t)
      local ann, bob = t:connect { params = { user = "ann" } }, t:connect { params = { user = "bob" } }
      ann:join "door:1"
      bob:join "door:1"
      fn(ann, bob)
    end)
  end

  it("is answered, well or not", function()
    it_plays:passes(function(t)
      local ann = t:connect()
      ann:join "door:1"
      t.same({ n = 1 }, ann:request("door:1", "echo", { n = 1 }))
      local first, second = ann:push("door:1", "echo", { n = 1 }), ann:push("door:1", "deny")
      t.same({ "error", { reason = "no" } }, { ann:await_reply(second) })
      t.same({ "ok", { n = 1 } }, { ann:await_reply(first) })
    end)
  end)

  it("fails when the reply to a request is no ok", function()
    local text, story = fault_of(function(ann) ann:request("door:1", "deny", {}) end)
    assert.equal('ann:request("door:1", "deny", {}): the reply was error {"reason":"no"}', text)
    assert.truthy(story:find('msec  reply error to deny {"reason":"no"}', 1, true), story)
  end)

  it("fails when no reply comes in time", function()
    local text, story = fault_of(function(ann) ann:request("door:1", "silence", { n = 1 }, 20) end)
    assert.equal('ann:request("door:1", "silence", { n = 1 }, 20): no reply within 20 msec', text)
    assert.truthy(story:find('msec  pushed door:1 silence {"n":1}', 1, true), story)
    text = fault_of(function(ann) ann:await_reply(ann:push("door:1", "silence"), 20) end)
    assert.truthy(text:find "^ann:await_reply%(%d+, 20%): no reply within 20 msec$", text)
  end)

  it("fails when its channel or connection ends before the reply", function()
    local text = fault_of(function(ann) ann:request("door:1", "crash") end)
    assert.truthy(text:find('^ann:request%("door:1", "crash"%): the channel crashed'), text)
    text = fault_of(function(ann) ann:request("door:1", "drop") end)
    assert.truthy(text:find('^ann:request%("door:1", "drop"%): the connection ended'), text)
  end)

  it("fails when it cannot be sent", function()
    assert.equal('ann:push("door:2", "say"): the topic is not joined', (fault_of(function(ann)
      ann:push("door:2", "say")
    end)))
    assert.equal('ann:push("door:1", "say", { at = function }): payload.at: cannot encode a function',
      (fault_of(function(ann) ann:push("door:1", "say", { at = print }) end)))
  end)

  it("waits for room in a full queue", function()
    it_plays:passes(function(t)
      local ann, bob = t:connect { max_queue_bytes = 1000 }, t:connect()
      ann:join "door:1"
      bob:join "door:1"
      for n = 1, 100 do ann:push("door:1", "say", { n = n, body = ("long"):rep(50) }) end
      bob:await_message("door:1", "said", { n = 100 })
    end)
  end)

  it("fails when there is no room in time, or no connection any more", function()
    local function fill(socket)
      local body = ("long"):rep(10000)
      while true do socket:push("door:1", "silence", { body = body }) end
    end
    local options = { net = true, await = 200 }
    local text = it_plays:failure(function(t)
      local ann = t:connect { max_queue_bytes = 100000 }
      ann:join "door:1"
      t.net:stall()
      fill(ann)
    end, options)
    assert.truthy(text:find(": the queue is full: the server does not take what was sent", 1, true), text)
    text = it_plays:failure(function(t)
      local ann = t:connect { max_queue_bytes = 100000 }
      ann:join "door:1"
      t.net:stall()
      t:async(fill, ann)
      t:think(50)
      t.net:cut()
      t:think(1000)
    end, options)
    assert.truthy(text:find("it is not connected$") or text:find("the topic is not joined$"), text)
  end)

  it("is awaited by patterns, in any order, and those that came before count", function()
    it_plays:passes(function(t)
      local ann, bob = t:connect(), t:connect()
      ann:join "door:1"
      bob:join "door:1"
      for n = 1, 3 do ann:push("door:1", "say", { n = n, user = "ann" }) end
      t.equal(3, bob:await_message("door:1", "said", { n = 3 }).n)
      t.same({ { n = 1, user = "ann" }, "door:1", "said" }, { bob:await_message(slipstream.any) })
      local function is_anns(payload) return payload.user == "ann" end
      t.equal(2, bob:await_message("door:1", "said", is_anns, 500).n)
    end)
  end)

  it("fails when none comes, or none that matches", function()
    local text = fault_of(function(_, bob) bob:await_message("door:1", "said", 20) end)
    assert.equal('bob:await_message("door:1", "said", 20): nothing within 20 msec', text)
    local story
    text, story = fault_of(function(ann, bob)
      ann:push("door:1", "say", { body = "ho" })
      bob:await_message("door:1", "said", { body = "hi", to = "bob" }, 20)
    end)
    assert.equal('bob:await_message("door:1", "said", { body = "hi", to = "bob" }, 20): '
      .. "nothing that matches within 20 msec", text)
    assert.truthy(story:find('message door:1 said {"body":"ho"}   <- no to, other body', 1, true), story)
  end)

  it("fails when none can come any more", function()
    local text = fault_of(function(_, bob)
      bob:push("door:1", "bye")
      bob:await_message("door:1", "said")
    end)
    assert.equal('bob:await_message("door:1", "said"): the connection ended meanwhile: '
      .. "closed by the server with 4001: bye", text)
    text = fault_of(function(_, bob)
      bob:push("door:1", "shut")
      bob:await_message("door:1", "said")
    end)
    assert.equal('bob:await_message("door:1", "said"): the channel was closed by the server', text)
  end)

  it("may have to stay away", function()
    it_plays:passes(function(t)
      local ann, bob = t:connect(), t:connect()
      ann:join "door:1"
      bob:join "door:1"
      ann:push("door:1", "say", { n = 1 })
      ann:refute_message("door:1", "said", 20)
      bob:refute_message("door:1", "said", { n = 2 }, 20)
    end)
    local text = fault_of(function(ann, bob)
      ann:push("door:1", "say", { n = 1 })
      bob:refute_message("door:1", "said")
    end)
    assert.equal('bob:refute_message("door:1", "said"): it came: {"n":1}', text)
    text = fault_of(function(_, bob)
      bob:disconnect()
      bob:refute_message("door:1", "said")
    end)
    assert.equal('bob:refute_message("door:1", "said"): it is not connected', text)
  end)

  it("raises for what is no argument", function()
    local function has(text, fn)
      it_plays:fails("bad argument " .. text, function(t) fn(t:connect()) end)
    end
    has("#1 to 'push' (string expected", function(ann) ann:push() end)
    has("#2 to 'request' (string expected", function(ann) ann:request("door:1") end)
    has("#4 to 'request' (an integer of msec", function(ann) ann:request("door:1", "echo", {}, -1) end)
    has("#1 to 'await_reply' (the ref", function(ann) ann:await_reply() end)
    has("#1 to 'await_message' (a topic", function(ann) ann:await_message() end)
    has("#3 to 'await_message' (an integer of", function(ann) ann:await_message("a", "b", -1) end)
    has("#4 to 'refute_message' (an int", function(ann) ann:refute_message("a", "b", {}, 0.5) end)
  end)
end)
