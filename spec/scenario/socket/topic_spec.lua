-- The verbs of topics.
local door_app = require "spec.support.door_app"
local stage = require "spec.support.stage"

describe("a topic of a scenario's socket", function()
  local it_plays

  before_each(function() it_plays = stage.open(door_app.new()) end)
  after_each(function() assert.is_true(it_plays:close()) end)

  it("is joined, and left", function()
    it_plays:passes(function(t)
      local ann, bob = t:connect(), t:connect()
      t.same({ seat = 1 }, ann:join("door:1", { user = "ann" }))
      t.same({ seat = 2 }, bob:join "door:1")
      ann:leave "door:1"
      ann:leave "door:1"
      t.same({ seat = 2 }, ann:join "door:1")
    end)
  end)

  it("fails when it is refused", function()
    local text, story = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join("door:locked", { token = "abc", user = "ann" })
    end)
    local verb = 'ann:join("door:locked", { token = "[redacted]", user = "ann" })'
    assert.equal(verb .. ': the join was refused: {"reason":"locked"}', text)
    assert.truthy(story:find("door:locked is closed: the join was refused", 1, true), story)
  end)

  it("may have to be refused", function()
    it_plays:passes(function(t) t.same({ reason = "locked" }, t:connect():refute_join "door:locked") end)
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:refute_join "door:1"
    end)
    assert.equal('ann:refute_join("door:1"): the join was accepted', text)
    text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:disconnect()
      ann:refute_join "door:1"
    end)
    assert.equal('ann:refute_join("door:1"): it is not connected', text)
  end)

  it("fails when nothing is answered in time", function()
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      t.net:black_hole()
      ann:join("door:1", nil, 30)
    end, { net = true })
    assert.equal('ann:join("door:1", nil, 30): nothing within 30 msec', text)
    text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "door:1"
      t.net:black_hole()
      ann:leave("door:1", 30)
    end, { net = true })
    assert.equal('ann:leave("door:1", 30): nothing within 30 msec', text)
  end)

  it("fails when the connection ends meanwhile", function()
    it_plays:fails('ann:join("door:2"): the connection ended meanwhile: the connection was lost', function(t)
      local ann = t:connect()
      ann:join "door:1"
      ann:push("door:1", "drop")
      ann:join "door:2"
    end)
  end)

  it("may be closed by the server", function()
    it_plays:passes(function(t)
      local ann = t:connect()
      ann:join "door:1"
      ann:push("door:1", "shut")
      t.equal("channel_closed", ann:await_close("door:1").kind)
      ann:join "door:1"
      ann:push("door:1", "crash")
      t.equal("channel_error", ann:await_close("door:1").kind)
    end)
  end)

  it("fails when it is not closed", function()
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "door:1"
      ann:await_close("door:1", 20)
    end)
    assert.equal('ann:await_close("door:1", 20): the topic was not closed within 20 msec', text)
    text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:await_close "door:1"
    end)
    assert.equal('ann:await_close("door:1"): the topic was never joined', text)
  end)

  it("raises for what is no argument", function()
    local function has(text, fn)
      it_plays:fails("bad argument " .. text, function(t) fn(t:connect()) end)
    end
    has("#1 to 'join' (string", function(ann) ann:join(1) end)
    has("#2 to 'join' (table", function(ann) ann:join("a", 1) end)
    has("#3 to 'join' (an integer of msec", function(ann) ann:join("a", {}, -1) end)
    has("#1 to 'leave'", function(ann) ann:leave() end)
    has("#1 to 'await_close'", function(ann) ann:await_close() end)
  end)
end)
