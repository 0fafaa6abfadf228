--- Tables: the latencies of each metric, and what failed of it.

local amount = require "slipstream.scenario.measure.amount"
local markup = require "slipstream.scenario.report.markup"
local metric = require "slipstream.scenario.measure.metric"
local number = require "slipstream.scenario.report.number"
local scale = require "slipstream.scenario.report.scale"

local M = {}

local element = markup.element

local times = { "p50", "p90", "p95", "p99", "p999", "max" }

-- The first cell of a row is its name, the others are numbers.
local function row_of(cell, values)
  local parts = {}
  for place, value in ipairs(values) do
    parts[place] = element(cell, place > 1 and { class = "number" } or nil, value)
  end
  return element("tr", nil, parts)
end

local function table_of(titles, rows)
  local body = { element("thead", nil, row_of("th", titles)), element("tbody", nil, rows) }
  return element("div", { class = "scroll" }, element("table", nil, body))
end

-- A long one is cut, and shown by a pointer at it.
local function name_of(name) return element("code", { title = name }, markup.words(name)) end

-- From p50 to p99 a bar, to the greatest a line: all on one axis, so that they can be compared.

local RANGE, MIDDLE = 150, 8

local function range_scale(metrics)
  local least, most = math.huge, 1
  for _, row in pairs(metrics) do
    if row.p50 then least, most = math.min(least, row.p50), math.max(most, row.max) end
  end
  return scale.log(math.max(1, math.min(least, most)), most, 2, RANGE - 2)
end

local function range_of(row, x)
  if not row.p50 then return "" end
  local first, last, most = x.place(row.p50), x.place(row.p99), x.place(row.max)
  local box, width = ("0 0 %d 16"):format(RANGE), math.max(last - first, 2.0)
  return element("svg", { class = "range", viewBox = box, ["aria-hidden"] = "true" }, {
    element("line", { class = "track", x1 = 2, x2 = RANGE - 2, y1 = MIDDLE, y2 = MIDDLE }),
    element("line", { class = "whisker", x1 = last, x2 = most, y1 = MIDDLE, y2 = MIDDLE }),
    element("rect", { class = "span", x = first, width = width, y = 4, height = 8, rx = 2 }),
  })
end

local function latency_cells(name, row, x)
  local failed = metric.failed(row)
  local words = number.count(failed)
  local cells = {
    name_of(name), number.count(row.count), amount.rate(row.rate),
    failed > 0 and element("strong", { class = "bad" }, words) or words,
  }
  for _, key in ipairs(times) do cells[#cells + 1] = row[key] and amount.time(row[key]) or "–" end
  cells[#cells + 1] = range_of(row, x)
  return cells
end

local latency_titles = {
  "", "count", "rate", "errors", "p50", "p90", "p95", "p99", "p99.9", "max", "p50 – p99, max",
}

--- How long each took; nil when nothing was measured.
---@param metrics table<string, table>
---@return string?
function M.latencies(metrics)
  local rows, x = {}, range_scale(metrics)
  for place, name in ipairs(metric.names(metrics)) do
    rows[place] = row_of("td", latency_cells(name, metrics[name], x))
  end
  return #rows > 0 and table_of(latency_titles, rows) or nil
end

local function error_rows(name, row)
  local rows, attempts = {}, row.count + metric.failed(row)
  for place, kind in ipairs(metric.kinds(row.errors)) do
    local count = row.errors[kind]
    rows[place] = row_of("td", {
      name_of(name) .. " " .. markup.words(kind), number.count(count),
      markup.words(amount.share(count / attempts)),
    })
  end
  return table.concat(rows)
end

--- What failed, and how; nil when nothing did.
---@param metrics table<string, table>
---@return string?
function M.errors(metrics)
  local rows = {}
  for place, name in ipairs(metric.names(metrics)) do rows[place] = error_rows(name, metrics[name]) end
  if table.concat(rows) == "" then return nil end
  return table_of({ "", "count", "of all" }, rows)
end

return M
