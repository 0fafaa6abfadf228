-- What all workers have counted together, whatever becomes of them.
local core = require "slipstream.core"
local totals = require "slipstream.cli.totals"

describe("totals", function()
  local all

  local function latencies(...)
    local histogram = core.histogram()
    for _, usec in ipairs { ... } do histogram:record(usec) end
    return histogram:pack()
  end

  before_each(function()
    all = totals.new { joins = 0, disconnects = {}, replies = { histogram = core.histogram(), usec = 0 } }
  end)

  it("are zeroes at first", function()
    local sum = all:sum()
    assert.same({ 0, {}, 0 }, { sum.joins, sum.disconnects, sum.replies.usec })
    assert.equal(0, (sum.replies.histogram:count()))
  end)

  it("add numbers, tables and histograms of all workers", function()
    all:take(0, 0, { joins = 2, disconnects = { connection_lost = 1 },
      replies = { histogram = latencies(10, 20), usec = 30 } })
    all:take(1, 0, { joins = 3, disconnects = { connection_lost = 1, closed_by_remote = 4 },
      replies = { histogram = latencies(5), usec = 5 } })
    local sum = all:sum()
    assert.same({ 5, { connection_lost = 2, closed_by_remote = 4 }, 35, 3 },
      { sum.joins, sum.disconnects, sum.replies.usec, (sum.replies.histogram:count()) })
  end)

  it("take what a worker has counted by now for what it had before", function()
    all:take(0, 0, { joins = 2 })
    all:take(0, 0, { joins = 3 })
    assert.equal(3, all:sum().joins)
    assert.equal(3, all:sum().joins)
  end)

  it("keep what a worker has counted in its former lives", function()
    all:take(0, 0, { joins = 2, replies = { histogram = latencies(7), usec = 7 } })
    all:take(0, 1, { joins = 1, replies = { histogram = latencies(), usec = 0 } })
    all:take(0, 3, { joins = 4 })
    assert.equal(7, all:sum().joins)
    assert.equal(7, all:sum().replies.histogram:greatest())
  end)
end)
