-- Clients that come and go leave nothing behind. (spec/bench/lives.lua measures more of them, and the
-- memory of the process; the sanitizer looks for what C has lost.)
local lives = require "spec.support.lives"

-- What one life may leave: less than anything weighs that would be kept for each.
local MOST_BYTES = 10

describe("a thousand clients leave nothing behind", function()
  local function hold(way, count)
    local live, close = lives[way]()
    for _ = 1, count // 10 do live() end -- pools and tables have their size now
    local before = lives.memory()
    for _ = 1, count do live() end
    local grown = (lives.memory() - before) / count
    close()
    assert(grown < MOST_BYTES, ("each has left %.1f bytes"):format(grown))
  end

  it("that are started and stopped", function() hold("alone", 5000) end)

  it("that have a name and timers, and are stopped while they wait", function() hold("busy", 3000) end)

  it("that do not come into being", function() hold("stillborn", 3000) end)

  it("that crash and begin again", function() hold("crashing", 3000) end)

  it("that are stopped while connected", function() hold("connected", 1000) end)

  it("that have been on the network", function() hold("over_loopback", 1000) end)
end)
