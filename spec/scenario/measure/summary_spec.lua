-- What a load run comes to.
local core = require "slipstream.core"
local measurement = require "slipstream.scenario.measure.measurement"
local meter = require "slipstream.scenario.measure.meter"
local summary = require "slipstream.scenario.measure.summary"
local summary_text = require "slipstream.scenario.measure.summary_text"
local threshold = require "slipstream.scenario.measure.threshold"

local function thresholds_of(texts)
  local list = {}
  for place, text in ipairs(texts) do list[place] = assert(threshold.parse(text)) end
  return list
end

-- Of two seconds, in each of which this happened.
local function summary_of(in_second, facts)
  local worker, all = meter.new(), measurement.new()
  for second = 0, 1 do
    worker:advance(second)
    in_second(worker, second)
  end
  for _, part in ipairs(worker:take(true)) do all:add(part) end
  all:extend(2000, 2000)
  facts = facts or {}
  facts.thresholds = thresholds_of(facts.thresholds or {})
  facts.uri, facts.began = "ws://localhost/socket", 1700000000
  return summary.of(all, facts)
end

local function some_work(worker)
  for usec = 1, 100 do worker:sample("reply", usec) end
  worker:sample("iteration", 2000)
  worker:count("iterations", 1)
  worker:count("vu_seconds", 3)
  worker:count("bytes_in", 100)
end

local function some_errors(worker)
  some_work(worker)
  worker:fail("reply", "timeout")
  worker:fail("iteration", "timeout")
  worker:count("iterations", 1)
end

describe("a summary", function()
  it("has of each metric what is asked for mostly", function()
    local reply = summary_of(some_errors).metrics.reply
    assert.same({ 200, 100.0, { timeout = 2 } }, { reply.count, reply.rate, reply.errors })
    assert.same({ 50, 90, 95, 99, 100, 100, 51 },
      { reply.p50, reply.p90, reply.p95, reply.p99, reply.p999, reply.max, reply.mean })
  end)

  it("has a distribution that ascends to the greatest", function()
    local points = summary_of(some_work).metrics.reply.distribution
    for place = 2, #points do
      assert.is_true(points[place][1] > points[place - 1][1])
      assert.is_true(points[place][2] >= points[place - 1][2])
    end
    assert.same({ 0, 1 }, points[1])
    assert.same({ 100, 100 }, points[#points])
    assert.is_true(#points >= 10 and #points <= 60)
  end)

  it("has no times where everything failed", function()
    local join = summary_of(function(worker) worker:fail("join", "refused") end).metrics.join
    assert.same({ count = 0, errors = { refused = 2 }, rate = 0.0, distribution = {} }, join)
  end)

  it("has the errors of iterations by kind, the most frequent first, each with a story", function()
    local function mixed(worker)
      worker:fail("iteration", "refused")
      worker:fail("iteration", "timeout")
      worker:fail("iteration", "timeout")
    end
    assert.same({
      { kind = "timeout", count = 4, story = { "nothing came" } },
      { kind = "refused", count = 2, story = {} },
    }, summary_of(mixed, { stories = { timeout = { "nothing came" } } }).errors)
  end)

  it("passes when no iteration failed and every threshold is held", function()
    local function verdict(in_second, facts) return summary_of(in_second, facts).verdict end
    assert.equal("passed", verdict(some_work))
    assert.equal("failed", verdict(some_errors))
    assert.equal("passed", verdict(some_errors, { thresholds = { "errors<60%" } }))
    assert.equal("failed", verdict(some_errors, { thresholds = { "reply.max<1s" } }))
    assert.equal("failed", verdict(function(worker) worker:sample("connect", 1000) end))
    assert.equal("missed", verdict(some_work, { thresholds = { "reply.max<1us" } }))
    assert.equal("interrupted", verdict(some_work, { is_interrupted = true }))
  end)

  it("is JSON, with lists that are lists also when they are empty", function()
    local text = core.json.encode(summary_of(function() end))
    for _, name in ipairs { "thresholds", "errors", "rows" } do
      assert.truthy(text:find(('"%s":[]'):format(name), 1, true), name)
    end
    text = core.json.encode(summary_of(some_errors, { thresholds = { "errors<1" } }))
    local again = core.json.decode(text)
    assert.same({ text = "errors<1", ok = false, measured = "2" }, again.thresholds[1])
    assert.equal(2, #again.series.rows)
    assert.equal(3, again.vus_max)
  end)
end)

describe("a summary for people", function()
  it("says so when no iteration has ended", function()
    local text = summary_text.show(summary_of(function() end))
    assert.matches("\nfailed: no iteration has ended after 2.00 s$", text)
  end)

  it("has a table, the errors, what it came to, and the thresholds", function()
    local facts = {
      thresholds = { "reply.p95<1ms", "errors<10%" },
      stories = { timeout = { "reply:", "nothing within 5000 msec" } },
    }
    assert.equal([[
             count    rate      p50      p90      p95      p99    p99.9      max  errors
  iteration      2  1.00/s  2.00 ms  2.00 ms  2.00 ms  2.00 ms  2.00 ms  2.00 ms       2
  reply        200   100/s    50 us    90 us    95 us    99 us   100 us   100 us       2

  2 × timeout, the first time:
      reply:
      nothing within 5000 msec

  iterations  4 (2.00/s), 2 failed (50.0 %)
  VUs         3 at most, 0 connections
  in          0 messages (0.00/s), 200 bytes (100 bytes/s)
  out         0 messages (0.00/s), 0 bytes (0 bytes/s)

  held    reply.p95<1ms  95 us
  MISSED  errors<10%     50.0 %

failed: a threshold was missed after 2.00 s]], summary_text.show(summary_of(some_errors, facts)))
  end)

  it("is short when nothing was measured", function()
    local text = summary_text.show(summary_of(function() end))
    assert.is_nil(text:find("p50", 1, true))
    assert.truthy(text:find("0 (0.00/s), 0 failed (0 %)", 1, true))
  end)

  it("shows what a terminal obeys by its number", function()
    local text = summary_text.show(summary_of(function(worker) worker:sample("step:\27[31m", 5) end))
    assert.truthy(text:find([[step:\x1b[31m]], 1, true))
  end)

  it("names all steps after the verbs", function()
    local text = summary_text.show(summary_of(function(worker)
      for _, name in ipairs { "step:b", "leave", "step:a", "connect" } do worker:sample(name, 5) end
    end))
    assert.truthy(text:find "connect.*leave.*step:a.*step:b")
  end)
end)
