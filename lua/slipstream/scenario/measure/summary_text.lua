--- Summary_text: a summary, see slipstream.scenario.measure.summary, in lines for people.

local amount = require "slipstream.scenario.measure.amount"
local legible = require "slipstream.legible"
local metric = require "slipstream.scenario.measure.metric"
local show = require "slipstream.show"

local M = {}

local SECOND_MSEC, MSEC_USEC = 1000, 1000

local TIMES = { "p50", "p90", "p95", "p99", "p999", "max" }
local TITLES = { "", "count", "rate", "p50", "p90", "p95", "p99", "p99.9", "max", "errors" }

-- A threshold stands as it was typed, which need not be UTF-8.
local function width_of(words) return utf8.len(words) or #words end

local function pad(words, width, is_left)
  local blanks = (" "):rep(width - width_of(words))
  return is_left and words .. blanks or blanks .. words
end

-- The table.

local function cells_of(name, row)
  local cells = { legible.line(name), tostring(row.count), amount.rate(row.rate) }
  for _, key in ipairs(TIMES) do cells[#cells + 1] = row[key] and amount.time(row[key]) or "-" end
  cells[#cells + 1] = tostring(metric.failed(row))
  return cells
end

local function widths_of(rows)
  local widths = {}
  for _, cells in ipairs(rows) do
    for column, cell in ipairs(cells) do
      widths[column] = math.max(widths[column] or 0, width_of(cell))
    end
  end
  return widths
end

-- Names to the left, numbers to the right.
local function add_table(lines, metrics)
  local rows = { TITLES }
  for _, name in ipairs(metric.names(metrics)) do rows[#rows + 1] = cells_of(name, metrics[name]) end
  if #rows == 1 then return end
  local widths = widths_of(rows)
  for _, cells in ipairs(rows) do
    local padded = {}
    for column, cell in ipairs(cells) do padded[column] = pad(cell, widths[column], column == 1) end
    lines[#lines + 1] = "  " .. table.concat(padded, "  ")
  end
  lines[#lines + 1] = ""
end

-- The rest.

local function add_thresholds(lines, thresholds)
  if #thresholds == 0 then return end
  local width = 0
  for _, row in ipairs(thresholds) do width = math.max(width, width_of(row.text)) end
  for _, row in ipairs(thresholds) do
    local word = row.ok and "held  " or "MISSED"
    lines[#lines + 1] = ("  %s  %s  %s"):format(word, pad(row.text, width, true), row.measured)
  end
  lines[#lines + 1] = ""
end

local function add_errors(lines, errors)
  for _, row in ipairs(errors) do
    local first = #row.story > 0 and ", the first time:" or ""
    lines[#lines + 1] = ("  %d × %s%s"):format(row.count, row.kind, first)
    for _, line in ipairs(row.story) do lines[#lines + 1] = "      " .. legible.line(line) end
  end
  if #errors > 0 then lines[#lines + 1] = "" end
end

local function show_errors(summary)
  local failed, share = metric.failed_iterations(summary)
  local dropped = summary.counts.dropped
  local words = ("%d failed (%s)"):format(failed, amount.share(share))
  return dropped > 0 and ("%s, %d dropped"):format(words, dropped) or words
end

local function add_facts(lines, summary)
  local counts, seconds = summary.counts, math.max(summary.duration_msec, 1) / SECOND_MSEC
  local function row(name, words) lines[#lines + 1] = ("  %-12s%s"):format(name, words) end
  local function traffic(way)
    local messages, bytes = counts["messages_" .. way], counts["bytes_" .. way]
    row(way, ("%s (%s), %s (%s/s)"):format(show.count(messages, "message"), amount.rate(messages / seconds),
      show.bytes(bytes), show.bytes(bytes / seconds)))
  end
  row("iterations", ("%d (%s), %s"):format(summary.iterations, amount.rate(summary.iterations / seconds),
    show_errors(summary)))
  row("VUs", ("%d at most, %s"):format(summary.vus_max, show.count(counts.connections, "connection")))
  traffic "in"
  traffic "out"
end

local verdicts = {
  passed = "passed", missed = "failed: a threshold was missed", interrupted = "interrupted",
}

local function show_verdict(summary)
  if summary.verdict ~= "failed" then return verdicts[summary.verdict] end
  if metric.failed_iterations(summary) > 0 then return "failed: iterations did" end
  return "failed: no iteration has ended"
end

--- The lines of a summary.
---@param summary table
---@return string
function M.show(summary)
  local lines = {}
  add_table(lines, summary.metrics)
  add_errors(lines, summary.errors)
  add_facts(lines, summary)
  lines[#lines + 1] = ""
  add_thresholds(lines, summary.thresholds)
  local lasted = amount.time(summary.duration_msec * MSEC_USEC)
  lines[#lines + 1] = ("%s after %s"):format(show_verdict(summary), lasted)
  return table.concat(lines, "\n")
end

return M
