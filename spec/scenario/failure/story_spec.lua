-- What a failure tells people.
local door_app = require "spec.support.door_app"
local stage = require "spec.support.stage"

local FILE <const> = "spec/scenario/failure/story_spec.lua"

-- The line that calls it.
local function here() return debug.getinfo(2, "l").currentline end

-- The lines of a story without its times, and without what was before the one that begins with `first`.
local function from(story, first)
  local lines = story:gsub("%+%d+ msec", "+N msec"):gsub("in the %d+ msec since", "in the N msec since")
  return lines:sub((assert(lines:find(first, 1, true), story)))
end

describe("the story of a failure", function()
  local it_plays

  before_each(function() it_plays = stage.open(door_app.new()) end)
  after_each(function() assert.is_true(it_plays:close()) end)

  it("has the place, and what that socket has done and seen, and nobody else", function()
    local line
    local failure = it_plays:play(function(t)
      local ann, bob = t:connect(), t:connect()
      ann:join "door:1"
      bob:join "door:1"
      ann:request("door:1", "echo", { n = 1 })
      ann:push("door:1", "say", { body = "ho", token = "abc" })
      line = here() + 1
      bob:await_message("door:1", "said", { body = "hi" }, 20)
    end).failure
    assert.same({ FILE, line }, { failure.file, failure.line })
    assert.equal([[
bob, in the N msec since the scenario began:
  +N msec  connected
  +N msec  joined door:1 {"seat":2}
  +N msec  message door:1 said {"body":"ho","token":"[redacted]"}   <- other body]],
      from(table.concat(failure.story, "\n"), "bob"))
  end)

  it("has the last ten events, and says how many were before", function()
    local _, story = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "door:1"
      for n = 1, 6 do ann:request("door:1", "echo", { n = n }) end
      ann:await_close("door:1", 20)
    end)
    local words = {}
    for word in story:gmatch "msec  (%a+)" do words[#words + 1] = word end
    assert.equal(("pushed reply "):rep(5), table.concat(words, " ") .. " ")
    assert.truthy(story:find "\n  %(4 events before%)\n  %+%d+ msec  pushed door:1 echo {\"n\":2}\n", story)
  end)

  it("has the last ten events but one", function()
    local _, story = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "door:1"
      for _ = 1, 4 do ann:request("door:1", "echo") end
      ann:push("door:1", "echo")
      ann:await_close("door:2", 20)
    end)
    assert.truthy(story:find("\n  (1 event before)\n", 1, true), story)
  end)

  it("says when nothing at all happened", function()
    local _, story = it_plays:failure(function(t)
      t.net:black_hole()
      t:connect { params = { user = "ann" } }
    end, { await = 20 })
    assert.equal("ann, in the N msec since the scenario began:\n  nothing happened", from(story, "ann,"))
  end)

  it("has no events of a socket whose scenario keeps none", function()
    local options = { play = { history = 0 } }
    local _, story = it_plays:failure(function(t) t:connect():join "door:locked" end, options)
    assert.falsy(story:find("since the scenario began", 1, true))
  end)

  it("tells of events that were dropped since too many waited", function()
    local text, story = it_plays:failure(function(t)
      local ann, bob = t:connect(), t:connect()
      ann:join "door:1"
      bob:join "door:1"
      for n = 1, 30 do ann:push("door:1", "say", { n = n }) end
      bob:await_message("door:1", "said", { n = 30 })
      t.equal(11, bob:await_message("door:1", "said").n)
      bob:await_message("door:1", "said", { n = 1 }, 20)
    end, { play = { kept = 20 } })
    assert.truthy(text:find "nothing that matches within 20 msec$", text)
    local words = "(10 events dropped before, since over 20 waited)"
    assert.truthy(story:find(words, 1, true), story)
  end)

  describe("calls sockets", function()
    local function name_in(fn)
      return (it_plays:failure(fn):match "^(.-):join%(")
    end

    it("by the local variable of the scenario, also where a function has another name for it", function()
      local function enter(socket) socket:join "door:locked" end
      assert.equal("bob", name_in(function(t)
        local bob = t:connect { params = { user = "ann" } }
        enter(bob)
        bob:leave "door:locked"
      end))
    end)

    it("by the variable in a function of the scenario, which begins one beside it", function()
      assert.equal("bob", name_in(function(t)
        local bob = t:connect()
        t:async(function() bob:join "door:locked" end)
      end))
    end)

    it("by its user, or by its number", function()
      assert.equal("ann", name_in(function(t) t:connect { params = { user = "ann" } }:join "door:locked" end))
      assert.equal("socket 2", name_in(function(t)
        t:connect()
        t:connect():join "door:locked"
      end))
    end)
  end)

  it("has what luassert says", function()
    local text, story = it_plays:failure(function(t) t.same({ 1 }, { 2 }) end)
    assert.equal("Expected objects to be the same.", text)
    assert.truthy(story:find "^Passed in:\n%(table%) {\n.*\nExpected:\n", story)
    text, story = it_plays:failure(function(t) t.same({ token = "abc" }, { token = "def" }) end)
    assert.equal("Expected objects to be the same.", text)
    assert.truthy(story:find("*[token] = [redacted]", 1, true), story)
    text, story = it_plays:failure(function(t) t.is_true(false, "not open") end)
    assert.equal("not open", text)
    assert.truthy(story:find("(boolean) false", 1, true), story)
  end)

  it("has a traceback when it came by more than one function", function()
    local function fails() error "boom" end
    local result = it_plays:play(function() fails() end)
    assert.equal("boom", result.failure.text)
    local _, frames = result.failure.traceback:gsub("\tspec/scenario/failure/story_spec.lua:%d+: in ", "")
    assert.equal(2, frames)
    assert.is_nil(it_plays:play(function() error "boom" end).failure.traceback)
  end)

  it("shows no value from the environment", function()
    local options = { play = { env = function(name) return ({ KEY = "s3cr3t-key", SHORT = "a" })[name] end } }
    local text, story = it_plays:failure(function(t)
      local ann = t:connect { params = { key = t.env.KEY } }
      ann:join "door:1"
      t.equal("a", t.env.SHORT)
      ann:request("door:1", "deny", { body = "it is " .. t.env.KEY })
    end, options)
    assert.truthy(text:find('{ body = "it is [redacted]" }', 1, true), text)
    assert.truthy(story:find('pushed door:1 deny {"body":"it is [redacted]"}', 1, true), story)
    assert.falsy((text .. story):find("s3cr3t", 1, true))
    it_plays:fails("is it [redacted]? [redacted]", function(t)
      error(("is it %s? %s"):format(t.env.KEY, t.env.KEY))
    end, options)
  end)

  it("is raised at once for a variable that the environment does not have", function()
    local text = it_plays:failure(function(t) return t.env.NO_SUCH_VARIABLE end)
    assert.equal("t.env.NO_SUCH_VARIABLE: the environment has no variable NO_SUCH_VARIABLE", text)
  end)
end)
