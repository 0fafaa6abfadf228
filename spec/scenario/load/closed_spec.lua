-- The pace of a user, on a clock of ours that has fractions of a msec.
local closed = require "slipstream.scenario.load.closed"

-- When the iterations of a user begin who is paced by 20 msec; `error` is by how much its timers are early
-- or late, `took` how long each iteration takes.
local function begin_times(count, error, took)
  local now, times = 1000.7, {}
  local share = { plan = { pace_msec = 20 }, host = {} }
  function share.host.clock() return now end
  function share.wants() return true end
  function share.use_quota() return true end
  function share.pause(_, msec)
    assert.equal("integer", math.type(msec))
    now = now + msec + error
  end
  local user = {}
  for place = 1, count do
    times[place] = closed.take(share, user) - 1000.7
    now = now + took
  end
  return times
end

local function assert_near(wanted, times)
  for place, time in ipairs(wanted) do assert.near(time, times[place], 1.5) end
end

describe("the pace of a user", function()
  it("is kept whether its timers are early or late", function()
    assert_near({ 0, 20, 40, 60, 80 }, begin_times(5, -0.9, 0.3))
    assert_near({ 0, 20, 40, 60, 80 }, begin_times(5, -0.9, 3))
    assert_near({ 0, 20, 40, 60, 80 }, begin_times(5, 0.4, 3.3))
  end)

  it("leaves out what an iteration has missed", function()
    assert_near({ 0, 45.5, 91, 136.5 }, begin_times(4, 0, 45.5))
  end)
end)
