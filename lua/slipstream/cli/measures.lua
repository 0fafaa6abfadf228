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

local function mailbox_of(client)
  local box = client._socket and client._socket._mailbox
  return box and box:count() or 0
end

local function survey()
  local found = { clients = 0, mailbox_entries = 0, longest_mailbox = 0 }
  for _, client in pairs(registry.living()) do
    local entries = mailbox_of(client)
    found.clients = found.clients + 1
    found.mailbox_entries = found.mailbox_entries + entries
    found.longest_mailbox = math.max(found.longest_mailbox, entries)
  end
  return found
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
  for name, count in pairs(survey()) do now[name] = count end
  now.memory_bytes = math.floor(collectgarbage "count" * 1024)
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
