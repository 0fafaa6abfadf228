--- Chart: SVG drawn from values and scales.

local markup = require "slipstream.scenario.report.markup"

local M = {}

local element, short = markup.element, markup.coordinate

--- Room for a chart, and for the names of its axes around it.
---@param width integer
---@param height integer
---@return table
function M.frame(width, height)
  return { width = width, height = height, left = 52, right = width - 12, top = 10, bottom = height - 24 }
end

--- The lines and names of the values of an axis that goes up.
---@param frame table
---@param scale table
---@param name fun(value: number): string
---@return string
function M.rows(frame, scale, name)
  local parts = {}
  for _, value in ipairs(scale.ticks) do
    local y = scale.place(value)
    parts[#parts + 1] = element("line", { class = "grid", x1 = frame.left, x2 = frame.right, y1 = y, y2 = y })
    parts[#parts + 1] = element("text", { class = "tick end", x = frame.left - 6, y = y + 3.5 },
      markup.words(name(value)))
  end
  return table.concat(parts)
end

--- The names of the values of the axis below.
---@param frame table
---@param scale table
---@param name fun(value: number): string
---@return string
function M.columns(frame, scale, name)
  local parts = {}
  for _, value in ipairs(scale.ticks) do
    local x = scale.place(value)
    local top, bottom = frame.bottom, frame.bottom + 4
    parts[#parts + 1] = element("line", { class = "grid", x1 = x, x2 = x, y1 = top, y2 = bottom })
    parts[#parts + 1] = element("text", { class = "tick middle", x = x, y = bottom + 13 },
      markup.words(name(value)))
  end
  return table.concat(parts)
end

-- Points without a y divide the line.
local function runs_of(points)
  local runs, run = {}, nil
  for _, point in ipairs(points) do
    if not point[2] then
      run = nil
    else
      if not run then
        run = {}
        runs[#runs + 1] = run
      end
      run[#run + 1] = short(point[1]) .. " " .. short(point[2])
    end
  end
  return runs
end

-- One point alone is a dash, since a line needs two.
local function path_of(run)
  return #run == 1 and ("M%sm-3 0h6"):format(run[1]) or "M" .. table.concat(run, "L")
end

--- A line through the points.
---@param class string
---@param points number[][] x and y; without y: a gap
---@return string
function M.line(class, points)
  local parts = {}
  for _, run in ipairs(runs_of(points)) do
    parts[#parts + 1] = path_of(run)
  end
  return element("path", { class = "line " .. class, d = table.concat(parts) })
end

local function area(class, points, bottom)
  if #points == 0 then return "" end
  local line = table.concat(runs_of(points)[1], "L")
  local first, last, ground = short(points[1][1]), short(points[#points][1]), short(bottom)
  local path = ("M%s %s L%s L%s %sZ"):format(first, ground, line, last, ground)
  return element("path", { class = "area " .. class, d = path })
end

--- A line without gaps, and what is below it.
---@param class string
---@param points number[][]
---@param bottom number
---@return string
function M.filled_line(class, points, bottom)
  return area(class, points, bottom) .. M.line(class, points)
end

--- A bar for each point, as wide as the way to the next.
---@param class string
---@param points number[][]
---@param bottom number
---@param width number
---@return string
function M.bars(class, points, bottom, width)
  local parts = {}
  local gap = width > 4 and 1 or 0
  for _, point in ipairs(points) do
    local x, y = point[1], point[2]
    if y < bottom then
      parts[#parts + 1] = ("M%s %sH%sV%sH%sZ"):format(short(x + gap / 2), short(bottom),
        short(x + width - gap / 2), short(y), short(x + gap / 2))
    end
  end
  return element("path", { class = "bar " .. class, d = table.concat(parts) })
end

--- The drawing.
---@param frame table
---@param label string what it shows, for who cannot see it
---@param parts string[]
---@return string
function M.drawing(frame, label, parts)
  local box = ("0 0 %d %d"):format(frame.width, frame.height)
  return element("svg", { viewBox = box, role = "img", ["aria-label"] = label }, parts)
end

--- A key to the colours of lines.
---@param names string[] classes, which are what the lines are called
---@return string
function M.key(names)
  local parts = {}
  for place, name in ipairs(names) do
    parts[place] = element("span", { class = "key " .. name }, name)
  end
  return table.concat(parts)
end

--- A figure: its title, a line of words at the other side, and the drawing.
---@param title string
---@param words string markup
---@param drawing string
---@param attributes table?
---@return string
function M.figure(title, words, drawing, attributes)
  local caption = element("figcaption", nil, {
    element("h3", nil, markup.words(title)), element("p", { class = "words" }, words),
  })
  return element("figure", attributes, { caption, drawing })
end

return M
