--- Head: what became of the run, its figures, its thresholds, its errors.

local amount = require "slipstream.scenario.measure.amount"
local markup = require "slipstream.scenario.report.markup"
local metric = require "slipstream.scenario.measure.metric"
local number = require "slipstream.scenario.report.number"
local redact_uri = require("slipstream.secret").redact_uri
local show = require "slipstream.show"

local M = {}

local SECOND_MSEC, MSEC_USEC = 1000, 1000

local element, words = markup.element, markup.words

local verdicts = {
  passed = "Passed", failed = "Failed", missed = "Threshold missed", interrupted = "Interrupted",
}

local function plural(count, noun)
  return ("%s %s"):format(number.count(count), show.plural(count, noun))
end

local function origin(summary)
  local parts = { os.date("!%Y-%m-%d %H:%M:%S UTC", summary.began) }
  if summary.workers then parts[#parts + 1] = plural(summary.workers, "worker") end
  parts[#parts + 1] = "slipstream " .. summary.version
  return table.concat(parts, " · ")
end

--- The verdict, of what and when.
---@param summary table
---@return string
function M.title(summary)
  return element("header", nil, {
    element("div", { class = "heading" }, {
      element("h1", nil, "Load run"),
      element("span", { class = "verdict " .. summary.verdict }, verdicts[summary.verdict]),
    }),
    element("p", { class = "uri" }, element("code", nil, words(redact_uri(summary.uri)))),
    element("p", { class = "origin" }, words(origin(summary))),
  })
end

local function tile(name, value, more)
  return element("div", { class = "tile" }, {
    element("span", { class = "name" }, name), element("span", { class = "value" }, words(value)),
    element("span", { class = "more" }, words(more)),
  })
end

--- The figures of all of the run.
---@param summary table
---@return string
function M.figures(summary)
  local counts, seconds = summary.counts, math.max(summary.duration_msec, 1) / SECOND_MSEC
  local failed, share = metric.failed_iterations(summary)
  local function traffic(way)
    return show.bytes(counts["bytes_" .. way]), plural(counts["messages_" .. way], "message")
  end
  return element("div", { class = "tiles" }, {
    tile("Duration", amount.time(summary.duration_msec * MSEC_USEC), ""),
    tile("Virtual users", number.count(summary.vus_max), plural(counts.connections, "connection")),
    tile("Iterations", number.count(summary.iterations), amount.rate(summary.iterations / seconds)),
    tile("Failed", number.count(failed), amount.share(share)),
    counts.dropped > 0 and tile("Dropped", number.count(counts.dropped), "not begun in time") or "",
    tile("Received", traffic "in"),
    tile("Sent", traffic "out"),
  })
end

local function threshold_item(threshold)
  local outcome = threshold.ok and "held" or "missed"
  return element("li", { class = outcome }, {
    element("span", { class = "mark" }, threshold.ok and "✓" or "✗"),
    element("code", nil, words(threshold.text)),
    element("span", { class = "measured" }, words(threshold.measured)),
    element("span", { class = "outcome" }, outcome),
  })
end

--- Which thresholds there were, and whether they were held; nil: there were none.
---@param thresholds table[]
---@return string?
function M.thresholds(thresholds)
  if #thresholds == 0 then return nil end
  local items = {}
  for place, threshold in ipairs(thresholds) do items[place] = threshold_item(threshold) end
  return element("ul", { class = "thresholds" }, items)
end

local function story_of(row)
  local lines = {}
  for place, line in ipairs(row.story) do lines[place] = words(line) end
  local title = element("h3", nil, words(("%s × %s"):format(number.count(row.count), row.kind)))
  if #lines == 0 then return title end
  return title .. element("pre", nil, table.concat(lines, "\n"))
end

--- Why iterations failed, each kind with its first story; nil: none did.
---@param errors table[]
---@return string?
function M.stories(errors)
  if #errors == 0 then return nil end
  local items = {}
  for place, row in ipairs(errors) do items[place] = element("li", nil, story_of(row)) end
  return element("ul", { class = "stories" }, items)
end

return M
