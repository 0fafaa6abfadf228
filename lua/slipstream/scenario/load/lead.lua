--- Lead: runs a load by its workers, and puts together what they measure.

local core = require "slipstream.core"
local measurement = require "slipstream.scenario.measure.measurement"
local parcel = require "slipstream.parcel"
local seat = require "slipstream.seat"
local team = require "slipstream.team"
local uv = require "luv"

local M = {}

-- Workers tell something each second, until they are over.
local SILENT_MSEC = 5000

---@class slipstream.scenario.Lead
---@field team userdata
---@field measured slipstream.scenario.Measurement
---@field stories table<string, string[]>
---@field users table<integer, integer> how many each worker has
---@field ready integer how many have loaded the files
---@field over integer how many are done
---@field left integer how many threads there are
---@field fault string? why it failed
---@field begun fun() when the users of all begin
---@field hear fun(part: table) of each part of what was measured
---@field done fun() when all is over
---@field lost fun() a worker does not tell that it is over
---@field plan slipstream.scenario.LoadPlan
---@field heard integer when a worker has told what it measured, on luv's clock
---@field deadline userdata luv's timer, once there is an end
local Lead = {}
Lead.__index = Lead

local function tell_all(lead, kind)
  for index = 0, lead.team:count() - 1 do team.urge(index, kind) end
end

-- The end.

local expect_end -- it and `miss` call each other

local function miss(lead)
  local silent = uv.now() - lead.heard
  if silent >= SILENT_MSEC then return lead.lost() end
  return expect_end(lead, SILENT_MSEC - silent)
end

-- After so long somebody who has told nothing for a while does not end any more.
function expect_end(lead, msec)
  lead.deadline:start(msec, 0, function() miss(lead) end)
end

local function leave(lead)
  tell_all(lead, "leave")
  expect_end(lead, SILENT_MSEC)
end

-- Workers say.

local function take_ready(lead)
  lead.ready = lead.ready + 1
  if lead.ready < lead.team:count() then return end
  tell_all(lead, "begin")
  local plan = lead.plan
  if plan.duration_msec then expect_end(lead, plan.duration_msec + plan.graceful_msec + SILENT_MSEC) end
  lead.begun()
end

-- Nobody leaves before all are over: who has ended would be missed.
local function take_over(lead, facts)
  lead.over = lead.over + 1
  lead.measured:extend(facts.msec, facts.begun_msec)
  if lead.over < lead.team:count() then return end
  lead.deadline:stop() -- nothing is lost any more, however long they tidy up
  tell_all(lead, "leave")
end

local function take_measured(lead, facts, from)
  lead.heard = uv.now()
  for _, part in ipairs(facts.parts) do
    lead.measured:add(part)
    lead.hear(part)
  end
  if facts.kind then lead.stories[facts.kind] = lead.stories[facts.kind] or facts.lines end
  lead.users[from] = facts.users or lead.users[from]
  if facts.is_over then take_over(lead, facts) end
end

local function done_if_none_left(lead)
  if lead.left > 0 then return end
  lead.deadline:stop()
  return lead.done()
end

-- One that fails ends all: what is left would be another load.
local function ended(lead, index, ok, _, text)
  lead.left = lead.left - 1
  if not ok or text then
    lead.fault = lead.fault or ("worker %d failed: %s"):format(index, text)
    leave(lead)
  end
  return done_if_none_left(lead)
end

-- The run.

--- How many users there are now.
---@return integer
function Lead:count_users()
  local sum = 0
  for _, users in pairs(self.users) do sum = sum + users end
  return sum
end

--- Ends it before its time, in good order.
function Lead:stop()
  if self.left == 0 then return end
  if self.ready < self.team:count() then return leave(self) end
  tell_all(self, "stop")
  expect_end(self, self.plan.graceful_msec + SILENT_MSEC)
end

local function start(lead, options)
  local order = core.pack(options.order)
  for index = 0, options.workers - 1 do
    local ok, text = lead.team:spawn(index, "slipstream.scenario.load.worker", order, options.max_memory)
    if not ok then
      lead.fault = ("worker %d cannot start: %s"):format(index, text)
      return leave(lead)
    end
    lead.left = lead.left + 1
  end
end

--- Begins a load.
---@param options table `workers`, how many; `max_memory`, of each in bytes; `thresholds` that are to hold in
---every window; `begun()`, `hear(part)`, `done()`, `lost()`; `order`, for workers: `plan`, `play` for
---slipstream.scenario.play, `options` of the command, `args` for files
---@return slipstream.scenario.Lead
function M.begin(options)
  local lead = setmetatable({
    team = seat.lead(options.workers), measured = measurement.new(options.thresholds), stories = {},
    users = {}, ready = 0, over = 0, left = 0,
    begun = options.begun, hear = options.hear, done = options.done, lost = options.lost,
    plan = options.order.plan, heard = uv.now(), deadline = uv.new_timer(),
  }, Lead)
  lead.team:on_end(function(...) ended(lead, ...) end)
  team.on("ready", function() take_ready(lead) end)
  team.on("measured", function(facts, from) take_measured(lead, facts, from) end)
  parcel.begin()
  lead.deadline:unref()
  start(lead, options)
  done_if_none_left(lead) -- when not even the first could start
  return lead
end

return M
