-- Clients that come and go leave nothing behind. (spec/bench/lives.lua measures more of them, and the
-- memory of the process; the sanitizer looks for what C has lost.)
local lives = require "spec.support.lives"

-- What one life may leave: less than anything weighs that would be kept for each.
local MOST_BYTES = 10

describe("clients by the thousand leave nothing behind", function()
  -- What each of so many lives leaves.
  local function left_by(live, count)
    local before = lives.memory()
    for _ = 1, count do live() end
    return (lives.memory() - before) / count
  end

  -- A table of Lua's own that grows once, as that of its strings, does so in one of the halves only.
  local function hold(way, count)
    local live, close = lives[way]()
    left_by(live, count // 10)
    local left = math.min(left_by(live, count // 2), left_by(live, count // 2))
    close()
    assert(left < MOST_BYTES, ("each has left %.1f bytes"):format(left))
  end

  it("that are started and stopped", function() hold("alone", 5000) end)

  it("that have a name and timers, and are stopped while they wait", function() hold("busy", 3000) end)

  it("that do not come into being", function() hold("stillborn", 3000) end)

  it("that crash and begin again", function() hold("crashing", 3000) end)

  it("that are stopped while connected", function() hold("connected", 1000) end)

  it("that have been on the network", function() hold("over_loopback", 1000) end)
end)
