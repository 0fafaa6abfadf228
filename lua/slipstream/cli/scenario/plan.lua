--- Plan: the scenarios that a command line asks for, in their order.

local file = require "slipstream.scenario.case.file"
local legible = require "slipstream.legible"
local order = require "slipstream.scenario.case.order"
local replay_options = require "slipstream.cli.scenario.replay"
local selection = require "slipstream.scenario.case.selection"
local outlet = require "slipstream.outlet"
local uv = require "luv"

local M = {}

local FAILED, USAGE = 1, 2

---@class slipstream.cli.Plan
---@field cases slipstream.scenario.Case[]
---@field seed integer? when they are shuffled

local function missing_path(paths)
  for _, path in ipairs(paths) do
    if not uv.fs_stat(path) then return "no such file or folder: " .. path end
  end
end

local function tell_failures(failures)
  local texts = {}
  for place, failure in ipairs(failures) do texts[place] = file.show(failure) end
  return table.concat(texts, "\nslipstream: ")
end

local function nothing_wanted(count)
  local words = count == 1 and "the one scenario is not" or ("none of the %d scenarios is"):format(count)
  return words .. " what --filter, --tag and --exclude-tag ask for"
end

local function shuffle(plan, options)
  if not options.shuffle and not options.seed then return end
  plan.seed = options.seed or order.seed()
  plan.cases = order.shuffle(plan.cases, plan.seed)
end

local function load(options, args)
  if options.from then return replay_options.cases(options) end
  local fault = missing_path(options.paths)
  if fault then return nil, fault, USAGE end
  local cases, failures = file.load(options.paths, { args = args, timeout = options.timeout })
  if not cases then return nil, tell_failures(failures), FAILED end
  return cases
end

--- Loads the files and picks what shall run.
---@param options table of the command
---@param args table for the files
---@return slipstream.cli.Plan? plan
---@return string? text what is wrong
---@return integer? code the exit code then
function M.make(options, args)
  local cases, text, code = load(options, args)
  if not cases then return nil, text, code end
  local plan = { cases = selection.pick(cases, options) }
  if #plan.cases == 0 then return nil, nothing_wanted(#cases), USAGE end
  shuffle(plan, options)
  return plan
end

local function describe(case)
  local line = ("%s:%d: %s"):format(case.file, case.line, case.name)
  if #case.tags > 0 then line = ("%s [%s]"):format(line, table.concat(case.tags, ", ")) end
  return legible.line(line) .. "\n"
end

--- Prints what would run.
---@param plan slipstream.cli.Plan
---@return true? ok
---@return string? text why it cannot be written
function M.print(plan)
  local lines = {}
  for place, case in ipairs(plan.cases) do lines[place] = describe(case) end
  return outlet.write(nil, table.concat(lines))
end

return M
