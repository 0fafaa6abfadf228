--- JUnit: XML as Jenkins, GitLab and others read it; a test suite a file. It is written when all is over,
-- since totals come first.

local legible = require "slipstream.legible"
local story = require "slipstream.scenario.output.story"
local text = require "slipstream.scenario.output.text"

local M = {}

-- Attributes, names and values in turn; those without a value are left out.
local function attributes(...)
  local parts = {}
  for place = 1, select("#", ...), 2 do
    local name, value = select(place, ...)
    if value ~= nil then parts[#parts + 1] = (' %s="%s"'):format(name, text.escape(legible.line(value))) end
  end
  return table.concat(parts)
end

local function add(lines, indent, line) lines[#lines + 1] = ("  "):rep(indent) .. line end

local function add_text(lines, tag, its_attributes, words)
  add(lines, 3, ("<%s%s>%s</%s>"):format(tag, its_attributes, text.escape(legible.block(words)), tag))
end

local function failure_text(result)
  return story.place(result) .. "\n" .. table.concat(story.lines(result), "\n")
end

local function note_of(result)
  local parts = { story.flaky(result) }
  -- those of a failure stand in its story
  if result.status ~= "failed" then
    for _, line in ipairs(result.logs or {}) do parts[#parts + 1] = line end
  end
  return #parts > 0 and table.concat(parts, "\n") or nil
end

local function add_outcome(lines, result)
  if result.status == "failed" then
    local its = attributes("message", story.lines(result)[1], "type", result.failure.kind or "failure")
    add_text(lines, "failure", its, failure_text(result))
  elseif result.status == "skipped" then
    add(lines, 3, ("<skipped%s/>"):format(attributes("message", story.why(result))))
  end
  local note = note_of(result)
  if note then add_text(lines, "system-out", "", note) end
end

local function add_case(lines, result)
  local case = result.case
  add(lines, 2, "<testcase" .. attributes("name", case.name, "classname", case.file, "file", case.file,
    "line", case.line, "time", text.seconds(result.msec)) .. ">")
  add_outcome(lines, result)
  add(lines, 2, "</testcase>")
end

-- Totals of some results.
local function count(results)
  local totals = { passed = 0, failed = 0, skipped = 0, msec = 0 }
  for _, result in ipairs(results) do
    totals[result.status] = totals[result.status] + 1
    totals.msec = totals.msec + result.msec
  end
  return attributes("tests", #results, "failures", totals.failed, "errors", 0, "skipped", totals.skipped,
    "time", text.seconds(totals.msec))
end

local Junit = {}
Junit.__index = Junit

function Junit:begun(run) self.seed = run.seed end

function Junit:ended(result)
  local file = result.case.file
  if not self.suites[file] then
    self.suites[file] = {}
    self.files[#self.files + 1] = file
  end
  self.all[#self.all + 1] = result
  table.insert(self.suites[file], result)
end

function Junit:add_suite(lines, file)
  local results = self.suites[file]
  add(lines, 1, ("<testsuite%s%s%s>"):format(attributes("name", file), count(results),
    attributes("timestamp", self.timestamp)))
  if self.seed then
    add(lines, 2, ("<properties><property%s/></properties>"):format(
      attributes("name", "seed", "value", self.seed)))
  end
  for _, result in ipairs(results) do add_case(lines, result) end
  add(lines, 1, "</testsuite>")
end

function Junit:finished()
  local lines = { '<?xml version="1.0" encoding="UTF-8"?>' }
  add(lines, 0, ("<testsuites%s%s>"):format(attributes("name", "slipstream scenario"), count(self.all)))
  table.sort(self.files)
  for _, file in ipairs(self.files) do self:add_suite(lines, file) end
  add(lines, 0, "</testsuites>\n")
  self.write(table.concat(lines, "\n"))
end

--- Makes the output; see slipstream.scenario.outputs.
---@param write fun(text: string)
---@param options { now: integer } when the run began, in seconds since 1970
---@return table
function M.new(write, options)
  local timestamp = os.date("!%Y-%m-%dT%H:%M:%S", options.now)
  return setmetatable({ write = write, timestamp = timestamp, all = {}, suites = {}, files = {} }, Junit)
end

return M
