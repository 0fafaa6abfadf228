-- What becomes of a scenario that is played: its result, and that nothing of it stays open.
local stage = require "spec.support.stage"

local FILE <const> = "spec/scenario/play_spec.lua"

-- The line that calls it.
local function here() return debug.getinfo(2, "l").currentline end

describe("a scenario", function()
  local it_plays

  before_each(function() it_plays = stage.open() end)
  after_each(function() assert.is_true(it_plays:close()) end)

  it("passes when its function comes to its end", function()
    local result = it_plays:play(function(t)
      local ann, bob = t:connect { params = { user = "ann" } }, t:connect()
      ann:join("room:lobby", { user = "ann" })
      bob:join "room:lobby"
      ann:push("room:lobby", "shout", { body = "hi" })
      t.same({ user = "ann", body = "hi" }, bob:await_message("room:lobby", "shout"))
    end)
    assert.equal("passed", result.status)
    assert.is_nil(result.failure)
    assert.same({ "a scenario", {} }, { result.case.name, result.logs })
  end)

  it("leaves its topics and closes its sockets with 1000, when it passes and when it fails", function()
    local ends = {}
    it_plays.app:channel("seat:*", {
      join = function() return "ok" end,
      handle_in = function() end,
      terminate = function(_, reason) ends[#ends + 1] = reason end,
    })
    for _, outcome in ipairs { "passed", "failed" } do
      local result = it_plays:play(function(t)
        t:connect():join "seat:1"
        t:connect():join "seat:2"
        t.equal("passed", outcome)
      end)
      assert.equal(outcome, result.status)
    end
    assert.same({ "left", "left", "left", "left" }, ends)
    local stats = it_plays.handle:stats()
    assert.same({ 4, 0, 0 }, { stats.closed, stats.lost, stats.open })
  end)

  it("fails by an error with its text and place", function()
    local line
    local failure = it_plays:play(function(t)
      t:connect()
      line = here() + 1
      error "boom"
    end).failure
    assert.same({ "boom", "error", FILE, line }, { failure.text, failure.kind, failure.file, failure.line })
    assert.same({ ("at %s:%d"):format(FILE, line) }, failure.story)
  end)

  it("fails when it takes too long, and says what it waited for", function()
    local line
    local text, story = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "room:lobby"
      line = here() + 1
      ann:await_message("room:lobby", "shout")
    end, { timeout = 30 })
    local verb = 'ann:await_message("room:lobby", "shout")'
    assert.equal("the scenario took longer than 30 msec; it waited in " .. verb, text)
    assert.equal(("at %s:%d"):format(FILE, line), (story:match "^[^\n]*"))
    assert.truthy(story:find "\nann, in the %d+ msec since the scenario began:\n", story)
    assert.equal(0, it_plays.handle:stats().lost)
  end)

  it("is skipped where it says so", function()
    local result = it_plays:play(function(t)
      t:connect()
      t:skip "not today"
    end)
    assert.same({ "skipped", "not today" }, { result.status, result.failure.text })
  end)
end)
