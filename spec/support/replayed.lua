-- Replayed: recordings replayed, and the scenarios made of them played, as `slipstream scenario` does it.
local file = require "slipstream.scenario.case.file"
local emit = require "slipstream.scenario.replay.emit"
local difference = require "slipstream.scenario.replay.difference"
local play = require "slipstream.scenario.play"
local program = require "spec.support.program"
local recordings = require "slipstream.scenario.replay.recording"
local replay = require "slipstream.cli.scenario.replay"
local slipstream = require "slipstream"

local M = {}

local function run(case, options)
  return slipstream.run(function() return play.run(case, options) end)
end

-- Replays a file to a server; `options` as those of the command, and `await` in msec. Answers the result of
-- the scenario that it is.
function M.run(path, uri, options)
  options = options or {}
  local case = replay.case(assert(recordings.load(path)), options)
  case.await = options.await or case.await
  return run(case, { uri = uri })
end

-- The file as the text of a scenario; nil and why it cannot be one.
function M.emit(path, ignored)
  return emit.write(assert(recordings.load(path)), difference.ignored(ignored or {}))
end

-- Plays the text of a file with one scenario.
function M.play(lua, uri, await)
  local cases, failures = file.load { program.file "emitted_scenario.lua" (lua) }
  assert(cases, failures and failures[1].text)
  assert(#cases == 1)
  cases[1].await = await or cases[1].await
  return run(cases[1], { uri = uri, env = function(name) return name:lower() .. " of the environment" end })
end

-- How it went: "passed", or what failed.
function M.words(result)
  return result.failure and result.failure.text or result.status
end

return M
