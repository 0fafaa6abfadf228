-- Runs each workload with the floor client and with ours, in turns, and prints the table:
--   lua5.4 spec/bench/table.lua PROGRAM FLOOR_SERVER FLOOR_CLIENT

local program, floor_server, floor_client = arg[1], arg[2], arg[3]

local RUNS = 3
local MiB = 1024 * 1024

-- name, what the floor does, what ours does, the bar.
local workloads = {
  { "rtt", "echo 1 1 20000", "echo.lua connections=1 in_flight=1 count=20000", 1.15 },
  { "window", "echo 1 64 200000", "echo.lua connections=1 in_flight=64 count=200000", 2.0 },
  { "fanout", "echo 1000 1 100000", "echo.lua connections=1000 in_flight=1 count=100000", 1.3 },
  { "ticks", "ticks 200000", "ticks.lua event=ticks size=200000 count=200000", 3.0 },
  { "storm", "storm 256 5000", "storm.lua dials=256 count=5000", 1.4 },
  { "churn", "churn 64 5000", "storm.lua dials=64 count=5000 ending=leave", 1.3 },
  { "large, 1 MiB", "large 1048576 50", "ticks.lua event=large size=1048576 count=50", 2.0 },
  { "large, 16 MiB", "large 16777216 4", "ticks.lua event=large size=16777216 count=4", 2.0 },
}

local idle = { 1000, 10000, 18000 }

local function read_from(command)
  local pipe = assert(io.popen("timeout 60 " .. command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

-- A server for each run: it listens on a port of its own, so that the closed connections of the run before
-- do not stand in the way of new ones.
local function run(what)
  local server = assert(io.popen("exec timeout 120 " .. floor_server))
  local port, process = server:read("l"):match "^(%d+) (%d+)$"
  local text = read_from(what(port))
  os.execute("kill " .. process)
  server:close()
  return text
end

local function floors(numbers)
  return function(port) return ("%s %s %s"):format(floor_client, port, numbers) end
end

local function ours(settings, more)
  local file, pairs_given = settings:match "^(%S+) (.*)$"
  return function(port)
    return ("%s run spec/bench/%s --log error --uri ws://127.0.0.1:%s/socket/websocket %s %s"):format(
      program, file, port, pairs_given:gsub("%S+", "--set %0"), more or "")
  end
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

-- A run that breaks off says why on stderr, and counts as none.
local function measure(floor_what, our_what)
  local floor_times, our_times = {}, {}
  for _ = 1, RUNS do
    floor_times[#floor_times + 1] = tonumber(run(floor_what))
    our_times[#our_times + 1] = tonumber(run(our_what))
  end
  return median(floor_times), median(our_times)
end

local function print_row(name, floor_time, our_time, bar)
  if not (floor_time and our_time) then
    return print(("%-26s %12s"):format(name, "failed"))
  end
  local ratio = our_time / floor_time
  print(("%-26s %12.2f %12.2f %8.2f %8.2f %s"):format(
    name, floor_time, our_time, ratio, bar, ratio <= bar and "" or "over the bar"))
end

local function print_megabytes(name, floor_time, our_time)
  local bytes = tonumber(name:match "(%d+) MiB")
  if bytes and floor_time and our_time then
    local size = bytes * MiB -- bytes per microsecond are megabytes per second
    print(("%-26s %12.0f %12.0f"):format("  MB per CPU second", size / floor_time, size / our_time))
  end
end

local function file_limit()
  return tonumber(read_from "sh -c 'ulimit -n'") or 1024
end

local function measure_idle(count)
  local text = run(ours(("echo.lua connections=1 in_flight=1 count=20000 idle=%d"):format(count), "2>&1"))
  return tonumber(text:match "^(%d+)\n"), tonumber(text:match "\n([%d.]+)\n")
end

local function print_idle(count, alone)
  local name = ("idle, %d"):format(count)
  if count + 100 > file_limit() then return print(name .. ": not measured, too few file descriptors") end
  local bytes, rtt = measure_idle(count)
  if not (bytes and rtt) then return print(("%-26s %12s"):format(name, "failed")) end
  print(("%-26s %12s %12d %8s %8d %s"):format(
    name .. ", bytes each", "", bytes, "", 2000, bytes <= 2000 and "" or "over the bar"))
  if alone then print_row(("rtt among %d idle"):format(count), alone, rtt, 1.1) end
end

print(("%-26s %12s %12s %8s %8s"):format("CPU µs per operation", "floor", "ours", "ratio", "bar"))
local alone
for _, workload in ipairs(workloads) do
  local name, floor_what, our_what, bar = table.unpack(workload)
  local floor_time, our_time = measure(floors(floor_what), ours(our_what))
  print_row(name, floor_time, our_time, bar)
  print_megabytes(name, floor_time, our_time)
  alone = alone or our_time
end
for _, count in ipairs(idle) do print_idle(count, alone) end
print "tls                        not measured yet"
