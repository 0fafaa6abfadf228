-- What a load run is to hold.
local measurement = require "slipstream.scenario.measure.measurement"
local meter = require "slipstream.scenario.measure.meter"
local threshold = require "slipstream.scenario.measure.threshold"

-- What a run of so many seconds has measured when each was like this.
local function run(seconds, in_second, thresholds)
  local worker, all = meter.new(), measurement.new(threshold.over_windows(thresholds or {}))
  for second = 0, seconds - 1 do
    worker:advance(second)
    in_second(worker, second)
  end
  for _, part in ipairs(worker:take(true)) do all:add(part) end
  all:extend(seconds * 1000, seconds * 1000)
  return all
end

local function judge(text, seconds, in_second)
  local it = assert(threshold.parse(text))
  return { it:judge(run(seconds, in_second, { it })) }
end

-- A hundred replies of 1 to 100 msec, ten iterations, of which one fails.
local function hundred_replies(worker)
  for msec = 1, 100 do worker:sample("reply", msec * 1000) end
  for _ = 1, 9 do worker:sample("iteration", 1000000) end
  worker:fail("iteration", "timeout")
  worker:fail("reply", "timeout")
  worker:fail("close", "timeout")
  worker:count("iterations", 10)
  worker:count("bytes_in", 5000)
end

describe("a threshold", function()
  it("is held or missed by times", function()
    for text, wanted in pairs {
      ["reply.p95<96ms"] = { true, "94.7 ms" }, ["reply.p95<0.094s"] = { false, "94.7 ms" },
      ["reply.max<=100ms"] = { true, "100 ms" }, ["reply.max<100ms"] = { false, "100 ms" },
      ["reply.min>=1000us"] = { true, "1.00 ms" }, ["reply.min>1ms"] = { false, "1.00 ms" },
      ["reply.p99.9<1m"] = { true, "99.8 ms" }, ["reply.p0<2ms"] = { true, "1.00 ms" },
      ["iteration.mean<2s"] = { true, "1.00 s" }, [" reply.p95 < 96 ms "] = { true, "94.7 ms" },
    } do
      assert.same(wanted, judge(text, 1, hundred_replies), text)
    end
  end)

  it("is held or missed by errors, their kinds, numbers and rates", function()
    for text, wanted in pairs {
      ["errors<10.1%"] = { true, "10.0 %" }, ["errors<10%"] = { false, "10.0 %" },
      ["errors<2"] = { false, "2" }, ["errors.timeout<=10%"] = { true, "10.0 %" },
      ["errors.refused<0.1%"] = { true, "0 %" }, ["reply.errors<1%"] = { true, "0.99 %" },
      ["reply.errors.timeout<1"] = { false, "2" }, ["close.errors<1"] = { false, "2" },
      ["iterations>=20"] = { true, "20" }, ["iterations>20"] = { false, "20" },
      ["iterations>9.9/s"] = { true, "10.0/s" }, ["rate>10/s"] = { false, "10.0/s" },
      ["reply.count>=200"] = { true, "200" }, ["reply.rate<101/s"] = { true, "100/s" },
      ["bytes_in<10001"] = { true, "10000" }, ["bytes_in.rate<5001/s"] = { true, "5000/s" },
      ["dropped<1"] = { true, "0" },
    } do
      assert.same(wanted, judge(text, 2, hundred_replies), text)
    end
  end)

  it("is missed without any samples", function()
    local without = { "join.p95<1s", "step:a.p50<1s", "join.errors<5%", "join.count<5", "join.rate<5/s" }
    for _, text in ipairs(without) do
      assert.same({ false, "no samples" }, judge(text, 1, hundred_replies), text)
    end
    for _, text in ipairs { "errors<50%", "dropped<1", "iterations<5", "rate<1/s", "reply.p95<1s over 1s" } do
      assert.same({ false, "no samples" }, judge(text, 3, function() end), text)
    end
  end)

  it("has no times when everything failed", function()
    local function only_failures(worker) worker:fail("join", "timeout") end
    assert.same({ false, "no samples" }, judge("join.max<1s", 1, only_failures))
  end)

  it("is about a step, whatever its name", function()
    for _, name in ipairs { "login", "log in", "v1.2", "p95" } do
      local measured = judge(("step:%s.p95<10ms"):format(name), 1, function(worker)
        worker:sample("step:" .. name, 5000)
      end)
      assert.same({ true, "5.00 ms" }, measured)
    end
  end)
end)

