--- `slipstream scenario`: plays scenarios against a server, and tells how they end. Which ones and in which
-- order is in slipstream.cli.scenario.plan, the server in .site, the run in .stage.

local argument = require "slipstream.cli.argument"
local exit = require "slipstream.cli.scenario.exit"
local load = require "slipstream.cli.scenario.load"
local log_options = require "slipstream.cli.log_options"
local output_options = require "slipstream.cli.scenario.output"
local plans = require "slipstream.cli.scenario.plan"
local replay_options = require "slipstream.cli.scenario.replay"
local selection = require "slipstream.scenario.case.selection"
local sites = require "slipstream.cli.scenario.site"
local stage = require "slipstream.cli.scenario.stage"
local voices = require "slipstream.cli.scenario.voice"

local M = { summary = "Play scenarios against a server.", bare = { ["--bail"] = "--bail=1" } }

local FAILED, USAGE = 1, 2
local MOST = 1000000
local MOST_SEED = 2 ^ 53 // 1 | 0

local epilog = [[
SIGINT and SIGTERM end the scenarios that play, close what they have opened and begin no other; a second one
ends the program at once.

Exit code: 0 when all passed; 1: one failed, or a file does not load; 2: wrong usage, or there is no such
scenario; 99: a threshold was missed; 130, 143: ended by SIGINT, SIGTERM.]]

local function read_filter(pattern)
  local fault = selection.fault_of(pattern)
  if fault then return nil, "--filter: " .. fault end
  return pattern
end

local function define_server(group, command)
  command:mutex(
    group:option("--uri", "Where it is; the embedded one, in this program, when absent."):argname "URI",
    group:option("--serve", "The app that this file returns, in this program."):argname "APP.lua")
end

local function define_selection(command)
  command:option("--filter", "Only scenarios whose name has this Lua pattern; of several, any of them.")
    :argname "PATTERN":count "*":target "filters":convert(read_filter)
  command:option("--tag", "Only scenarios with this tag; of several, any of them.")
    :argname "TAG":count "*":target "tags"
  command:option("--exclude-tag", "No scenarios with this tag; may be repeated.")
    :argname "TAG":count "*":target "excluded_tags"
  command:flag("--list", "List them with their places and tags, and play none.")
  command:flag("--shuffle", "Play them in a random order, which is the same for the same seed.")
  command:option("--seed", "Shuffle with this seed.")
    :argname "N":convert(argument.count("--seed", MOST_SEED, 0))
end

local function define_run(command)
  command:option("--set", "Give the files args.KEY, a string; may be repeated.")
    :argname "KEY=VALUE":count "*":convert(argument.pair)
  command:option("--jobs", "Play so many at a time, 1 when absent."):argname "N"
    :convert(argument.count("--jobs", MOST))
  command:option("--bail", "Begin no other after N failures, after the first without N.")
    :argname "N":args "?":convert(argument.count("--bail", MOST)):action(argument.take_one)
  command:option("--retry", "Play one that fails up to N times more; it passes when one of them does.")
    :argname "N":convert(argument.count("--retry", MOST, 0))
  command:option("--timeout", "What a scenario may take, unless it says so itself.")
    :argname "MSEC":convert(argument.count("--timeout", MOST * 1000))
end

local function define_telling(command)
  output_options.define(command)
  log_options.define(command, "error") -- the rest is in the stories of those that fail
end

function M.define(command)
  command:argument("PATH", "A file of scenarios, or a folder with such: all *_scenario.lua in it, or all\n"
    .. "*.lua when there are none."):args "*":target "paths"
  argument.group(command, "The server", define_server, command)
  argument.group(command, "Which scenarios", define_selection)
  argument.group(command, "How they play", define_run)
  argument.group(command, "What is told", define_telling)
  argument.group(command, "Under load", load.define)
  argument.group(command, "A recording instead of scenarios", replay_options.define)
  command:epilog(epilog)
end

local function args_of(options, uri)
  local args = { uri = uri }
  for _, pair in ipairs(options.set) do args[pair.key] = pair.value end
  return args
end

local function list(options)
  local plan, text, code = plans.make(options, args_of(options, options.uri))
  if not plan then return nil, text, code end
  local ok
  ok, text = plans.print(plan)
  if not ok then return nil, text, FAILED end
  return 0
end

-- Each scenario once.
local function play(options, plan, site, voice)
  local outputs, fault = output_options.open(options)
  if not outputs then return nil, fault, USAGE end
  voice:beside(outputs)
  local code, text = stage.play(plan, site, outputs, options)
  local ok
  ok, fault = outputs:close()
  if not ok then return nil, fault, FAILED end
  if text then return nil, text, code end -- the line of it comes last
  return code
end

--- What is wrong with options each of which is right.
---@param options table what `define` asked for
---@return string? text
function M.fault_of(options)
  local misuse = replay_options.fault_of(options)
  if misuse then return misuse end
  local wanted, fault = load.plan(options)
  if wanted and options.from then return "--from: it is no load; --emit makes a scenario of it" end
  return fault
end

--- Runs the command.
---@param options table what `define` asked for, without a fault
---@return integer? code the exit code
---@return string? text
---@return integer? failure
function M.run(options)
  log_options.apply(options)
  if options.emit then return replay_options.emit(options) end
  local voice = voices.open()
  exit.forbid()
  if options.list then return list(options) end
  local site, text, code = sites.open(options)
  if not site then return nil, text, code end
  local args = args_of(options, site.uri)
  local plan
  plan, text, code = plans.make(options, args)
  if not plan then return nil, text, code end
  local wanted = load.plan(options)
  if wanted then return load.run(wanted, options, site, args) end
  return play(options, plan, site, voice)
end

return M
