-- Counts instructions per operation by callgrind: repeatable on a machine that others use, too. Those of the
-- kernel are not among them. Set-up falls out: a run with twice the operations, less one with the half.

local programs = require "programs"
local run = require "run"

local SECONDS = 300

local M = {}

-- The row's workload with so many operations.
local function with_count(workload, count)
  return (workload:gsub("count=%d+", "count=" .. count))
end

local function read_collected(path)
  local file <close> = assert(io.open(path))
  return tonumber(file:read("a"):match "Collected : (%d+)")
end

-- The instructions of a whole run; nothing when it failed. The profile stays in `profile`.
local function count_of(side, profile)
  local log = profile .. ".log"
  local callgrind = "valgrind --tool=callgrind --callgrind-out-file=%s --log-file=%s %s"
  local text = run.once({ command = callgrind:format(profile, log, side.command), tls = side.tls }, SECONDS)
  return text:find "%d" and read_collected(log)
end

local function measure(row, command_for, side)
  local profile = ("%scallgrind.%s.%s"):format(programs.folder, row.name, side)
  local count = math.max(2, tonumber(row.run:match "count=(%d+)") // 10)
  local once = count_of(command_for(with_count(row.run, count)), profile)
  local twice = count_of(command_for(with_count(row.run, 2 * count)), profile)
  if not (once and twice) then programs.fail(row.name .. " failed; what it said stands above") end
  return (twice - once) / count, profile
end

--- Prints the row's instructions per operation, the floor's and ours.
function M.print(row)
  local floor, floor_profile = measure(row, programs.floor, "floor")
  local ours, our_profile = measure(row, programs.ours, "ours")
  print(("%-10s %12.0f %12.0f   %s %s"):format(row.name, floor, ours, floor_profile, our_profile))
end

function M.print_head()
  print "User-space instructions per operation; callgrind_annotate shows where they are.\n"
  print(("%-10s %12s %12s   profiles"):format("", "floor", "ours"))
end

return M
