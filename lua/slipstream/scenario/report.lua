--- Report: a load run as one page that needs nothing else: no server, no other file, no script.
--
-- It is made of the summary of the run, see slipstream.scenario.measure.summary.

local distribution = require "slipstream.scenario.report.distribution"
local head = require "slipstream.scenario.report.head"
local markup = require "slipstream.scenario.report.markup"
local pointer = require "slipstream.scenario.report.pointer"
local style = require "slipstream.scenario.report.style"
local tables = require "slipstream.scenario.report.tables"
local timeline = require "slipstream.scenario.report.timeline"

local M = {}

local element = markup.element

-- Nothing may be fetched, whatever might slip through.
local POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'"

local NOTHING = "Nothing was measured."

local function section(title, note, content, absent)
  return element("section", nil, {
    element("h2", nil, title), content and note and element("p", { class = "note" }, note) or "",
    content or element("p", { class = "note" }, absent),
  })
end

-- Of what failed first why, then where.
local function errors_of(summary)
  local stories, counts = head.stories(summary.errors), tables.errors(summary.metrics)
  if not stories and not counts then return nil end
  return (stories or "") .. (counts or "")
end

local function body_of(summary)
  local metrics = summary.metrics
  return element("main", nil, {
    head.title(summary), head.figures(summary),
    section("Thresholds", nil, head.thresholds(summary.thresholds), "None were set."),
    section("Latencies", "Of what went well; what failed is only counted.",
      tables.latencies(metrics), NOTHING),
    section("Over time", nil, timeline.draw(summary.series, summary.duration_msec), NOTHING),
    section("Distribution", "At 99: one of a hundred took longer. The dots are p50, p95 and p99.",
      distribution.draw(metrics), NOTHING),
    section("Errors", nil, errors_of(summary), "There were none."),
  })
end

local function head_of()
  return element("head", nil, {
    element("meta", { charset = "utf-8" }),
    element("meta", { ["http-equiv"] = "Content-Security-Policy", content = POLICY }),
    element("meta", { name = "viewport", content = "width=device-width, initial-scale=1" }),
    element("meta", { name = "color-scheme", content = "light dark" }),
    element("title", nil, "Load run"), element("style", nil, style),
  })
end

--- The page.
---@param summary table
---@return string
function M.html(summary)
  return "<!DOCTYPE html>\n" .. element("html", { lang = "en" }, {
    head_of(), element("body", nil, { body_of(summary), element("script", nil, pointer) }),
  })
end

return M
