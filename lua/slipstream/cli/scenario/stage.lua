--- Stage: plays a plan on luv's loop, until all scenarios have ended or a signal ends them.

local apps = require "slipstream.cli.app"
local farewell = require "slipstream.cli.farewell"
local loop = require "slipstream.cli.loop"
local play = require "slipstream.scenario.play"
local runner = require "slipstream.scenario.runner"
local script = require "slipstream.script"
local signal = require "slipstream.cli.signal"
local uv = require "luv"

local M = {}

local FAILED = 1
local signals = { [130] = "SIGINT", [143] = "SIGTERM" }

---@class slipstream.cli.Stage
---@field run slipstream.scenario.Run
---@field summary slipstream.scenario.Summary?
---@field signal_code integer? the exit code after a signal
---@field is_over boolean?

-- Who is left says goodbye, then the server goes, which stops the loop.
local function clear(stage, site)
  farewell.say(function()
    stage.is_over = true
    if site.handle then apps.drain(site.handle) else uv.stop() end
  end)
end

local function run_options(plan, site, options)
  return {
    play = play.run, interrupt = play.interrupt, play_options = { uri = site.uri },
    uri = site.uri, jobs = options.jobs, retry = options.retry, bail = options.bail, seed = plan.seed,
  }
end

local function begin(stage, plan, site, outputs, options)
  script.begin({ name = "slipstream scenario" }, function()
    stage.run = runner.begin(plan.cases, run_options(plan, site, options), outputs)
    stage.summary = stage.run:await()
    clear(stage, site)
  end)
end

-- Nobody knows whose callback of luv's has raised, when several play.
local function run_loop(stage)
  local ok, result = loop.run()
  if not ok then
    stage.run:interrupt(result.text)
  elseif not result and not stage.is_over then
    stage.run:interrupt "it waits, but nothing is left that could happen"
  end
end

-- Where nobody was reached: what all of the stories say is worth a line of its own.
local function unreachable(summary)
  local address
  for _, result in ipairs(summary.results) do
    address = result.failure and result.failure.text:match "connection refused by (%S+)$"
    if not address then return nil end
  end
  return address and "nothing listens at " .. address
end

local function code_of(stage)
  if stage.signal_code then return stage.signal_code end
  return stage.summary.failed > 0 and FAILED or 0
end

--- Plays it to its end.
---@param plan slipstream.cli.Plan
---@param site slipstream.cli.Site
---@param outputs slipstream.scenario.Output[]
---@param options table of the command
---@return integer code the exit code
---@return string? text what is to be said of all of them
function M.play(plan, site, outputs, options)
  local stage = {}
  signal.watch(function(code)
    stage.signal_code = code
    stage.run:cancel("interrupted by " .. signals[code])
  end)
  begin(stage, plan, site, outputs, options)
  repeat run_loop(stage) until stage.is_over
  return code_of(stage), unreachable(stage.summary)
end

return M
