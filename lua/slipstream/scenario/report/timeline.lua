--- Timeline: the charts of a run over its time. All have the same points, so a pointer at one marks a moment
-- in each.

local amount = require "slipstream.scenario.measure.amount"
local chart = require "slipstream.scenario.report.chart"
local markup = require "slipstream.scenario.report.markup"
local number = require "slipstream.scenario.report.number"
local scale = require "slipstream.scenario.report.scale"

local M = {}

local HEIGHT, THIRD, WHOLE = 190, 376, 1176

local percentiles = { "p50", "p95", "p99" }

-- A measurement of a step stands in its middle.
local function middle_of(view, row) return view.x.place(row.at_msec + view.step_msec / 2) end

-- Points of the field.
local function points_of(view, name, y)
  local points = {}
  for place, row in ipairs(view.rows) do
    points[place] = { middle_of(view, row), row[name] and y.place(row[name]) }
  end
  return points
end

local function most_of(rows, name)
  local most = 0
  for _, row in ipairs(rows) do most = math.max(most, row[name] or 0) end
  return most
end

-- What is said of each moment, and where it stands; the script of the page shows it.
local function moments(view, describe)
  local xs, notes = {}, {}
  for place, row in ipairs(view.rows) do
    xs[place] = ("%.1f"):format(middle_of(view, row))
    notes[place] = number.clock(row.at_msec) .. ": " .. describe(row)
  end
  return { class = "moments", ["data-x"] = table.concat(xs, " "), ["data-notes"] = table.concat(notes, "|") }
end

local function new_view(series, duration, width)
  local frame = chart.frame(width, HEIGHT)
  local x = scale.time(duration, frame.left, frame.right, width == WHOLE and 12 or 4)
  return { rows = series.rows, step_msec = series.step_msec, frame = frame, x = x }
end

local function cursor(frame)
  return markup.element("line", { class = "cursor", y1 = frame.top, y2 = frame.bottom })
end

local function figure(view, y, about)
  local frame = view.frame
  local drawing = chart.drawing(frame, about.title, {
    chart.rows(frame, y, about.name), chart.columns(frame, view.x, number.clock),
    about.shapes, cursor(frame),
  })
  local attributes = moments(view, about.describe)
  attributes.class = about.class or attributes.class
  return chart.figure(about.title, about.words, drawing, attributes)
end

-- Virtual users come and go at once, not bit by bit.
local function stairs(view, name, y)
  local points = {}
  for _, row in ipairs(view.rows) do
    points[#points + 1] = { view.x.place(row.at_msec), y.place(row[name]) }
    points[#points + 1] = { view.x.place(row.at_msec + view.step_msec), y.place(row[name]) }
  end
  return points
end

local areas = {
  rate = { title = "Iterations per second", scale = scale.linear, points_of = points_of, show = amount.rate },
  vus = { title = "Virtual users", scale = scale.whole, points_of = stairs, show = number.count },
}

-- A field as a line, and what is below it.
local function area_chart(view, name)
  local about, most = areas[name], most_of(view.rows, name)
  local y = about.scale(most, view.frame.bottom, view.frame.top)
  return figure(view, y, {
    title = about.title, name = number.short, words = "most " .. about.show(most),
    shapes = chart.filled_line(name, about.points_of(view, name, y), view.frame.bottom),
    describe = function(row) return about.show(row[name]) end,
  })
end

local function errors_chart(view)
  local y = scale.whole(most_of(view.rows, "errors"), view.frame.bottom, view.frame.top)
  local total, points, width = 0, {}, view.x.place(view.step_msec) - view.x.place(0)
  for place, row in ipairs(view.rows) do
    points[place] = { view.x.place(row.at_msec), y.place(row.errors) }
    total = total + row.errors
  end
  return figure(view, y, {
    title = "Failed iterations", name = number.short,
    words = total == 0 and "none" or number.count(total) .. " in all",
    shapes = chart.bars("errors", points, view.frame.bottom, width),
    describe = function(row) return number.count(row.errors) end,
  })
end

local function least_of(rows)
  local least
  for _, row in ipairs(rows) do
    if row.p50 and (not least or row.p50 < least) then least = row.p50 end
  end
  return least or 0
end

local function latencies_of(row)
  local parts = {}
  for place, name in ipairs(percentiles) do
    parts[place] = name .. " " .. (row[name] and amount.time(row[name]) or "–")
  end
  return table.concat(parts, ", ")
end

local function latency_chart(view)
  local most = most_of(view.rows, "p99")
  local y = scale.latency(least_of(view.rows), most, view.frame.bottom, view.frame.top)
  local lines = {}
  for place, name in ipairs(percentiles) do lines[place] = chart.line(name, points_of(view, name, y)) end
  return figure(view, y, {
    title = "Latency of all verbs", name = number.short_time, words = chart.key(percentiles),
    shapes = table.concat(lines), class = "moments wide", describe = latencies_of,
  })
end

--- The charts, or nil when the run was over before there was anything to draw.
---@param series table of the summary
---@param duration_msec integer
---@return string?
function M.draw(series, duration_msec)
  local last = series.rows[#series.rows]
  if not last then return nil end
  local duration = math.max(duration_msec, last.at_msec + series.step_msec)
  local third = new_view(series, duration, THIRD)
  return markup.element("div", { class = "charts" }, {
    latency_chart(new_view(series, duration, WHOLE)),
    area_chart(third, "rate"), area_chart(third, "vus"), errors_chart(third),
  })
end

return M
