--- Distribution: for each metric, how long the slowest took: half of them, one of ten, of a hundred …

local amount = require "slipstream.scenario.measure.amount"
local chart = require "slipstream.scenario.report.chart"
local markup = require "slipstream.scenario.report.markup"
local metric = require "slipstream.scenario.measure.metric"
local number = require "slipstream.scenario.report.number"
local scale = require "slipstream.scenario.report.scale"

local M = {}

local WIDTH, HEIGHT = 376, 190

-- The last percentile before the greatest of all; no chart needs more than that.
local function last_percentile(distribution)
  local last = 90
  for _, point in ipairs(distribution) do
    if point[1] < 100 then last = math.max(last, point[1]) end
  end
  return last
end

local function points_of(distribution, x, y)
  local points = {}
  for place, point in ipairs(distribution) do points[place] = { x.place(point[1]), y.place(point[2]) } end
  return points
end

-- The percentiles that the table has, as dots.
local function dots(row, x, y)
  local parts = {}
  for place, percentile in ipairs { 50, 95, 99 } do
    local name = "p" .. percentile
    parts[place] = markup.element("circle", {
      class = "dot " .. name, cx = x.place(percentile), cy = y.place(row[name]), r = 3.5,
    })
  end
  return table.concat(parts)
end

local function name_of(percentile) return ("%.8g"):format(percentile) end

local function draw(name, row)
  local distribution, frame = row.distribution, chart.frame(WIDTH, HEIGHT)
  local x = scale.percentile(last_percentile(distribution), frame.left, frame.right)
  local y = scale.latency(distribution[1][2], distribution[#distribution][2], frame.bottom, frame.top)
  local points = points_of(distribution, x, y)
  local drawing = chart.drawing(frame, "latency of " .. name .. " by percentile", {
    chart.rows(frame, y, number.short_time), chart.columns(frame, x, name_of),
    chart.filled_line("rate", points, frame.bottom), dots(row, x, y),
  })
  return chart.figure(name, "max " .. amount.time(row.max), drawing)
end

--- The charts, or nil when nothing was measured.
---@param metrics table<string, table>
---@return string?
function M.draw(metrics)
  local parts = {}
  for _, name in ipairs(metric.names(metrics)) do
    local row = metrics[name]
    if #row.distribution > 0 then parts[#parts + 1] = draw(name, row) end
  end
  if #parts == 0 then return nil end
  return markup.element("div", { class = "charts" }, parts)
end

return M