describe("a threshold over windows", function()
  -- 1 msec, but 500 in second 7.
  local function slow_once(worker, second)
    worker:sample("join", second == 7 and 500000 or 1000)
    worker:count("iterations", second == 7 and 1 or 10)
  end

  it("is to hold in every one of them", function()
    assert.is_true(judge("join.p90<10ms over 10s", 30, slow_once)[1])
    local slow = judge("join.p90<10ms over 5s", 30, slow_once)
    assert.same({ false, "500 ms in the 5 s from second 3 on" }, slow)
    assert.same({ false, "1.00/s in the 1 s from second 7 on" }, judge("rate>5/s over 1s", 30, slow_once))
  end)

  it("has windows up to the last second", function()
    local function slow_last(worker, second) worker:sample("join", second == 29 and 500000 or 1000) end
    assert.is_false(judge("join.max<10ms over 10s", 30, slow_last)[1])
    assert.is_true(judge("join.max<10ms over 10s", 29, slow_last)[1])
  end)

  it("takes a run that is shorter for one window", function()
    assert.same({ true, "1.00 ms" }, judge("join.max<10ms over 10s", 5, slow_once))
  end)

  it("finds nothing too slow where nothing was, but no rate either", function()
    local function every_tenth(worker, second)
      if second % 10 == 0 then slow_once(worker, second) end
    end
    assert.is_true(judge("join.max<10ms over 2s", 30, every_tenth)[1])
    local rare = judge("join.rate>0/s over 2s", 30, every_tenth)
    assert.same({ false, "0.00/s in the 2 s from second 1 on" }, rare)
  end)

  it("takes the worst of some kind of error, of the attempts of that window", function()
    local function wrong_once(worker, second)
      if second == 4 then worker:fail("iteration", "timeout") else worker:sample("iteration", 5) end
    end
    assert.same({ false, "50.0 % in the 2 s from second 3 on" }, judge("errors<1% over 2s", 10, wrong_once))
  end)
end)

describe("a threshold that is wrong", function()
  for text, wanted in pairs {
    [""] = "\n^ <, <=, > or >= and a limit expected",
    ["reply.p95"] = "\n         ^ <, <=, > or >= and a limit expected",
    ["repyl.p95<50ms"] = "\n^ no such metric; did you mean reply?",
    ["  iteratoins>5"] = "\n  ^ no such metric; did you mean iterations?",
    ["xyzzy<5"] = "\n^ no such metric; there are bytes_in, bytes_out, close, connect, connections, "
      .. "disconnect, dropped, errors, iteration, iterations, join, leave, message, messages_in, "
      .. "messages_out, push, rate, reply, step:NAME",
    ["<5"] = "\n^ what is to be measured? for example reply.p95, errors or iterations",
    ["reply<50ms"] = "\n     ^ which value of it? for example reply.p95, reply.max or reply.errors",
    ["reply.maxx<50ms"] = "\n      ^ no such value of reply; did you mean max?",
    ["join.p101<5s"] = "\n     ^ no such value of join; there are count, errors, max, mean, min, p95, rate",
    ["errors.tiemout<1"] = "\n       ^ no such kind of error; did you mean timeout?",
    ["join.errors.x<1%"] = "\n            ^ no such kind of error; there are assertion, closed, error, "
      .. "refused, timeout",
    ["dropped.p95>5"] = "\n        ^ dropped is a number; all that there is else is dropped.rate",
    ["reply.p95==50ms"] = "\n         ^ <, <=, > or >= and a limit expected",
    ["reply.p95<<50ms"] = "\n         ^ <, <=, > or >= expected",
    ["reply.p95<"] = "\n          ^ a time with us, ms, s or m, as 50ms expected",
    ["reply.p95<50"] = "\n          ^ a time with us, ms, s or m, as 50ms expected",
    ["reply.p95<50%"] = "\n          ^ a time with us, ms, s or m, as 50ms expected",
    ["reply.p95< x"] = "\n           ^ a time with us, ms, s or m, as 50ms expected",
    ["errors<5ms"] = "\n       ^ a percentage, as 0.1%, or a number expected",
    ["rate>5"] = "\n     ^ so many in a second, as 100/s expected",
    ["iterations>5%"] = "\n           ^ a number, or so many in a second, as 100/s expected",
    ["join.p99<1s each 10s"] = "\n            ^ nothing, or over and a time, expected",
    ["join.p99<1s over"] = "\n                ^ whole seconds expected, as 10s",
    ["join.p99<1s over 500ms"] = "\n                 ^ whole seconds expected, as 10s",
    ["join.p99<1s over 10s!"] = "\n                 ^ whole seconds expected, as 10s",
    ["step:für.p95<x"] = "\n             ^ a time with us, ms, s or m, as 50ms expected",
  } do
    it(("is shown with the place: %q"):format(text), function()
      assert.same({ nil, text .. wanted }, { (threshold.parse(text)), (select(2, threshold.parse(text))) })
    end)
  end
end)
