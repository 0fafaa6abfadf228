local restart = require "slipstream.restart"

describe("a restart", function()
  it("is wanted as the policy says", function()
    for policy, wanted in pairs {
      permanent = { after_success = true, after_failure = true },
      transient = { after_success = false, after_failure = true },
      temporary = { after_success = false, after_failure = false },
    } do
      assert.equal(wanted.after_success, restart.is_wanted(policy, false))
      assert.equal(wanted.after_failure, restart.is_wanted(policy, true))
    end
  end)

  it("comes after a pause that doubles up to five seconds", function()
    local pauses = {}
    for count = 1, 8 do pauses[count] = restart.pause(count) end
    assert.same({ 100, 200, 400, 800, 1600, 3200, 5000, 5000 }, pauses)
    assert.equal(5000, restart.pause(1000000))
  end)
end)

describe("the history of restarts", function()
  -- What the history says to restarts at those times.
  local function verdicts(history, times)
    local answers = {}
    for index, time in ipairs(times) do answers[index] = history:add(time) end
    return answers
  end

  it("allows so many, and no more, within the time", function()
    local history = restart.new_history(3, 5)
    assert.same({ true, true, true, false }, verdicts(history, { 0, 1000, 2000, 5000 }))
  end)

  it("forgets those from before the time", function()
    local history = restart.new_history(3, 5)
    local times = { 0, 1000, 2000, 5001, 6001, 7000 }
    assert.same({ true, true, true, true, true, false }, verdicts(history, times))
  end)

  it("goes on for ever when they are far enough from each other", function()
    local history = restart.new_history(1, 5)
    for number = 1, 1000 do
      assert.is_true(history:add(number * 5001))
      assert.equal(1, history:count())
    end
  end)

  it("allows none when none are to be", function()
    assert.is_false(restart.new_history(0, 5):add(0))
  end)

  it("counts those within the time, the last one included", function()
    local history = restart.new_history(restart.MAX_RESTARTS, restart.MAX_SECONDS)
    assert.equal(0, history:count())
    local counts = {}
    for index, time in ipairs { 0, 4000, 5000, 5001, 100000 } do
      history:add(time)
      counts[index] = history:count()
    end
    assert.same({ 1, 2, 3, 3, 1 }, counts)
  end)

  it("is kept for a fraction of a second as well", function()
    local history = restart.new_history(1, 0.5)
    assert.same({ true, false, true }, verdicts(history, { 0, 500, 1001 }))
  end)

  it("is one of its own for each supervisor", function()
    local one, other = restart.new_history(1, 5), restart.new_history(1, 5)
    one:add(0)
    assert.is_true(other:add(0))
  end)
end)
