-- What load the options of a command ask for.
local plans = require "slipstream.scenario.load.plan"
local ramps = require "slipstream.scenario.load.ramp"

local function ramp(text)
  local it, is_rate = assert(ramps.read(text))
  return { ramp = it, is_rate = is_rate }
end

describe("a plan", function()
  it("is of users, who are always the same or follow a ramp", function()
    assert.same({
      is_rate = false, points = { { at = 0, level = 50 } }, max_vus = 50, duration_msec = 30000,
      graceful_msec = 5000,
    }, plans.of { vus = 50, duration = 30000 })
    local plan = plans.of { ramp = ramp "0:0,30s:500,2m:100", iterations = 10 }
    assert.same({ 500, 3, 10 }, { plan.max_vus, #plan.points, plan.iterations })
    assert.is_nil(plan.duration_msec)
  end)

  it("is of a rate, with as many users as that needs", function()
    local plan = plans.of { rate = 200, duration = 1000, max_vus = 7, graceful = 10 }
    assert.same({ true, 7, 10 }, { plan.is_rate, plan.max_vus, plan.graceful_msec })
    assert.equal(1000, plans.of({ rate = 200, duration = 1000 }).max_vus)
    assert.is_true(plans.of({ ramp = ramp "0:0/s,30s:200/s" }).is_rate)
  end)

  it("lasts as long as its ramp, unless something else is said", function()
    assert.equal(30000.0, plans.of({ ramp = ramp "0:0,30s:200" }).duration_msec)
    assert.equal(5000, plans.of({ ramp = ramp "0:0,30s:200", duration = 5000 }).duration_msec)
  end)

  for fault, options in pairs {
    ["--vus, --rate and --ramp: one of them expected"] = { vus = 5, rate = 10, duration = 5 },
    ["--pace: iterations have their times already, by the rate"] = { rate = 10, pace = 5, duration = 5 },
    ["--max-vus: is for rates; else --vus or --ramp says it"] = { vus = 10, max_vus = 5, duration = 5 },
    ["how long? --duration or --iterations expected"] = { vus = 10 },
  } do
    it("is none: " .. fault, function() assert.same({ nil, fault }, { plans.of(options) }) end)
  end

  it("has no end by a ramp of one point", function()
    assert.is_nil(plans.of { ramp = ramp "0:5" })
  end)
end)

describe("a load", function()
  it("is asked for by users, a rate or a ramp", function()
    assert.is_true(plans.is_load { vus = 5 })
    assert.is_true(plans.is_load { rate = 5, threshold = {} })
    assert.is_false(plans.is_load { threshold = {} })
    assert.is_nil(select(2, plans.is_load { threshold = {} }))
  end)

  it("is not asked for by what is only of one", function()
    local function fault_of(options) return select(2, plans.is_load(options)) end
    assert.equal("--max-vus: is of load runs; say of what: --vus, --rate or --ramp", fault_of { max_vus = 5 })
    assert.truthy(fault_of({ threshold = { {} } }):find "^%-%-threshold: ")
  end)

  it("takes no options of runs that play each scenario once", function()
    local function fault_with(option, value)
      return select(2, plans.of { vus = 1, iterations = 1, [option] = value })
    end
    assert.is_nil(fault_with("tags", {}))
    local text = "--jobs: is of runs that play each scenario once; it is no option of a load"
    assert.equal(text, fault_with("jobs", 1))
    for option, value in pairs { retry = 0, shuffle = true, seed = 5, bail = 1 } do
      assert.truthy(fault_with(option, value):find("--" .. option .. ": is of runs", 1, true))
    end
    assert.truthy(fault_with("outputs", { {} }):find "^%-%-format and %-%-output: ")
  end)
end)
