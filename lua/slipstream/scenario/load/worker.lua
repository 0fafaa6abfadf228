--- Worker: a thread that does its share of a load. It loads the files, waits until the lead says that all
-- have, and tells the lead each second what it has measured.

local core = require "slipstream.core"
local exit = require "slipstream.cli.scenario.exit"
local file = require "slipstream.scenario.case.file"
local log_options = require "slipstream.cli.log_options"
local loop = require "slipstream.cli.loop"
local measures = require "slipstream.cli.measures"
local parcel = require "slipstream.parcel"
local seat = require "slipstream.seat"
local selection = require "slipstream.scenario.case.selection"
local shares = require "slipstream.scenario.load.share"
local team = require "slipstream.team"
local uv = require "luv"
local voices = require "slipstream.cli.scenario.voice"
local worker = require "slipstream.worker"

local M = {}

local FAILED = 1
local HOUR_MSEC = 3600000

-- Nobody says anything while the others load; the loop is to wait all the same.
local function keep_waiting()
  local timer = uv.new_timer()
  timer:start(HOUR_MSEC, HOUR_MSEC, function() end)
end

local function report(parts, facts)
  facts.parts = parts
  team.deliver(team.LEAD, "measured", facts)
end

-- The lead hears of the fault when the thread ends, and ends us all.
local fault

local function fail(text)
  fault = text
  uv.stop()
end

local function new_share(order, cases)
  return shares.new {
    plan = order.plan, cases = cases, play = order.play, index = worker.index, count = worker.count,
    host = core.host(), report = report, fail = fail,
  }
end

-- Answers what is wrong.
local function run_loop()
  local ok, caught = loop.run()
  if fault or ok then return fault end
  if caught.traceback == "" then return caught.text end
  return caught.text .. "\n" .. caught.traceback
end

--- Runs in a thread of its own, in a state of its own.
---@param bytes string packed, see slipstream.scenario.load.lead
---@return integer code the exit code
---@return string? text what is wrong
function M.main(bytes)
  local order = core.unpack(bytes)
  local options = order.options
  seat.join(0)
  log_options.apply(options)
  voices.open()
  exit.forbid()
  shares.spare_memory()
  local cases, failures = file.load(options.paths, { args = order.args, timeout = options.timeout })
  if not cases then return FAILED, file.show(failures[1]) end
  local share = new_share(order, selection.pick(cases, options))
  team.on("begin", function() share:begin() end)
  team.on("stop", function() share:stop() end)
  team.on("leave", uv.stop)
  if order.is_measured then measures.begin() end
  keep_waiting()
  parcel.begin()
  team.deliver(team.LEAD, "ready")
  local text = run_loop()
  return text and FAILED or 0, text
end

return M
