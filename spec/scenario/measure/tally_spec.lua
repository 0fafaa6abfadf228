-- What was measured in a stretch of time.
local core = require "slipstream.core"
local tally = require "slipstream.scenario.measure.tally"

describe("a tally", function()
  it("counts what was tried, and what of it failed", function()
    local some = tally.new()
    some:sample("join", 100)
    some:sample("join", 300)
    some:fail("join", "timeout")
    some:fail("join", "timeout")
    some:fail("join", "refused")
    assert.same({ 5, 3 }, { some:attempts "join" })
    assert.same({ timeout = 2, refused = 1 }, some.metrics.join.failures)
    assert.same({ 0, 0 }, { some:attempts "leave" })
  end)

  it("adds others, and those that came from another worker", function()
    local sum, part = tally.new(), tally.new()
    part:sample("join", 100)
    part:fail("reply", "timeout")
    part:count("bytes_in", 10)
    sum:add(part)
    sum:add(core.unpack(core.pack(part:plain())))
    assert.equal(2, sum.metrics.join.histogram:count())
    assert.equal(2, sum.metrics.reply.failures.timeout)
    assert.equal(20, sum.counts.bytes_in)
    assert.equal(10, part.counts.bytes_in)
  end)

  it("is plain without the metrics of which nothing was measured", function()
    local some = tally.new()
    some:sample("join", 100)
    some:clear()
    some:sample("leave", 100)
    assert.is_nil(some:plain().metrics.join)
    assert.is_table(some:plain().metrics.leave)
  end)

  it("leaves what was taken of it alone when it is cleared", function()
    local some = tally.new()
    some:fail("join", "timeout")
    some:count("iterations", 1)
    local taken = some:plain()
    some:clear()
    some:fail("join", "refused")
    some:count("iterations", 5)
    assert.same({ timeout = 1 }, taken.metrics.join.failures)
    assert.equal(1, taken.counts.iterations)
  end)

  it("takes steps over a hundred metrics for one", function()
    local some = tally.new()
    for index = 1, 1000 do some:sample("step:" .. index, 5) end
    some:sample("leave", 5)
    assert.equal(1, some.metrics.leave.histogram:count())
    assert.equal(102, some.size)
    assert.equal(900, some.metrics["step:others"].histogram:count())
  end)

  it("has the latencies of all verbs, without steps and iterations", function()
    local some, verbs = tally.new(), core.histogram()
    for _, name in ipairs { "join", "reply", "step:join", "iteration" } do some:sample(name, 100) end
    for _ = 1, 2 do -- what the histogram had is gone
      some:read_verbs(verbs)
      assert.equal(2, verbs:count())
    end
  end)
end)
