-- The runner: which scenarios play when, and what outputs hear. What playing is, these specs say.
local runner = require "slipstream.scenario.runner"
local slipstream = require "slipstream"

local function case(name, more)
  local made = { name = name, file = "x_scenario.lua", line = 7, tags = {} }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

local function cases(...)
  local list = {}
  for _, name in ipairs { ... } do list[#list + 1] = case(name) end
  return list
end

local interrupts = {}

-- Has all that wait fail.
local function interrupt(why)
  for _, go_on in ipairs(interrupts) do go_on(why) end
end

-- Each case ends as its name's first word says; "waits" until it is interrupted.
local function play(the_case)
  local status, failure = the_case.name:match "^%w+", nil
  if status == "waits" then
    local why = slipstream.await(function(go_on) table.insert(interrupts, go_on) end, 60000)
    status, failure = "failed", { text = why }
  end
  return { case = the_case, status = status, msec = 1, logs = {}, failure = failure }
end

-- An output that keeps what it hears, in words.
local function witness()
  local heard = {}
  local function keep(...) heard[#heard + 1] = table.concat({ ... }, " ") end
  return heard, {
    begun = function(plan) keep("begun", plan.count) end,
    started = function(the_case) keep("started", the_case.name) end,
    ended = function(result) keep("ended", result.case.name, result.tries) end,
    finished = function(summary) keep("finished", summary.passed, summary.failed, summary.skipped) end,
  }
end

-- Answers the summary, and what an output heard.
local function run(list, options)
  local heard, output = witness()
  options = options or {}
  options.play = options.play or play
  local summary = slipstream.run(function() return runner.begin(list, options, { output }):await() end)
  return summary, heard
end

describe("the runner", function()
  before_each(function() interrupts = {} end)

  it("plays all, one after another, and tells how each ended", function()
    local summary, heard = run(cases("passed 1", "failed 2", "skipped 3"))
    assert.same({ 1, 1, 1, 0 }, { summary.passed, summary.failed, summary.skipped, summary.not_run })
    assert.same({
      "begun 3", "started passed 1", "ended passed 1 1", "started failed 2", "ended failed 2 1",
      "started skipped 3", "ended skipped 3 1", "finished 1 1 1",
    }, heard)
  end)

  it("has a summary with the results, which are small", function()
    local list = cases("passed 1")
    local summary = run(list)
    assert.equal(1, #summary.results)
    assert.equal(list[1], summary.results[1].case)
    assert.is_nil(summary.results[1].logs)
    assert.equal("integer", math.type(summary.msec))
  end)

  it("does with no scenario, with any number that ends at once, and with several outputs", function()
    assert.equal(0, run({}).passed)
    local many = {}
    for number = 1, 1000 do many[number] = case("passed " .. number) end
    assert.equal(1000, run(many).passed)
    local first, one = witness()
    local second, other = witness()
    slipstream.run(function() runner.begin(cases "passed", { play = play }, { one, {}, other }):await() end)
    assert.same(first, second)
    assert.equal(4, #first)
  end)

  it("gives `play` its options", function()
    local seen
    local options = { uri = "ws://x" }
    run(cases "passed", {
      play_options = options,
      play = function(...) seen = select(2, ...) return play(...) end,
    })
    assert.equal(options, seen)
  end)

  it("plays so many jobs at a time, and tells of each when it ends", function()
    local go_on = {}
    local function wait(the_case)
      slipstream.await(function(resume)
        go_on[the_case.name] = resume
        if go_on.a and go_on.b then go_on.b() end
        if go_on.b and go_on.c then go_on.c() end
        if go_on.c and go_on.d then go_on.d() go_on.a() end
      end)
      return { case = the_case, status = "passed", msec = 1, logs = {} }
    end
    local _, heard = run(cases("a", "b", "c", "d"), { jobs = 2, play = wait })
    assert.same({
      "begun 4", "started a", "started b", "ended b 1", "started c", "ended c 1", "started d",
      "ended d 1", "ended a 1", "finished 4 0 0",
    }, heard)
  end)

  it("tries one that fails again, and tells of the last try alone", function()
    local plays = 0
    local function passes_at_last(the_case)
      plays = plays + 1
      return { case = the_case, status = plays < 3 and "failed" or "passed", msec = 1, logs = {} }
    end
    local summary, heard = run(cases "unsteady", { retry = 5, play = passes_at_last })
    assert.equal(3, plays)
    assert.same({ 1, 0 }, { summary.passed, summary.failed })
    assert.equal(3, summary.results[1].tries)
    assert.same({ "begun 1", "started unsteady", "ended unsteady 3", "finished 1 0 0" }, heard)
  end)

  it("gives up after the last try, of which the scenario itself says how many there are", function()
    local summary = run({ case "failed", case("failed too", { retry = 2 }), case("failed", { retry = 0 }) },
      { retry = 1 })
    local tries = {}
    for place, result in ipairs(summary.results) do tries[place] = result.tries end
    assert.same({ 2, 3, 1 }, tries)
  end)

  it("begins no other after so many failures, and lets those end that play", function()
    local summary, heard = run(cases("failed 1", "passed 2", "failed 3", "passed 4"), { bail = 2 })
    assert.same({ 1, 2, 1 }, { summary.passed, summary.failed, summary.not_run })
    assert.equal("finished 1 2 0", heard[#heard])
  end)

  it("fails one that `play` cannot end well, alone", function()
    local function raises(the_case)
      if the_case.name == "bad" then error "boom" end
      return play(the_case)
    end
    local summary = run(cases("bad", "passed"), { play = raises })
    assert.same({ 1, 1 }, { summary.passed, summary.failed })
    local failure = summary.results[1].failure
    assert.truthy(failure.text:find "runner_spec.lua:%d+: boom$", failure.text)
    assert.same({ "x_scenario.lua", 7 }, { failure.file, failure.line })
  end)

  local function begin(list, options)
    local heard, output = witness()
    options.play, options.interrupt = play, interrupt
    return runner.begin(list, options, { output }), heard
  end

  it("can be cancelled: those that play fail, others are not begun, and the summary comes", function()
    local list = cases("passed 1", "waits 2", "waits 3", "passed 4")
    local heard
    local summary = slipstream.run(function()
      local the_run
      the_run, heard = begin(list, { jobs = 2, retry = 3 })
      the_run:cancel "interrupted by SIGINT"
      return the_run:await()
    end)
    assert.same({ 1, 2, 1 }, { summary.passed, summary.failed, summary.not_run })
    assert.equal("interrupted by SIGINT", summary.results[2].failure.text)
    assert.same({
      "begun 4", "started passed 1", "ended passed 1 1", "started waits 2", "started waits 3",
      "ended waits 2 1", "ended waits 3 1", "finished 1 2 0",
    }, heard)
  end)

  it("can interrupt those that play, and goes on with others", function()
    local summary = slipstream.run(function()
      local the_run = begin(cases("waits", "passed"), {})
      the_run:interrupt "boom"
      return the_run:await()
    end)
    assert.same({ 1, 1 }, { summary.passed, summary.failed })
    assert.equal("boom", summary.results[1].failure.text)
  end)
end)
