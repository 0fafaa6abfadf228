-- The outcome of a soak for people.

local M = {}

local MIB = 1024 * 1024

-- Headings, and what stands below: of the client's ledger, or of the server's counters.
local columns = {
  { "lives", "here", "lives" }, { "connections", "here", "connected" }, { "closed", "here", "closed" },
  { "broken", "here", "lost" }, { "server: opened", "there", "opened" }, { "closed", "there", "closed" },
  { "lost", "there", "lost" }, { "pushes", "here", "pushes" }, { "ok", "here", "ok" },
  { "error", "here", "error" }, { "timeout", "here", "timeout" },
  { "disconnected", "here", "error_of_connection" }, { "messages", "here", "messages" },
}

local function add_row(lines, title, cells)
  local parts = { ("%-8s"):format(title) }
  for index, column in ipairs(columns) do
    parts[#parts + 1] = ("%" .. math.max(7, #column[1]) .. "s"):format(cells[index])
  end
  lines[#lines + 1] = table.concat(parts, "  ")
end

local function headings()
  local cells = {}
  for index, column in ipairs(columns) do cells[index] = column[1] end
  return cells
end

local function add_ways(lines, outcome)
  local sums = {}
  for index in ipairs(columns) do sums[index] = 0 end
  for _, name in ipairs(outcome.names) do
    local cells = {}
    for index, column in ipairs(columns) do
      cells[index] = outcome[column[2]][name][column[3]]
      sums[index] = sums[index] + cells[index]
    end
    add_row(lines, name, cells)
  end
  add_row(lines, "all", sums)
end

local function add_memory(lines, outcome)
  if not outcome.measured then
    lines[#lines + 1] = "memory: the run was too short to judge"
    return
  end
  lines[#lines + 1] = ("at rest, after the warm-up and %d connections later:"):format(outcome.measured)
  for _, growth in ipairs(outcome.memory) do
    local words = "  %-28s%7.2f MiB  %7.2f MiB"
    lines[#lines + 1] = words:format(growth.title, growth.first / MIB, growth.last / MIB)
  end
end

--- The lines of the table.
---@param outcome table see run.lua
---@return string
function M.text(outcome)
  local lines = {}
  add_row(lines, "", headings())
  add_ways(lines, outcome)
  lines[#lines + 1] = ""
  add_memory(lines, outcome)
  lines[#lines + 1] = ("joins that timed out on deaf connections: %d"):format(outcome.here.deaf.join_timeouts)
  local files = outcome.files
  lines[#lines + 1] = ("files left open: %d here, %d on the server"):format(files.here, files.there)
  lines[#lines + 1] = ("%d connections in %.1f s"):format(outcome.connections, outcome.seconds)
  for _, text in ipairs(outcome.wrongs) do lines[#lines + 1] = "WRONG: " .. text end
  if #outcome.wrongs == 0 then lines[#lines + 1] = "all is proven" end
  return table.concat(lines, "\n")
end

return M
