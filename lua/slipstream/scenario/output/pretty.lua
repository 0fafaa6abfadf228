--- Pretty: the output for people. A line a scenario as it ends, on a terminal a line below it that tells how
-- far the run is, the stories of the failures last.

local legible = require "slipstream.legible"
local redact_uri = require("slipstream.secret").redact_uri
local show = require "slipstream.show"
local story = require "slipstream.scenario.output.story"
local terminal = require "slipstream.scenario.output.terminal"
local text = require "slipstream.scenario.output.text"

local M = {}

-- From so long on a scenario's line has its time.
local SLOW_MSEC = 500

local unicode_marks = { passed = "✓", failed = "✗", skipped = "○" }
local ascii_marks = { passed = "ok  ", failed = "FAIL", skipped = "skip" }

local colors = { passed = "32", failed = "31", skipped = "33", faint = "2", strong = "1" }

local Pretty = {}
Pretty.__index = Pretty

function Pretty:paint(color, words)
  if not self.color then return words end
  return ("\27[%sm%s\27[0m"):format(colors[color], words)
end

-- The line of progress.

function Pretty:progress()
  local names = {}
  for _, case in ipairs(self.running) do names[#names + 1] = legible.line(case.name) end
  local failed = self.failed > 0 and self:paint("failed", (" %d failed"):format(self.failed)) or ""
  local now = #names > 0 and self:paint("faint", "  " .. table.concat(names, ", ")) or ""
  return ("%d/%d%s%s"):format(self.done, self.count, failed, now)
end

-- Writes lines above the line of progress, which comes and goes in one piece with them.
function Pretty:print(lines)
  local words = #lines > 0 and table.concat(lines, "\n") .. "\n" or ""
  if not self.is_terminal then return self.write(words) end
  local progress = self.is_over and "" or terminal.line(self:progress())
  self.write(terminal.CLEAR .. words .. progress)
end

local function take_case(running, case)
  for place, each in ipairs(running) do
    if each == case then return table.remove(running, place) end
  end
end

-- The line of a scenario.

local function notes_of(result)
  local notes = {}
  local why = story.why(result)
  if why then notes[1] = legible.line(why) end
  notes[#notes + 1] = story.flaky(result) or story.failed_again(result)
  if (result.msec or 0) >= SLOW_MSEC then notes[#notes + 1] = text.duration(result.msec) end
  return notes
end

function Pretty:line_of(result)
  local line = self:paint(result.status, self.marks[result.status]) .. " " .. legible.line(result.case.name)
  local notes = notes_of(result)
  if #notes == 0 then return line end
  return line .. " " .. self:paint("faint", ("(%s)"):format(table.concat(notes, ", ")))
end

-- What comes last.

function Pretty:add_story(lines, number, result)
  lines[#lines + 1] = ""
  lines[#lines + 1] = self:paint("strong", ("%d) %s"):format(number, legible.line(result.case.name)))
  lines[#lines + 1] = "   " .. self:paint("faint", story.place(result))
  for place, line in ipairs(story.lines(result)) do
    lines[#lines + 1] = line == "" and "" or "   " .. (place == 1 and self:paint("failed", line) or line)
  end
end

function Pretty:totals(summary)
  local parts = {}
  local function add(count, status, words)
    if count > 0 then parts[#parts + 1] = self:paint(status, ("%d %s"):format(count, words)) end
  end
  add(summary.passed, "passed", "passed")
  add(summary.failed, "failed", "failed")
  add(summary.skipped, "skipped", "skipped")
  add(self.flaky, "skipped", "flaky")
  add(summary.not_run, "skipped", "not run")
  return #parts > 0 and table.concat(parts, ", ") or "no scenarios"
end

function Pretty:last_lines(summary)
  local lines = {}
  for number, result in ipairs(self.failures) do self:add_story(lines, number, result) end
  lines[#lines + 1] = ""
  local seed = summary.seed and self:paint("faint", (" (seed %d)"):format(summary.seed)) or ""
  lines[#lines + 1] = ("%s in %s%s"):format(self:totals(summary), text.duration(summary.msec), seed)
  return lines
end

-- Events.

function Pretty:begun(run)
  self.count = run.count
  local where = run.uri and " against " .. legible.line(redact_uri(run.uri)) or ""
  local jobs = (run.jobs or 1) > 1 and (", %d at a time"):format(run.jobs) or ""
  self:print { self:paint("faint", show.count(run.count, "scenario") .. where .. jobs) }
end

function Pretty:started(case)
  self.running[#self.running + 1] = case
  if self.is_terminal then self:print {} end
end

function Pretty:ended(result)
  take_case(self.running, result.case)
  self.done = self.done + 1
  if story.flaky(result) then self.flaky = self.flaky + 1 end
  if result.status == "failed" then
    self.failed = self.failed + 1
    self.failures[self.failed] = result
  end
  self:print { self:line_of(result) }
end

function Pretty:finished(summary)
  self.is_over = true
  self:print(self:last_lines(summary))
end

--- Gives way to what something else writes to the terminal: the line of progress goes for as long.
---@param write fun()
function Pretty:aside(write)
  if not self.is_terminal or self.is_over then return write() end
  self.write(terminal.CLEAR)
  write()
  return self:print {}
end

--- Makes the output; see slipstream.scenario.outputs.
---@param write fun(text: string)
---@param options { is_terminal?: boolean, color?: boolean, unicode?: boolean }
---@return table
function M.new(write, options)
  return setmetatable({
    write = write, is_terminal = options.is_terminal, color = options.color,
    marks = options.unicode and unicode_marks or ascii_marks,
    count = 0, done = 0, failed = 0, flaky = 0, running = {}, failures = {},
  }, Pretty)
end

return M
