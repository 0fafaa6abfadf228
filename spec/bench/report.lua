-- Judges a row's figures by its bars, and writes the table.

local M = {}

-- The figure that a run printed, or that follows from what it printed.
local function figure_of(row, figures, name)
  if not figures then return nil end
  local bytes = row.run:match "bytes=(%d+)"
  if name == "mb_per_cpu_sec" then return bytes / figures.us end
  return figures[name]
end

local function is_missed(judge, number)
  return (judge.bar and number > judge.bar or judge.least and number < judge.least) or false
end

-- One line of the table, as --json has it.
local function judge_one(row, judge, found)
  local figure = judge.figure or "us"
  local result = { row = row.name, workload = row.run, figure = figure, bar = judge.bar, least = judge.least }
  result.value = figure_of(row, found.measured, figure)
  result.peer = figure_of(row, found.peer, figure)
  if not judge.alone then result.against = figure_of(row, found.against, figure) end
  if not result.value or not (judge.alone or result.against) then
    result.note = "failed"
    return result
  end
  result.ratio = result.against and result.value / result.against
  result.missed = is_missed(judge, result.ratio or result.value)
  result.note = result.missed and "missed" or nil
  return result
end

--- What is to be said of the row, by what was `found` for its sides.
function M.judge(row, found)
  local results = {}
  for at, judge in ipairs(row.judge) do results[at] = judge_one(row, judge, found) end
  return results
end

--- The row that cannot be measured, and why.
function M.skip(row, why)
  return { { row = row.name, workload = row.run, figure = row.judge[1].figure or "us", note = why } }
end

local function number(value)
  if not value then return "" end
  return (value >= 1000 and "%.0f" or "%.2f"):format(value)
end

local function bar_of(result)
  if result.bar then return "<= " .. result.bar end
  return result.least and ">= " .. result.least or ""
end

local function line(...)
  local text = ("%-16s %-14s %10s %10s %10s %7s %8s  %s"):format(...)
  print((text:gsub("%s+$", "")))
end

function M.print_head()
  line("", "", "against", "measured", "peer", "ratio", "bar", "")
end

function M.print(result)
  line(result.row, result.figure, number(result.against), number(result.value), number(result.peer),
    number(result.ratio), bar_of(result), result.note or "")
end

return M
