-- Counts instructions per operation by callgrind: repeatable on a machine that others use, too. Those of the
-- kernel are not among them. Set-up falls out: a run with twice the operations, less one with the half.

local programs = require "programs"
local run = require "run"

local SECONDS = 300

local M = {}

-- What runs so many operations of the same.
local function with_count(what, count)
  local copy = {}
  for name, value in pairs(what) do copy[name] = value end
  copy.run = what.run:gsub("count=%d+", "count=" .. count)
  return copy
end

local function read_collected(path)
  local file <close> = assert(io.open(path))
  return tonumber(file:read("a"):match "Collected : (%d+)")
end

-- The instructions of a whole run; nothing when it failed. The profile stays in `profile`.
local function count_of(what, profile)
  local log = profile .. ".log"
  local callgrind = "valgrind --tool=callgrind --callgrind-out-file=%s --log-file=%s %s"
  local text = run.once(callgrind:format(profile, log, programs.command(what)), what, SECONDS)
  return text:find "%d" and read_collected(log)
end

local function measure(name, what)
  local profile = ("%scallgrind.%s.%s"):format(programs.folder, name, what.client or "ours")
  local count = math.max(2, tonumber(what.run:match "count=(%d+)") // 10)
  local once = count_of(with_count(what, count), profile)
  local twice = count_of(with_count(what, 2 * count), profile)
  if not (once and twice) then programs.fail(name .. " failed; what it said stands above") end
  local instructions = (twice - once) / count
  return { name = name, client = what.client or "ours", instructions = instructions, profile = profile }
end

--- Ends the bench where it cannot be done.
function M.check()
  if not os.execute "command -v valgrind >/dev/null" then programs.fail "--instructions needs valgrind" end
end

--- The results of the row and of what it is measured against, one each.
function M.measure(row, against)
  local results = { measure(row.name, row) }
  if against then table.insert(results, 1, measure(row.name .. "-against", against)) end
  return results
end

function M.print_head()
  print "User-space instructions per operation; callgrind_annotate FILE shows where they are.\n"
end

function M.print(result)
  if result.note then return print(("%-22s %s"):format(result.row, result.note)) end
  print(("%-22s %-6s %12.0f   %s"):format(result.name, result.client, result.instructions, result.profile))
end

return M
