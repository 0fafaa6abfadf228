--- Lead: runs a load by its workers, and puts together what they measure.

local core = require "slipstream.core"
local measurement = require "slipstream.scenario.measure.measurement"
local parcel = require "slipstream.parcel"
local seat = require "slipstream.seat"
local team = require "slipstream.team"

local M = {}

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
local Lead = {}
Lead.__index = Lead

local function tell_all(lead, kind)
  for index = 0, lead.team:count() - 1 do team.post(index, kind, nil, true) end
end

-- Workers say.

local function take_ready(lead)
  lead.ready = lead.ready + 1
  if lead.ready < lead.team:count() then return end
  tell_all(lead, "begin")
  lead.begun()
end

-- Nobody leaves before all are over: who has ended would be missed.
local function take_over(lead, facts)
  lead.over = lead.over + 1
  lead.measured:extend(facts.msec, facts.begun_msec)
  if lead.over == lead.team:count() then tell_all(lead, "leave") end
end

local function take_measured(lead, facts, from)
  for _, part in ipairs(facts.parts) do
    lead.measured:add(part)
    lead.hear(part)
  end
  if facts.kind then lead.stories[facts.kind] = lead.stories[facts.kind] or facts.lines end
  lead.users[from] = facts.users or lead.users[from]
  if facts.is_over then take_over(lead, facts) end
end

-- One that fails ends all: what is left would be another load.
local function ended(lead, index, ok, _, text)
  lead.left = lead.left - 1
  if not ok or text then
    lead.fault = lead.fault or ("worker %d failed: %s"):format(index, text)
    tell_all(lead, "leave")
  end
  if lead.left == 0 then lead.done() end
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
  tell_all(self, self.ready < self.team:count() and "leave" or "stop")
end

local function start(lead, options)
  local order = core.pack(options.order)
  for index = 0, options.workers - 1 do
    local ok, text = lead.team:spawn(index, "slipstream.scenario.load.worker", order)
    if not ok then
      lead.fault = ("worker %d cannot start: %s"):format(index, text)
      return tell_all(lead, "leave")
    end
    lead.left = lead.left + 1
  end
end

--- Begins a load.
---@param options table `workers`, how many; `thresholds` that are to hold in every window; `begun()`,
---`hear(part)`, `done()`; `order`, for workers: `plan`, `play` for slipstream.scenario.play, `options` of the
---command, `args` for files
---@return slipstream.scenario.Lead
function M.begin(options)
  local lead = setmetatable({
    team = seat.lead(options.workers), measured = measurement.new(options.thresholds), stories = {},
    users = {}, ready = 0, over = 0, left = 0,
    begun = options.begun, hear = options.hear, done = options.done,
  }, Lead)
  lead.team:on_end(function(...) ended(lead, ...) end)
  team.on("ready", function() take_ready(lead) end)
  team.on("measured", function(facts, from) take_measured(lead, facts, from) end)
  parcel.begin()
  start(lead, options)
  return lead
end

return M
