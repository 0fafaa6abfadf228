-- A worker's share of a load, against an embedded server.
local core = require "slipstream.core"
local measurement = require "slipstream.scenario.measure.measurement"
local shares = require "slipstream.scenario.load.share"
local stage = require "spec.support.stage"
local uv = require "luv"

describe("a share of a load", function()
  local server, turn

  before_each(function()
    server = stage.open()
    turn = function() uv.run "once" end
  end)
  after_each(function() assert.is_true(server:close()) end)

  -- Runs it to its end; answers what was measured, and what else was told.
  local function run(plan, cases, options)
    local all, told = measurement.new(), { stories = {}, users = 0 }
    plan.points, plan.max_vus = plan.points or { { at = 0, level = plan.level or 1 } }, plan.max_vus or 100
    plan.graceful_msec = plan.graceful_msec or 1000
    local given = {
      plan = plan, cases = cases, play = { uri = server.uri }, index = 0, count = 1, host = core.host(),
      report = function(parts, facts)
        for _, part in ipairs(parts) do all:add(part) end
        if facts.kind then told.stories[facts.kind] = facts.lines end
        told.users = math.max(told.users, facts.users or 0)
        if facts.is_over then told.msec, told.begun_msec = facts.msec, facts.begun_msec end
      end,
    }
    for name, value in pairs(options or {}) do given[name] = value end
    local share = shares.new(given)
    share:begin()
    while not told.msec do turn() end
    return all.total, told, share
  end

  -- The same in virtual time, of scenarios that connect nothing.
  local function run_virtually(plan, cases, options)
    local host <close> = core.pretend()
    turn = function() host:advance(1) end
    options = options or {}
    options.host = host
    return run(plan, cases, options)
  end

  local function join(t)
    t.assigns.socket:join "room:1"
    t.assigns.socket:leave "room:1"
  end

  local function connect(t) t.assigns.socket = t:connect() end

  it("has each user do its setup once, its iterations, and its teardown", function()
    local calls, users = {}, {}
    local case = stage.case(function(t)
      calls[#calls + 1] = t.vu .. "." .. t.iteration
      join(t)
    end, {
      setups = { connect, function() calls[#calls + 1] = "setup" end },
      teardowns = { function(t) users[#users + 1] = t.vu end },
    })
    local total = run({ iterations = 3 }, { case })
    assert.same({ "setup", "1.1", "1.2", "1.3" }, calls)
    assert.same({ 1 }, users)
    assert.same({ 3, 0 }, { total:attempts "iteration" })
    assert.same({ 3, 3, 1 }, { total:attempts "join", total:attempts "leave", total.counts.connections })
    assert.equal(3, total.counts.iterations)
  end)

  it("closes what an iteration has connected at its end, outside of its time", function()
    local open = {}
    local total = run({ iterations = 3 }, { stage.case(function(t)
      connect(t)
      open[#open + 1] = server.handle:stats().open
      join(t)
    end) })
    assert.same({ 1, 1, 1 }, open)
    assert.same({ 3, 3 }, { total.counts.connections, (total:attempts "iteration") })
    assert.equal(0, server.handle:stats().open)
  end)

  it("has so many users at once, each of which plays a scenario by its weight", function()
    local met = {}
    local function meet(name)
      return function(t)
        met[t.vu] = name
        t:think(30)
      end
    end
    local cases = { stage.case(meet "a", { weight = 3 }), stage.case(meet "b") }
    local _, told = run_virtually({ level = 8, duration_msec = 10 }, cases)
    assert.equal("aabaaaba", table.concat(met))
    assert.is_true(told.msec >= 10 and told.msec < 1000)
  end)

  it("has its part of users and of iterations", function()
    for index, wanted in ipairs { { 4, { 1, 4 } }, { 3, { 2, 5 } }, { 3, { 3 } } } do
      local seen = {}
      local case = stage.case(function(t)
        seen[t.vu] = true
        t:think(5)
      end)
      local total = run_virtually({ level = 5, iterations = 10 }, { case }, { index = index - 1, count = 3 })
      assert.equal(wanted[1], total.counts.iterations)
      for _, vu in ipairs(wanted[2]) do assert.is_true(seen[vu]) end
    end
  end)

  it("follows its ramp up and down", function()
    local users, most = 0, 0
    local case = stage.case(function(t) t:think(5) end, {
      setups = { function()
        users = users + 1
        most = math.max(users, most)
      end },
      teardowns = { function() users = users - 1 end },
    })
    local points = { { at = 0, level = 1 }, { at = 100, level = 6 }, { at = 200, level = 1 } }
    local _, _, share = run_virtually({ points = points, duration_msec = 300 }, { case })
    assert.is_true(most >= 4 and most <= 6)
    assert.equal(0, share.alive)
  end)

  it("begins iterations at their times, and counts from these", function()
    local case = stage.case(function(t) t:think(40) end)
    local plan = { is_rate = true, level = 100, duration_msec = 195, max_vus = 50 }
    local total, told = run_virtually(plan, { case })
    assert.same({ 20, 0 }, { total:attempts "iteration" })
    assert.is_true(total.metrics.iteration.histogram:least() >= 38000)
    assert.is_nil(total.counts.dropped)
    assert.is_true(told.users <= 20)
  end)

  it("drops iterations for which no user is free", function()
    local case = stage.case(function(t) t:think(1000) end)
    local plan = { is_rate = true, level = 100, duration_msec = 95, max_vus = 2, graceful_msec = 10 }
    local total = run_virtually(plan, { case })
    assert.same({ 8, 2 }, { total.counts.dropped, total.counts.interrupted })
  end)

  it("counts the time that an iteration has waited for its user", function()
    local case = stage.case(function() end, { setups = { function(t) t:think(50) end } })
    local total = run_virtually({ is_rate = true, level = 10, duration_msec = 150, max_vus = 5 }, { case })
    assert.same({ 2, 0 }, { total:attempts "iteration" })
    assert.is_true(total.metrics.iteration.histogram:greatest() >= 48000)
    assert.is_nil(total.counts.dropped)
  end)

  it("drops iterations whose user is not there before the load is over", function()
    local case = stage.case(function() end, { setups = { function(t) t:think(50) end } })
    local total = run_virtually({ is_rate = true, level = 50, duration_msec = 30 }, { case })
    assert.same({ 0, 2 }, { (total:attempts "iteration"), total.counts.dropped })
  end)

  it("paces users, and corrects what a long iteration has left out", function()
    local times = { 90, 0, 0, 0 }
    local case = stage.case(function(t) t:think(times[t.iteration]) end)
    local total = run_virtually({ iterations = 4, pace_msec = 20 }, { case })
    assert.is_true(total.metrics.iteration.histogram:count() >= 7)
    assert.equal(4, total.counts.iterations)
  end)

  it("paces users by the clock of a loop, which has fractions of a msec", function()
    local began = uv.hrtime()
    local total = run({ iterations = 4, pace_msec = 5 }, { stage.case(function() end) })
    assert.same({ {}, 4 }, { total.metrics.iteration.failures, total.counts.iterations })
    assert.is_true(uv.hrtime() - began > 14e6)
  end)

  it("cuts what does not end in time, which is no error", function()
    local ended = 0
    local case = stage.case(function(t) t:think(10000) end, {
      setups = { connect }, teardowns = { function() ended = ended + 1 end },
    })
    local total, told = run({ level = 3, duration_msec = 20, graceful_msec = 30 }, { case })
    assert.same({ 3, 3 }, { ended, total.counts.interrupted })
    assert.is_nil(total.counts.iterations)
    assert.is_true(told.begun_msec >= 20 and told.msec >= told.begun_msec + 30)
    assert.equal(0, server.handle:stats().open)
  end)

  it("fails an iteration, a setup or a teardown whose time is up, and goes on", function()
    local function hang(t) t:think(60000) end
    for _, case in ipairs {
      stage.case(hang, { timeout = 20 }),
      stage.case(function() end, { timeout = 20, setups = { hang } }),
      stage.case(function(t) t:think(10) end, { timeout = 20, teardowns = { hang } }),
    } do
      local total, told = run_virtually({ duration_msec = 10 }, { case })
      assert.equal(1, total.metrics.iteration.failures.timeout)
      assert.truthy(told.stories.timeout[2]:find("longer than 20 msec; it waited in t:think(60000)", 1, true))
    end
  end)

  it("lets those that run end when all that may begin have begun", function()
    local case = stage.case(function(t) t:think(50) end)
    local total = run_virtually({ iterations = 2, level = 2, graceful_msec = 1 }, { case })
    assert.same({ 2, 0 }, { total:attempts "iteration" })
  end)

  it("tells times from the setup on, in which its sockets were connected", function()
    local case = stage.case(function(t) t.assigns.socket:await_message("room:1", "never", nil, 1) end, {
      setups = { connect, function(t) t:think(30) end },
    })
    local _, told = run({ iterations = 1 }, { case })
    local story = table.concat(told.stories.timeout, "\n")
    assert.is_true(tonumber(story:match "in the (%d+) msec since the scenario began") >= 30, story)
  end)

  it("tells the first story of each kind of error", function()
    local case = stage.case(function(t)
      if t.vu == 1 then error "boom" end
      t.assigns.socket:request("room:1", "no_such_event", {})
    end, { setups = { connect } })
    local total, told = run({ level = 2, iterations = 6 }, { case })
    assert.same({ 6, 6 }, { total:attempts "iteration" })
    assert.is_true(total.metrics.iteration.failures.error > 1)
    assert.same({ "a scenario", "boom" }, { told.stories.error[1], told.stories.error[2] })
    assert.truthy(told.stories.error[3]:find "^at .*load/share_spec%.lua:%d+$")
    assert.is_table(told.stories.closed)
  end)

  it("has a user whose connection is lost begin anew", function()
    local setups = 0
    local case = stage.case(function(t)
      if t.iteration == 2 then t.assigns.socket:disconnect() end
      join(t)
    end, { setups = { connect, function() setups = setups + 1 end } })
    local total = run({ iterations = 4 }, { case })
    assert.equal(2, setups)
    assert.same({ 4, 1 }, { total:attempts "iteration" })
  end)

  it("tells of a socket that it has closed at the end of an iteration that it is closed", function()
    local case = stage.case(function(t)
      if t.iteration == 1 then return connect(t) end
      t.assigns.socket:request("room:1", "ping")
    end)
    local total, told = run({ iterations = 2 }, { case })
    assert.equal(1, total.metrics.iteration.failures.closed)
    assert.truthy(told.stories.closed[2]:find("what an iteration connects is closed at its end", 1, true))
  end)

  it("tries a setup that fails again later, which counts as an iteration that failed", function()
    local case = stage.case(function() end, { setups = { function() error "no" end } })
    local total = run_virtually({ duration_msec = 10 }, { case })
    assert.same({ 1, 1 }, { total:attempts "iteration" })
  end)

  it("waits after a failure, and longer after each further one in a row", function()
    local at, host = {}, nil
    local case = stage.case(function(t)
      host = t._client._host
      at[#at + 1] = host:clock()
      if t.iteration ~= 7 then error "no" end
      t:think(1)
    end)
    run_virtually({ iterations = 9 }, { case })
    local pauses = {}
    for place = 2, #at do pauses[place - 1] = at[place] - at[place - 1] end
    assert.same({ 100, 200, 400, 800, 1000, 1000, 1, 100 }, pauses)
  end)

  -- What a share of one user says when it cannot go on.
  local function fault_of(fn, report)
    local told
    local host <close> = core.pretend()
    shares.new({
      plan = { points = { { at = 0, level = 1 } }, max_vus = 1, graceful_msec = 1 },
      cases = { stage.case(fn) }, play = {}, index = 0, count = 1, host = host,
      report = report, fail = function(text) told = text end,
    }):begin()
    host:advance(1000)
    return told
  end

  local function lack_memory() error("not enough memory", 0) end

  it("says that it cannot go on when a tick of it raises", function()
    assert.equal("not enough memory", fault_of(function(t) t:think(5) end, lack_memory))
  end)

  it("says that it cannot go on when there is no memory for an iteration", function()
    assert.equal("not enough memory", fault_of(lack_memory, function() end))
  end)

  it("takes no notice of iterations that are skipped", function()
    local total = run_virtually({ iterations = 3 }, { stage.case(function(t) t:skip() end) })
    assert.same({ 0, 3 }, { (total:attempts "iteration"), total.counts.skipped })
  end)
end)
