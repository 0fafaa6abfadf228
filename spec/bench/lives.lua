-- Clients that come and go, for the memory they leave and the time they take: the ways of
-- spec/support/lives.lua, `count` lives of each (100000). After a release build:
--
--   LUA_PATH='lua/?.lua;lua/?/init.lua;?.lua;;' LUA_CPATH='build/release/lua/?.so;;' \
--     lua5.4 spec/bench/lives.lua [count]

local lives = require "spec.support.lives"

local COUNT = math.tointeger(tonumber(arg[1] or 100000))

-- The memory of this process in KiB.
local function resident()
  for line in io.lines "/proc/self/status" do
    local size = line:match "^VmRSS:%s+(%d+) kB"
    if size then return math.tointeger(tonumber(size)) end
  end
end

local function measure(way)
  local live, close = lives[way]()
  for _ = 1, COUNT // 10 do live() end
  local memory, size, time = lives.memory(), resident(), os.clock()
  for _ = 1, COUNT do live() end
  time = os.clock() - time
  print(("%-14s %7.1f us each, Lua %+6.2f bytes each, resident %d -> %d KiB"):format(way,
    time / COUNT * 1e6, (lives.memory() - memory) / COUNT, size, resident()))
  close()
end

for _, way in ipairs { "alone", "busy", "stillborn", "crashing", "connected", "over_loopback" } do
  measure(way)
end
