-- Openmetrics: reads what Prometheus would, in either format, and raises where it is not as the format says:
--
--   local families = openmetrics.read(text, is_open)
--   families["slipstream_joins"].samples[1]  -- { name, labels, value }
--   openmetrics.value(families, "slipstream_bytes_total", { direction = "in" })
local M = {}

local function fail(line, text) error(("%s: %s"):format(text, line), 0) end

local unescaped = { ["\\\\"] = "\\", ["\\n"] = "\n", ['\\"'] = '"' }

-- Reads `name="value",…`.
local function read_labels(text, line)
  local labels, rest = {}, text
  while rest ~= "" do
    local name, value, more = rest:match '^([%a_][%w_]*)="(.-)"()'
    while value and value:match "\\*$" and #value:match "\\*$" % 2 == 1 do -- that quote is escaped
      local longer, after = rest:match('^(.-)"()', more)
      value, more = value .. '"' .. (longer or fail(line, "a label without an end")), after
    end
    if not name or labels[name] then fail(line, "labels") end
    labels[name] = value:gsub('\\.', function(two) return unescaped[two] or fail(line, "an escape") end)
    rest = rest:sub(more)
    if rest ~= "" then rest = rest:match "^,(.+)$" or fail(line, "labels") end
  end
  return labels
end

local function read_sample(line)
  local name, rest = line:match "^([%a_:][%w_:]*)(.*)$"
  local labels, value = rest:match "^{(.+)} (%S+)$"
  if not labels then labels, value = "", rest:match "^ (%S+)$" end
  local number = value == "+Inf" and math.huge or tonumber(value)
  if not name or not number or value:find "x" then fail(line, "no sample") end
  return { name = name, labels = read_labels(labels, line), value = number }
end

local suffixes = {
  [true] = { counter = { _total = true }, info = { _info = true } },
  [false] = {},
}
local bare = { [""] = true }
local of_histograms = { _bucket = true, _sum = true, _count = true }

-- Whether a family of that name and type may have the sample.
local function belongs(family, sample, is_open)
  if sample.name:sub(1, #family.name) ~= family.name then return false end
  local allowed = family.type == "histogram" and of_histograms or suffixes[is_open][family.type] or bare
  return allowed[sample.name:sub(#family.name + 1)]
end

local function key_of(sample, left_out)
  local parts = {}
  for name, value in pairs(sample.labels) do
    if name ~= left_out then parts[#parts + 1] = name .. "=" .. value end
  end
  table.sort(parts)
  return table.concat(parts, "\0")
end

-- The buckets of each series go up, to +Inf, which is the count.
local function check_histogram(family)
  local series = {}
  for _, sample in ipairs(family.samples) do
    local key = key_of(sample, "le")
    local one = series[key] or { bound = -math.huge, count = 0 }
    series[key] = one
    if sample.name:find "_bucket$" then
      local text = sample.labels.le or fail(family.name, "a bucket without le")
      local bound = text == "+Inf" and math.huge or tonumber(text)
      if not text:find "[.eI]" or bound <= one.bound or sample.value < one.count then
        fail(family.name, "buckets")
      end
      one.bound, one.count = bound, sample.value
    elseif sample.name:find "_count$" then
      if one.bound ~= math.huge or one.count ~= sample.value then fail(family.name, "count") end
    end
  end
end

local kinds = { counter = true, gauge = true, histogram = true, info = true }

local function check_family(family, is_open)
  if not kinds[family.type] or family.type == "info" and not is_open then fail(family.name, "type") end
  if not family.help then fail(family.name, "no help") end
  local seen = {}
  for _, sample in ipairs(family.samples) do
    local key = sample.name .. "\0" .. key_of(sample)
    if seen[key] then fail(sample.name, "twice") end
    if family.type == "counter" and sample.value < 0 then fail(sample.name, "a counter below 0") end
    seen[key] = true
  end
  if family.type == "histogram" then check_histogram(family) end
end

-- A line that tells of a family: its type comes first, once.
local function read_comment(families, current, line, is_open)
  local what, name, text = line:match "^# (%u+) ([%a_:][%w_:]*) (.+)$"
  if what == "TYPE" then
    if families[name] then fail(line, "a family that there was") end
    families[name] = { name = name, type = text, samples = {} }
    return families[name]
  end
  if not current or current.name ~= name or #current.samples > 0 then fail(line, "of which family?") end
  if what == "UNIT" and (not is_open or name:sub(-#text - 1) ~= "_" .. text) then fail(line, "unit") end
  local field = what and what:lower()
  if field ~= "help" and field ~= "unit" or current[field] then fail(line, "not known") end
  current[field] = text
  return current
end

local function read_line(families, current, line, is_open)
  if line:find "^#" then return read_comment(families, current, line, is_open) end
  local sample = read_sample(line)
  if not current or not belongs(current, sample, is_open) then fail(line, "of another family") end
  table.insert(current.samples, sample)
  return current
end

-- The families by their names.
function M.read(text, is_open)
  if is_open then text = text:match "^(.*\n)# EOF\n$" or fail(text:sub(-40), "no # EOF at the end") end
  if text:sub(-1) ~= "\n" then fail(text:sub(-40), "no end of the last line") end
  local families, current = {}, nil
  for line in text:gmatch "([^\n]*)\n" do current = read_line(families, current, line, is_open) end
  for _, family in pairs(families) do check_family(family, is_open) end
  return families
end

-- The value of the series with exactly these labels; nil: there is none.
function M.value(families, name, labels)
  local wanted = key_of { labels = labels or {} }
  for _, family in pairs(families) do
    for _, sample in ipairs(family.samples) do
      if sample.name == name and key_of(sample) == wanted then return sample.value end
    end
  end
end

return M
