-- Parcels that must arrive, at a seat of the spec's own. Real ones: spec/cli/remote_spec.lua.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local parcel = require "slipstream.parcel"
local seat = require "slipstream.seat"

describe("a parcel that must arrive", function()
  local arrived, refusals -- both by whom it is for
  local mine = seat.mine

  local own = {}

  function own.post(_, to, bytes)
    local code = refusals[to]
    if code then return nil, code, code end
    table.insert(arrived, to .. ":" .. core.unpack(bytes)[2])
    return true
  end

  before_each(function()
    arrived, refusals = {}, {}
    seat.mine = function() return own end
  end)

  after_each(function()
    refusals = {}
    assert.is_true(loop.is_empty())
    seat.mine = mine
  end)

  local function arrive(count)
    loop.wait(function() return #arrived == count end)
    return table.concat(arrived, " ")
  end

  it("is sent at once where there is room", function()
    parcel.deliver(1, "spec", "a")
    assert.same({ "1:a" }, arrived)
    assert.is_true(loop.is_empty())
  end)

  it("is sent when there is room again, after those that waited before", function()
    for _, code in ipairs { "queue_full", "no_memory" } do
      arrived, refusals = {}, { code }
      parcel.deliver(1, "spec", "a")
      parcel.deliver(2, "spec", "b")
      parcel.deliver(1, "spec", "c")
      assert.equal("2:b", arrive(1))
      refusals = {}
      parcel.deliver(1, "spec", "d")
      assert.equal("2:b 1:a 1:c 1:d", arrive(4))
    end
  end)

  it("waits no longer than there is somebody", function()
    refusals = { "queue_full" }
    parcel.deliver(1, "spec", "a")
    refusals = { "noproc" }
    assert.is_true(loop.is_empty())
    refusals = {}
    parcel.deliver(1, "spec", "b")
    assert.same({ "1:b" }, arrived)
  end)
end)
