--- The options of `slipstream scenario` for recordings: to replay one, as a scenario, or to write it as one.

local argument = require "slipstream.cli.argument"
local difference = require "slipstream.scenario.replay.difference"
local emit = require "slipstream.scenario.replay.emit"
local player = require "slipstream.scenario.replay.player"
local recordings = require "slipstream.scenario.replay.recording"
local outlet = require "slipstream.outlet"

local M = {}

local FAILED, USAGE = 1, 2

local TIMEOUT_MSEC, AWAIT_MSEC = 300000, 5000

--- Tells argparse the options.
function M.define(command)
  command:option("--from", "Replay this recording: do what its clients did, and expect what its server said.")
    :argname "FILE"
  command:option("--ignore", "Compare all but this: a key's name, or a JSON pointer in which * is any\n"
    .. "key, as /payload/response/*/id; may be repeated."):argname "KEY":count "*":target "ignored"
  command:flag("--any-order", "What the server said may come in any order.")
  command:option("--emit", "Write it as a scenario, to OUT.lua or to the standard output, instead.")
    :argname "OUT.lua":args "?":action(argument.take_one)
end

local needs_recording = { emit = "--emit", any_order = "--any-order" }

--- What is wrong with the options, if anything.
---@param options table of the command
---@return string? text
function M.fault_of(options)
  if options.from and #options.paths > 0 then return "--from: there are no other scenarios beside it" end
  if options.from then return nil end
  for name, option in pairs(needs_recording) do
    if options[name] then return option .. ": it is for a recording, see --from" end
  end
  if #options.ignored > 0 then return "--ignore: it is for a recording, see --from" end
  if #options.paths == 0 then return "missing argument 'PATH', or --from FILE" end
end

local function rules_of(options)
  return { ignored = difference.ignored(options.ignored or {}), any_order = options.any_order }
end

--- A recording as a scenario of its own.
---@param recording slipstream.Recording
---@param options table of the command
---@return slipstream.scenario.Case
function M.case(recording, options)
  local rules = rules_of(options)
  return {
    name = "replays " .. recording.path, file = recording.path, line = 1, tags = {}, net = false,
    timeout = options.timeout or TIMEOUT_MSEC, await = AWAIT_MSEC, setups = {}, teardowns = {},
    fn = function(t)
      player.play(recording, { uri = t._options.uri, msec = t._await, rules = rules })
    end,
  }
end

--- The scenarios that --from asks for.
---@param options table of the command
---@return slipstream.scenario.Case[]? cases
---@return string? text what is wrong
---@return integer? code the exit code then
function M.cases(options)
  local recording, text = recordings.load(options.from)
  if not recording then return nil, text, USAGE end
  return { M.case(recording, options) }
end

--- Writes a recording as a scenario, for --emit.
---@param options table of the command
---@return integer? code the exit code
---@return string? text
---@return integer? failure
function M.emit(options)
  local recording, text = recordings.load(options.from)
  if not recording then return nil, text, USAGE end
  local lua
  lua, text = emit.write(recording, rules_of(options).ignored)
  if not lua then return nil, text, FAILED end
  local ok
  ok, text = outlet.write(options.emit ~= "" and options.emit or nil, lua)
  if not ok then return nil, text, FAILED end
  return 0
end

return M
