-- Measures each workload and prints the table of DESIGN.md, "Speed and memory"; scripts/bench runs it.

package.path = "spec/bench/?.lua;" .. package.path
local run = require "run"

local MiB = 1024 * 1024
local WINDOW = "echo.lua connections=1 in_flight=64 count=200000"

-- name, what the floor does, what ours does, the bar.
local workloads = {
  { "rtt", "echo 1 1 50000", "echo.lua connections=1 in_flight=1 count=50000", 1.15 },
  { "window", "echo 1 64 200000", WINDOW, 2.0 },
  { "fanout", "echo 1000 1 100000", "echo.lua connections=1000 in_flight=1 count=100000", 1.3 },
  { "ticks", "ticks 200000", "ticks.lua event=ticks size=200000 count=200000", 3.0 },
  { "storm", "storm 256 5000", "storm.lua dials=256 count=5000", 1.4 },
  { "churn", "churn 64 5000", "storm.lua dials=64 count=5000 ending=leave", 1.3 },
  { "large, 1 MiB", "large 1048576 50", "ticks.lua event=large size=1048576 count=50", 2.0 },
  { "large, 16 MiB", "large 16777216 4", "ticks.lua event=large size=16777216 count=4", 2.0 },
}

local idle_counts = { 1000, 10000, 18000 }

local has_failed = false

local function print_line(name, floor, ours, ratio, bar, verdict)
  local line = ("%-28s %10s %10s %7s %7s  %s"):format(name, floor, ours, ratio, bar, verdict)
  print((line:gsub("%s+$", "")))
end

local function print_failed(name)
  has_failed = true
  print_line(name, "", "failed", "", "", "")
end

local function verdict_of(value, bar)
  return bar and value > bar and "over the bar" or ""
end

local function print_ratio(name, floor, ours, bar)
  if not (floor and ours) then return print_failed(name) end
  local ratio = ours / floor
  print_line(name, ("%.2f"):format(floor), ("%.2f"):format(ours), ("%.2f"):format(ratio),
    bar and ("%.2f"):format(bar) or "", verdict_of(ratio, bar))
end

local function print_bytes(name, bytes, bar)
  if not bytes then return print_failed(name) end
  print_line(name, "", ("%d"):format(bytes), "", bar, verdict_of(bytes, bar))
end

local function print_megabytes(name, floor, ours)
  local count = name:match "(%d+) MiB"
  if not (count and floor and ours) then return end
  local size = count * MiB -- bytes per microsecond are megabytes per second
  print_line("  MB per CPU second", ("%.0f"):format(size / floor), ("%.0f"):format(size / ours), "", "", "")
end

-- Returns the times of the floor and ours by the workload's name.
local function print_workloads()
  local floors, ours = {}, {}
  for _, workload in ipairs(workloads) do
    local name, floor_does, ours_does, bar = table.unpack(workload)
    floors[name], ours[name] = run.compare(run.floor(floor_does), run.ours(ours_does))
    print_ratio(name, floors[name], ours[name], bar)
    print_megabytes(name, floors[name], ours[name])
  end
  return floors, ours
end

local function idle_settings(count)
  return ("echo.lua connections=1 in_flight=1 count=50000 idle=%d"):format(count)
end

local function file_limit()
  local pipe <close> = assert(io.popen "ulimit -n")
  return tonumber(pipe:read "l") or math.huge -- or "unlimited"
end

local function print_idle(count, rtt_alone)
  local name = ("idle, %d: bytes each"):format(count)
  if count + 100 > file_limit() then return print(name .. ": not measured, too few file descriptors") end
  local bytes, rtt = run.measure(run.ours(idle_settings(count)), 2)
  print_bytes(name, bytes, 2000)
  print_ratio(("rtt among %d, to rtt alone"):format(count), rtt_alone, rtt, 1.1)
end

-- The floor is the plain one.
local function print_tls(floors)
  local window = run.measure(run.ours_by_tls(WINDOW), 1)
  print_ratio("tls window", floors.window, window, 1.7)
  local churn = run.measure(run.ours_by_tls "storm.lua dials=64 count=1000 ending=leave", 1)
  print_ratio("tls churn, full handshakes", floors.churn, churn)
  print "tls churn, resumed handshakes: not there yet"
  print_bytes("tls idle, 1000: bytes each", (run.measure(run.ours_by_tls(idle_settings(1000)), 2)), 21000)
end

print [[
Our client with Lua, and the floor: a raw epoll client that does the same with the same server.
Times: microseconds of CPU, user and system, that the client's process takes for one operation,
connecting and joining left out where they are not the operation. Ratio: ours to the floor.
Bytes: how much the client's resident memory grows for each further client that connects and joins.
All are medians of 3 runs. On a shared machine only the ratios and bytes mean something.
]]
print_line("", "floor", "ours", "ratio", "bar", "")
local floors, ours = print_workloads()
for _, count in ipairs(idle_counts) do print_idle(count, ours.rtt) end
print_tls(floors)
if has_failed then run.fail "a workload failed; what it said stands above" end
