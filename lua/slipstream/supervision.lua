--- Supervision: what a supervisor does as a client, in its callbacks. It starts its children, and deals
-- with their ends and with what is asked of it one at a time, in the order in which they came.

local children = require "slipstream.child"
local journal = require "slipstream.journal"
local log = require "slipstream.log"
local reason_of = require("slipstream.reason").new
local restart = require "slipstream.restart"

-- Its children, in the order in which they start.

local function add(supervisor, spec)
  local child = children.new(supervisor, spec)
  table.insert(supervisor._children, child)
  supervisor._by_id[child.id] = child
  return child
end

local function place_of(supervisor, child)
  for place, each in ipairs(supervisor._children) do
    if each == child then return place end
  end
end

local function remove(supervisor, child)
  table.remove(supervisor._children, place_of(supervisor, child))
  supervisor._by_id[child.id] = nil
end

-- A temporary child is forgotten with its client.
local function retire(supervisor, child, ending)
  child:retire(ending)
  if child.spec.restart == "temporary" then remove(supervisor, child) end
end

-- Starts a child. One that its `init` ignores stays without a client, which is no failure.
local function start(supervisor, child)
  local ok, reason = child:start()
  if ok or reason ~= "ignore" then return ok, reason end
  child:stop()
  retire(supervisor, child, child:ending())
  return true, "ignore"
end

-- Strategies: who goes and comes back with a child that failed.

local strategies = {}

function strategies.one_for_one(_, child) return { child } end

function strategies.one_for_all(supervisor)
  return table.move(supervisor._children, 1, #supervisor._children, 1, {})
end

function strategies.rest_for_one(supervisor, child)
  local list = supervisor._children
  return table.move(list, place_of(supervisor, child), #list, 1, {})
end

local function group_of(supervisor, child)
  return strategies[supervisor._settings.strategy](supervisor, child)
end

-- Restarts.

local function stop_group(supervisor, group)
  for place = #group, 1, -1 do
    local child = group[place]
    child:stop()
    if child.spec.restart == "temporary" then retire(supervisor, child) end
  end
end

-- The verdict that ends the supervisor; its `terminate` stops the children.
local function give_up(supervisor, child, reason)
  journal.supervisor_gave_up(supervisor, child.id, reason)
  return "stop", reason_of("child_gave_up", { child = child.id, reason = reason })
end

-- A child is down and is wanted: its group comes back after the pause.
local function begin_restart(supervisor, child, reason)
  local history = supervisor._history
  if not history:add(supervisor._client._host:now()) then return give_up(supervisor, child, reason) end
  stop_group(supervisor, group_of(supervisor, child))
  return child:begin_pause(restart.pause(history:count()))
end

local callbacks = {}

function callbacks:init()
  local settings = self._settings
  self._children, self._by_id, self._places = {}, {}, #settings.children
  self._history = restart.new_history(settings.max_restarts, settings.max_seconds)
  for _, spec in ipairs(settings.children) do
    local ok, reason = start(self, add(self, spec))
    if not ok then return "stop", reason_of("child_not_started", { child = spec.id, reason = reason }) end
  end
end

-- A child has ended by itself.
function callbacks:_child_ended(child)
  local ending = child:take_ending()
  if not ending then return end
  if restart.is_wanted(child.spec.restart, ending.is_failure) then
    return begin_restart(self, child, ending.reason)
  end
  return retire(self, child, ending)
end

-- It may have waited behind what ended the pause. The first child that does not start is what has failed
-- now; those behind it come with its restart.
function callbacks:_restart_due(child)
  if not child.is_pausing then return end
  for _, each in ipairs(group_of(self, child)) do
    local ok, reason = each.is_up, nil
    if not ok then ok, reason = start(self, each) end
    if not ok then return begin_restart(self, each, reason) end
  end
end

function callbacks:terminate()
  for place = #self._children, 1, -1 do
    local child = self._children[place]
    child:stop()
    child:retire()
  end
end

-- No time to ask them; process.lua calls this at once when it kills a supervisor.
function callbacks:_killed()
  for place = #self._children, 1, -1 do
    local child = self._children[place]
    child:kill()
    child:retire()
  end
end

local function tell_unexpected(supervisor, kind, message)
  log.warn("unexpected message", { client = supervisor._client.name, kind = kind, message = message })
end

function callbacks:handle_info(message) tell_unexpected(self, "info", message) end

function callbacks:handle_cast(message) tell_unexpected(self, "cast", message) end

-- What is asked of it: each answers a result, or nil and why not.

---@class slipstream.SupervisorRequest
---@field name string
---@field argument any
local Request = {}
Request.__name = "slipstream.supervisor_request"

local requests = {}

function callbacks:handle_call(request)
  if getmetatable(request) ~= Request then
    tell_unexpected(self, "call", request)
    return "reply"
  end
  return "reply", { requests[request.name](self, request.argument) }
end

local function id_of_place(supervisor)
  repeat supervisor._places = supervisor._places + 1 until not supervisor._by_id[supervisor._places]
  return supervisor._places
end

function requests.start_child(supervisor, spec)
  if spec.id == nil then spec.id = id_of_place(supervisor) end
  local known = supervisor._by_id[spec.id]
  if known then return nil, known.is_up and "already_started" or "already_present" end
  local child = add(supervisor, spec)
  local ok, reason = start(supervisor, child)
  if ok then return child.client, reason end
  child:stop()
  child:retire(child:ending())
  remove(supervisor, child)
  return nil, reason
end

function requests.terminate_child(supervisor, id)
  local child = supervisor._by_id[id]
  if not child then return nil, "not_found" end
  child:stop()
  retire(supervisor, child)
  return true
end

-- For those that want a child without a client.
local function why_not_idle(child)
  if not child then return "not_found" end
  return child.client and (child.is_up and "running" or "restarting")
end

function requests.restart_child(supervisor, id)
  local child = supervisor._by_id[id]
  local fault = why_not_idle(child)
  if fault then return nil, fault end
  local ok, reason = start(supervisor, child)
  if ok then return child.client, reason end
  child:stop()
  child:retire(child:ending())
  return nil, reason
end

function requests.delete_child(supervisor, id)
  local child = supervisor._by_id[id]
  local fault = why_not_idle(child)
  if fault then return nil, fault end
  remove(supervisor, child)
  return true
end

function requests.which_children(supervisor)
  local list = {}
  for place, child in ipairs(supervisor._children) do
    list[place] = { id = child.id, client = child.client, type = child:type(), status = child:status() }
  end
  return list
end

function requests.count_children(supervisor)
  local counts = { specs = #supervisor._children, active = 0, workers = 0, supervisors = 0 }
  for _, child in ipairs(supervisor._children) do
    local kind = child:type() .. "s"
    counts[kind] = counts[kind] + 1
    if child.is_up then counts.active = counts.active + 1 end
  end
  return counts
end

--- What to ask a supervisor, by a call.
---@param name string
---@param argument any
---@return slipstream.SupervisorRequest
local function request(name, argument)
  return setmetatable({ name = name, argument = argument }, Request)
end

--- A supervisor, or another client, goes on in other code: the specs that it says now are those of its
-- children from their next restarts on. Children that are new come with its own next start.
---@param socket slipstream.Socket
local function adopt(socket)
  local settings = getmetatable(socket._client._module).supervisor
  for _, spec in ipairs(settings and settings.children or {}) do
    local child = socket._by_id[spec.id]
    if child then child.spec = spec end
  end
end

return { adopt = adopt, callbacks = callbacks, request = request, strategies = strategies }
