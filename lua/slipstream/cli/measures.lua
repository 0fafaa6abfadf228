--- Measures: what a worker has measured, which the lead asks for, see slipstream.cli.metrics.
--
-- Nothing is measured before `begin`. Events are counted in C, where they happen; no telemetry is attached.

local core = require "slipstream.core"
local journal = require "slipstream.journal"
local registry = require "slipstream.registry"
local seat = require "slipstream.seat"
local team = require "slipstream.team"
local uv = require "luv"

local M = {}

-- How late the loop comes to what is due is seen by a timer.
local LAG_MSEC = 100

local lag = { usec = 0 }

local function take_lag(late_usec)
  lag.histogram:record(late_usec)
  lag.usec = lag.usec + late_usec
end

local function watch_lag()
  lag.histogram = core.histogram()
  local timer, due = uv.new_timer(), uv.hrtime() + LAG_MSEC * 1000000
  timer:start(LAG_MSEC, LAG_MSEC, function()
    local now = uv.hrtime()
    take_lag(math.max(0, (now - due) // 1000))
    due = now + LAG_MSEC * 1000000
  end)
  timer:unref()
end

local function count_clients()
  local count = 0
  for _ in pairs(registry.living()) do count = count + 1 end
  return count
end

---@class slipstream.Measures
---@field life integer how often the worker was started before
---@field counts table what only grows, in a life: numbers, histograms as bytes, and tables of these
---@field lag table likewise
---@field now table what is so at present

local function tell()
  local host = core.host()
  local counts, now = host:measures(), host:census()
  counts.tally = host:tally()
  counts.restarts, counts.gave_up = journal.counts.restarts, journal.counts.gave_up
  now.clients, now.memory_bytes = count_clients(), math.floor(collectgarbage "count" * 1024)
  return { life = seat.life(), counts = counts, now = now,
    lag = { histogram = lag.histogram:pack(), usec = lag.usec } }
end

--- Measures, and answers, from now on.
function M.begin()
  core.host():measure()
  watch_lag()
  team.answer("measures", tell)
end

return M
