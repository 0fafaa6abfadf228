--- Exposition: families of metrics as Prometheus reads them: OpenMetrics 1.0.0, or the text format 0.0.4.
--
-- A family has a name, of a counter without "_total"; kind: "counter", "gauge", "info" or "histogram"; help;
-- a unit, with which the name ends; and samples: { value, labels }, of a histogram the value is
-- { histogram, usec, bounds }.

local keys = require "slipstream.keys"

local M = {}

---@class slipstream.MetricFamily
---@field name string
---@field kind "counter"|"gauge"|"info"|"histogram"
---@field help string
---@field unit string?
---@field samples table[]

local OPEN, PLAIN = "application/openmetrics-text; version=1.0.0; charset=utf-8",
  "text/plain; version=0.0.4; charset=utf-8"

-- Which format is wanted.

-- Of "text/plain;version=0.0.4;q=0.5": its type, its version and how much it is wanted.
local function read_range(text)
  local quality = tonumber(text:match ";%s*q=([%d.]+)") or 1
  return text:match "^%s*([^;%s]*)", text:match ';%s*version="?([^;"%s]+)', quality
end

local plain_types = { ["text/plain"] = true, ["text/*"] = true, ["*/*"] = true }

--- Whether a client that accepts this wants OpenMetrics.
---@param accept string the header
---@return boolean
function M.wants_open(accept)
  local open, plain = 0, 0
  for range in accept:lower():gmatch "[^,]+" do
    local type, version, quality = read_range(range)
    if type == "application/openmetrics-text" and (version or "1.0.0") == "1.0.0" then
      open = math.max(open, quality)
    elseif plain_types[type] then
      plain = math.max(plain, quality)
    end
  end
  return open > 0 and open >= plain
end

-- Writing.

local escapes = { ["\\"] = "\\\\", ["\n"] = "\\n", ['"'] = '\\"' }

local function show_labels(labels, bound)
  local parts = {}
  for _, name in ipairs(keys.sorted(labels or {})) do
    parts[#parts + 1] = ('%s="%s"'):format(name, tostring(labels[name]):gsub('[\\\n"]', escapes))
  end
  if bound then parts[#parts + 1] = ('le="%s"'):format(bound) end
  return #parts > 0 and "{" .. table.concat(parts, ",") .. "}" or ""
end

local function show_value(value)
  if math.type(value) == "integer" then return tostring(value) end
  return ("%.14g"):format(value)
end

-- A bound in seconds, which is the same text in both formats: it names a series.
local function show_bound(seconds)
  local text = ("%.6g"):format(seconds)
  return text:find "[.e]" and text or text .. ".0"
end

local function add_sample(lines, name, labels, value, bound)
  lines[#lines + 1] = ("%s%s %s"):format(name, show_labels(labels, bound), show_value(value))
end

local function add_histogram(lines, name, labels, timing)
  for _, seconds in ipairs(timing.bounds) do
    local count = timing.histogram:up_to(math.floor(seconds * 1e6 + 0.5))
    add_sample(lines, name .. "_bucket", labels, count, show_bound(seconds))
  end
  local count = timing.histogram:count()
  add_sample(lines, name .. "_bucket", labels, count, "+Inf")
  add_sample(lines, name .. "_sum", labels, timing.usec / 1e6)
  add_sample(lines, name .. "_count", labels, count)
end

local suffixes = { counter = "_total", info = "_info", gauge = "" }

-- In the older format a family is called as its samples, and knows no "info".
local function add_head(lines, family, is_open)
  local name = is_open and family.name or family.name .. (suffixes[family.kind] or "")
  local kind = not is_open and family.kind == "info" and "gauge" or family.kind
  lines[#lines + 1] = ("# TYPE %s %s"):format(name, kind)
  if is_open and family.unit then lines[#lines + 1] = ("# UNIT %s %s"):format(name, family.unit) end
  lines[#lines + 1] = ("# HELP %s %s"):format(name, family.help)
end

local function add_family(lines, family, is_open)
  add_head(lines, family, is_open)
  for _, sample in ipairs(family.samples) do
    if family.kind == "histogram" then
      add_histogram(lines, family.name, sample[2], sample[1])
    else
      add_sample(lines, family.name .. suffixes[family.kind], sample[2], sample[1])
    end
  end
end

--- Writes them.
---@param families slipstream.MetricFamily[]
---@param is_open boolean as OpenMetrics
---@return string text, string type for Content-Type
function M.write(families, is_open)
  local lines = {}
  for _, family in ipairs(families) do add_family(lines, family, is_open) end
  if is_open then lines[#lines + 1] = "# EOF" end
  return table.concat(lines, "\n") .. "\n", is_open and OPEN or PLAIN
end

return M
