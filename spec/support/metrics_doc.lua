-- Metrics_doc: what docs/metrics.md says that there is, beside what a program tells.
local api_doc = require "spec.support.api_doc"
local scraper = require "spec.support.scraper"

local M = {}

local PATH = "docs/metrics.md"

local function labels_in(cell)
  local labels = {}
  for label in cell:gmatch "`(%l+)`" do labels[label] = true end
  return labels
end

local endings = { counter = "_total$", info = "_info$" }

-- The families of the sections with these titles: { type, set of labels } by name.
function M.documented(...)
  local wanted, families, is_in = {}, {}, false
  for _, title in ipairs { ... } do wanted[title] = true end
  for line in io.lines(PATH) do
    local title = line:match "^##+ (.*)"
    if title then is_in = wanted[title] end
    local name, kind, cell = line:match "^| `([%w_]+)` | (%l+) | ([^|]*)|"
    if name and is_in then families[name:gsub(endings[kind] or "^$", "")] = { kind, labels_in(cell) } end
  end
  return families
end

-- The same of those that a program tells.
function M.told(port)
  local told = {}
  for name, family in pairs(scraper.families(port)) do
    local labels = {}
    for _, sample in ipairs(family.samples) do
      for label in pairs(sample.labels) do labels[label] = true end
    end
    labels.le = nil
    told[name] = { family.type, labels }
  end
  return told
end

-- The lines of the block of code in that language that names the spec.
function M.block(language, spec)
  for _, each in ipairs(api_doc.blocks(PATH)) do
    if each.language == language and each.kind == spec then return each.lines end
  end
end

return M
