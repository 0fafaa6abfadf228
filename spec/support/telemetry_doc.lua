-- Telemetry_doc: the tables of docs/telemetry.md as data, so that specs can compare them with what is told.
local M = { path = "docs/telemetry.md" }

-- What each of them has besides.
local always = {
  measurements = { "monotonic_msec" }, metadata = { "client", "connection_id", "trace_id", "worker" },
}
local at_the_end = { measurements = { "duration_msec" }, metadata = { "reason" } }

local function words_of(cell)
  local words = {}
  for word in cell:gmatch "`([%w_]+)`" do words[#words + 1] = word end
  return words
end

local function row_of(line)
  local name, measurements, metadata = line:match "^| `([%w_.]+)` |([^|]*)|([^|]*)|"
  if name then return name, { measurements = words_of(measurements), metadata = words_of(metadata) } end
end

-- The rows below a heading, by their names.
local function read(heading)
  local rows, is_inside = {}, false
  for line in io.lines(M.path) do
    if line:find "^##" then is_inside = line == "## " .. heading end
    local name, row = row_of(line)
    if is_inside and name then rows[name] = row end
  end
  return rows
end

M.spans = read "Spans of telemetry"
M.events = read "Events of telemetry"

local function row_for(event)
  return M.events[event] or M.spans[event:match "^(.*)%.%l+$"]
end

-- The names in `given` that none of the lists has.
local function unknown(given, ...)
  local rest = {}
  for name in pairs(given) do rest[name] = true end
  for _, list in ipairs { ... } do
    for _, name in ipairs(list) do rest[name] = nil end
  end
  return next(rest)
end

-- What is told of an event, and the page does not say; nil when there is nothing.
function M.fault_of(event, measurements, metadata)
  local row = row_for(event)
  if not row then return event end
  local is_end = event:find "%.stop$" or event:find "%.exception$"
  local ends = is_end and at_the_end or { measurements = {}, metadata = {} }
  local name = unknown(measurements, row.measurements, always.measurements, ends.measurements)
    or unknown(metadata, row.metadata, always.metadata, ends.metadata)
  return name and event .. ": " .. name
end

-- Adds what came with an event to what was heard so far: row → name → true.
function M.note(heard, event, measurements, metadata)
  local row = row_for(event)
  if not row then return end
  heard[row] = heard[row] or {}
  for _, fields in ipairs { measurements, metadata } do
    for name in pairs(fields) do heard[row][name] = true end
  end
end

-- What the page tells of the events that were heard, and what never came with them.
function M.never_heard(heard)
  local list = {}
  for _, rows in ipairs { M.spans, M.events } do
    for event, row in pairs(rows) do
      for _, names in ipairs(heard[row] and { row.measurements, row.metadata } or {}) do
        for _, name in ipairs(names) do
          if not heard[row][name] then list[#list + 1] = event .. ": " .. name end
        end
      end
    end
  end
  table.sort(list)
  return list
end

return M
