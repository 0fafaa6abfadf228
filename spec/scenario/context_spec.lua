-- What `t` can do besides connecting.
local door_app = require "spec.support.door_app"
local stage = require "spec.support.stage"

describe("t", function()
  local it_plays

  before_each(function() it_plays = stage.open(door_app.new()) end)
  after_each(function() assert.is_true(it_plays:close()) end)

  it("has luassert's assertions, and says which there are not", function()
    it_plays:passes(function(t)
      t.same({ 1 }, { 1 })
      t.equals(1, 1)
      t.is_true(true)
      t.is_not.equal(1, 2)
      t.has_error(function() error("boom", 0) end, "boom")
      t.is_nil(nil)
      t.has.error(function() error "boom" end)
    end)
    assert.equal("t has no smae; did you mean same?", (it_plays:failure(function(t) t.smae(1, 1) end)))
    assert.equal("t has no conect; did you mean connect?", (it_plays:failure(function(t) t:conect() end)))
    assert.equal("t.same(…) has a dot, not a colon", (it_plays:failure(function(t) t:same(1, 1) end)))
  end)

  it("lets verbs be expected to fail", function()
    it_plays:passes(function(t)
      local ann = t:connect()
      local ok, failure = pcall(ann.join, ann, "door:locked")
      t.is_false(ok)
      t.matches('ann:join%("door:locked"%): the join was refused', tostring(failure))
      t.has_error(function() ann:join "door:locked" end)
    end)
  end)

  it("runs functions beside each other, and waits for all of them", function()
    local seen = {}
    it_plays:passes(function(t)
      local task = t:async(function(a, b)
        t:think(10)
        return a + b, nil, "more"
      end, 1, 2)
      t:async(function()
        t:think(20)
        seen.last = true
      end)
      t.same({ 3, nil, "more", n = 3 }, table.pack(task:await()))
      t.equal(3, (task:await()))
    end)
    assert.is_true(seen.last)
  end)

  it("fails at once when one of them does, and ends the others", function()
    local seen = {}
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      t:async(function() ann:join "door:locked" end)
      local _ <close> = setmetatable({}, { __close = function() seen.is_unwound = true end })
      t:think(60000)
      seen.went_on = true
    end)
    assert.truthy(text:find "^ann:join")
    assert.same({ is_unwound = true }, seen)
  end)

  it("gives up on a task that takes too long", function()
    local text = it_plays:failure(function(t)
      local task = t:async(function() t:think(60000) end)
      task:await(20)
    end)
    assert.equal("task:await(20): it was not over within 20 msec", text)
  end)

  it("takes the time of the scenario for what runs beside it, too", function()
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      t:async(function() ann:await_close "door:1" end)
    end, { timeout = 20 })
    assert.truthy(text:find "the topic was never joined$", text)
    text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "door:1"
      t:async(function() ann:await_message("door:1", "said") end)
    end, { timeout = 20 })
    assert.equal("the scenario took longer than 20 msec; it waited in "
      .. 'ann:await_message("door:1", "said")', text)
  end)

  it("tells what a task waits for that is awaited itself", function()
    local text = it_plays:failure(function(t)
      local function think() t:think(60000) end
      local task = t:async(think)
      task:await()
    end, { timeout = 20 })
    assert.equal("the scenario took longer than 20 msec; it waited in t:think(60000)", text)
  end)

  it("asks again and again for what is true in the end", function()
    it_plays:passes(function(t)
      local calls = 0
      t.equal(3, t:eventually(function()
        calls = calls + 1
        return calls == 3 and calls
      end))
      t:eventually(function()
        calls = calls + 1
        t.equal(5, calls)
      end)
    end)
  end)

  it("fails with what was wrong last, when it never is", function()
    local text = it_plays:failure(function(t)
      t:eventually(function() t.equal(1, 2) end, 50)
    end)
    assert.equal("Expected objects to be equal.", text)
    text = it_plays:failure(function(t) t:eventually(function() return false end, 0) end)
    assert.equal("t:eventually(function, 0): it was false for 0 msec", text)
  end)

  it("logs lines, which are in the result", function()
    local seen = {}
    local result = it_plays:play(function(t)
      t:log "one"
      t:log(2)
    end, { play = { log = function(text) seen[#seen + 1] = text end } })
    assert.same({ "one", "2" }, result.logs)
    result = it_plays:play(function(t) t:log("it is " .. t.env.KEY) end,
      { play = { env = function() return "s3cr3t" end } })
    assert.same({ "it is [redacted]" }, result.logs)
    assert.same({ "one", "2" }, seen)
  end)

  it("is skipped, with why", function()
    for _, skip in ipairs {
      function(t) t:skip "not today" end,
      function(t) t:eventually(function() t:skip "not today" end) end,
    } do
      local result = it_plays:play(skip)
      assert.same({ "skipped", "not today" }, { result.status, result.failure.text })
      assert.is_true(result.msec < 1000)
    end
  end)

  it("keeps what setup has made, for the scenario and for teardown", function()
    local seen = {}
    it_plays:passes(function(t, row) seen[2] = { t.assigns.ann:join "door:1", t.vu, t.iteration, row } end, {
      row = "the row",
      setups = { function(t) t.assigns.ann = t:connect() end, function() seen[1] = "second" end },
      teardowns = { function(t) t.assigns.ann:disconnect() end },
    })
    assert.same({ "second", { { seat = 1 }, 1, 1, "the row" } }, seen)
  end)

  it("tears down after a failure, also of the setup, and tells of what fails there", function()
    local seen = {}
    local options = { setups = { function() error "boom" end },
      teardowns = { function() seen[1] = true end, function() error "bang" end } }
    local text, story = it_plays:failure(function() seen[2] = true end, options)
    assert.same({ true }, seen)
    assert.equal("boom", text)
    assert.equal("and then: bang", story)
    assert.equal("bang", (it_plays:failure(function() end, { teardowns = options.teardowns })))
  end)

  it("raises for what is no argument", function()
    it_plays:fails("bad argument #1 to 'connect' (table expected", function(t) t:connect "ws://127.0.0.1" end)
    it_plays:fails("bad argument #1 to 'async' (function expected", function(t) t:async() end)
    it_plays:fails("bad argument #2 to 'step' (function expected", function(t) t:step "pay" end)
    it_plays:fails("bad argument #1 to 'think' (number expected", function(t) t:think() end)
    it_plays:fails("bad argument #2 to 'eventually' (an integer of", function(t) t:eventually(print, -1) end)
    it_plays:fails("calling 'log' on bad self", function(t) t.log "x" end)
  end)
end)
