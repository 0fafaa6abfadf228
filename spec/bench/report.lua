-- Judges a row's figures by its bar, and writes the table.

local M = {}

--- The row with its numbers, as --json has it: `value`, `against`, `ratio`, `missed`, `peer`.
function M.judge(row, ours, against, peer)
  local figure = row.figure or "us"
  local result = { row = row.name, workload = row.run, figure = figure, bar = row.bar, least = row.least }
  result.value = ours and ours[figure]
  result.against = against and against[figure] or nil
  result.peer = peer and peer[figure] or nil
  local needs_ratio = row.against ~= false
  result.failed = not result.value or needs_ratio and not result.against
  if result.failed then return result end
  result.ratio = needs_ratio and result.value / result.against or nil
  local judged = result.ratio or result.value
  result.missed = row.bar and judged > row.bar or row.least and judged < row.least or false
  return result
end

local function number(value)
  if not value then return "" end
  return (value >= 1000 and "%.0f" or "%.2f"):format(value)
end

local function line(...)
  local text = ("%-22s %-6s %10s %10s %10s %7s %9s  %s"):format(...)
  print((text:gsub("%s+$", "")))
end

local function bar_of(result)
  if result.bar then return "<= " .. result.bar end
  return result.least and ">= " .. result.least or ""
end

function M.print_head()
  line("", "figure", "against", "ours", "peer", "ratio", "bar", "")
end

function M.print(result)
  local verdict = result.failed and "failed" or result.missed and "missed" or ""
  line(result.row, result.figure, number(result.against), number(result.value), number(result.peer),
    number(result.ratio), bar_of(result), verdict)
end

return M
