-- Questions to all workers where there are none: one asks oneself. With workers: spec/cli/remote_spec.lua.
local slipstream = require "slipstream"
local team = require "slipstream.team"

describe("a question to all workers", function()
  local function ask_all(...) return slipstream.run(team.ask_all, ...) end

  it("is answered by the one that there is", function()
    team.answer("spec.double", function(number) return 2 * number end)
    assert.same({ { worker = 0, ok = true, value = 42 } }, ask_all("spec.double", 21))
  end)

  it("has its value copied", function()
    local sent, seen = { 1 }, nil
    team.answer("spec.keep", function(value) seen = value end)
    assert.same({ { worker = 0, ok = true } }, ask_all("spec.keep", sent))
    assert.same(sent, seen)
    assert.not_equal(sent, seen)
  end)

  it("may be answered later, or not in time", function()
    team.answer("spec.wait", function(msec)
      slipstream.await(function() end, msec)
      return "waited"
    end)
    assert.same({ { worker = 0, ok = true, value = "waited" } }, ask_all("spec.wait", 1))
    assert.same({ { worker = 0, ok = false, reason = "timeout" } }, ask_all("spec.wait", 60000, 10))
  end)

  it("lets go of who would answer when nobody waits any more", function()
    local is_closed
    team.answer("spec.close", function()
      local _ <close> = setmetatable({}, { __close = function() is_closed = true end })
      slipstream.await(function() end, 60000)
    end)
    ask_all("spec.close", nil, 10)
    slipstream.run(function() slipstream.await(function() end, 1) end)
    assert.is_true(is_closed)
  end)

  it("hears an error as its reason, which the log has, too", function()
    local lines = {}
    local former = slipstream.log.set_sink(function(line) table.insert(lines, line) end)
    team.answer("spec.fail", function() error("boom", 0) end)
    assert.same({ { worker = 0, ok = false, reason = "boom" } }, ask_all("spec.fail"))
    slipstream.log.set_sink(former)
    assert.truthy(lines[1]:find("error boom question=spec.fail", 1, true))
  end)

  it("that nobody answers says so", function()
    assert.same({ { worker = 0, ok = false, reason = "nobody answers: spec.nothing" } },
      ask_all("spec.nothing"))
  end)

  it("is only for where one can wait", function()
    assert.has_error(function() team.ask_all("spec.double", 1) end)
  end)
end)

describe("slipstream.worker", function()
  it("is the only one where there is no team", function()
    assert.same({ 0, 1 }, { slipstream.worker.index, slipstream.worker.count })
    assert.same({ nil, "noproc", "noproc" }, { team.deliver(1, "spec", 1) })
  end)
end)
