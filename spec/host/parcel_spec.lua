-- Parcels that must arrive, at a seat of the spec's own. Real ones: spec/cli/remote_spec.lua.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local parcel = require "slipstream.parcel"
local seat = require "slipstream.seat"
local slipstream = require "slipstream"

describe("a parcel that must arrive", function()
  local arrived, refusals -- both by whom it is for
  local mine = seat.mine

  local own = {}

  -- By `to`, or for urgent ones alone by "urgent".
  function own.post(_, to, bytes, is_urgent)
    local code = refusals[to] or is_urgent and refusals.urgent
    if code then return nil, code, code end
    local value = core.unpack(bytes)[2]
    table.insert(arrived, to .. ":" .. (is_urgent and "urgent " or "") .. tostring(value.value or value))
    return true
  end

  function own.on_parcel(_, arrive) own.arrive = arrive end

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

  it("and is urgent comes before the others where it can, and else as they do", function()
    parcel.urge(1, "spec", "a")
    refusals = { urgent = "queue_full" }
    parcel.urge(1, "spec", "b")
    refusals = { "no_memory" }
    parcel.urge(1, "spec", "c")
    refusals = { urgent = "queue_full" }
    assert.equal("1:urgent a 1:b 1:c", arrive(3))
    refusals = { "noproc" }
    parcel.urge(1, "spec", "d")
    assert.is_true(loop.is_empty())
  end)

  it("may be a reply, as its caller waits for it", function()
    local from
    parcel.on("spec", function(value) from = value end)
    parcel.begin()
    local caller = setmetatable({}, { __shared = true, __refer = function() return { "from", 1, 7 } end })
    own.arrive(parcel.pack("spec", caller), 1)
    refusals = { "no_memory" }
    assert.is_true(slipstream.reply(from, "yes"))
    refusals = {}
    assert.equal("1:yes", arrive(1))
    refusals = { "noproc" }
    assert.is_false(slipstream.reply(from, "nobody waits"))
  end)
end)
