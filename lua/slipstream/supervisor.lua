--- Supervisors: clients without a connection that start other clients, their children, and start them
-- again when they end, as OTP's supervisor(3) and Elixir's Supervisor do.
--
--     local Rooms = slipstream.supervisor {
--       strategy = "rest_for_one",
--       children = {
--         { module = Session, name = "session" },
--         { module = Room, name = "lobby", args = { topic = "room:lobby" }, restart = "transient" },
--       },
--     }
--     local rooms = slipstream.start(Rooms)
--
-- A supervisor is a client module: it is started, named, stopped and watched like any other, a file may
-- return one, and a child may be one.

local check = require "slipstream.check"
local child_spec = require "slipstream.child_spec"
local client_modules = require "slipstream.client"
local dispatch = require "slipstream.dispatch"
local nearest = require "slipstream.nearest"
local registry = require "slipstream.registry"
local restart = require "slipstream.restart"
local supervision = require "slipstream.supervision"

---@class slipstream.supervisor
---@overload fun(options: slipstream.SupervisorOptions?): slipstream.Default
local M = {}

-- As good as for ever: a child may take long to start or to stop, and the call ends with the supervisor.
local EVER_MSEC = check.MOST_MSEC

-- Asking.

local function check_supervisor(supervisor)
  local client = type(supervisor) == "string" and registry.whereis(supervisor) or supervisor
  if type(client) == "string" then return end -- nobody has that name
  local is_client = getmetatable(client) == dispatch.Client
  if is_client and child_spec.is_supervisor(client._module) then return end
  local text = "a supervisor or the name of one expected, got %s"
  check.fail(1, text:format(is_client and tostring(client) or type(client)))
end

local function check_id(id)
  if id == nil or id ~= id then check.fail(2, "the id of a child expected, got " .. tostring(id)) end
end

local function ask(supervisor, name, argument)
  check_supervisor(supervisor)
  local answer, reason = dispatch.call(supervisor, supervision.request(name, argument), EVER_MSEC)
  if not answer then return nil, reason end
  return answer[1], answer[2]
end

--- Adds a child and starts it, after all others; waits for its `init`. It is forgotten when the supervisor
-- itself is started again. Not for the `init` of a child: the supervisor waits for that.
---@param supervisor slipstream.Client|string its handle or name
---@param spec slipstream.ChildSpec|table a spec, a client module, or { module, args }
---@return slipstream.Client? client
---@return any reason nil and "already_started" or "already_present": a child has that id; "noproc"; why its
---`init` ended it, and the spec is not kept. nil and "ignore": `init` said so, and the spec is kept
function M.start_child(supervisor, spec)
  local read = child_spec.read(2, "child", spec)
  local client, reason = ask(supervisor, "start_child", read)
  return client, reason
end

--- Stops a child, which is not started again; waits for that. Its spec stays, unless it is "temporary".
---@param supervisor slipstream.Client|string
---@param id any
---@return true? ok, any reason nil, "not_found"; nil, "noproc"
function M.terminate_child(supervisor, id)
  check_id(id)
  local ok, reason = ask(supervisor, "terminate_child", id)
  return ok, reason
end

--- Starts a child again that was terminated or has ended for good; waits for its `init`.
---@param supervisor slipstream.Client|string
---@param id any
---@return slipstream.Client? client a new handle
---@return any reason nil and "not_found", "running", "restarting" or "noproc"; or why its `init` ended it
function M.restart_child(supervisor, id)
  check_id(id)
  local client, reason = ask(supervisor, "restart_child", id)
  return client, reason
end

--- Forgets the spec of a child that was terminated or has ended for good.
---@param supervisor slipstream.Client|string
---@param id any
---@return true? ok, any reason nil, "not_found", "running", "restarting" or "noproc"
function M.delete_child(supervisor, id)
  check_id(id)
  local ok, reason = ask(supervisor, "delete_child", id)
  return ok, reason
end

---@class slipstream.ChildInfo
---@field id any
---@field client slipstream.Client? nil when it has none
---@field type string "worker" or "supervisor"
---@field status string "running", "stopping", "restarting" (it is down, and will be started again), "ended"

--- The children, in the order in which they start.
---@param supervisor slipstream.Client|string
---@return slipstream.ChildInfo[]? list, any reason nil, "noproc"
function M.which_children(supervisor)
  local list, reason = ask(supervisor, "which_children")
  return list, reason
end

--- How many children there are.
---@param supervisor slipstream.Client|string
---@return { specs: integer, active: integer, workers: integer, supervisors: integer }? counts `active` are
---those that run; workers and supervisors are all of them
---@return any reason nil, "noproc"
function M.count_children(supervisor)
  local counts, reason = ask(supervisor, "count_children")
  return counts, reason
end

-- Making one.

---@class slipstream.SupervisorOptions
---@field children table[]? child specs, client modules or { module, args }, in the order of their starts
---@field strategy string? "one_for_one", when absent: only the child that failed is started again;
---"one_for_all": all of them; "rest_for_one": it and those after it
---@field max_restarts integer? 3: so many restarts of children …
---@field max_seconds number? 5: … in so many seconds; at one more it gives up
---@field restart string? its own policy, as that of any module

local known_options = {
  children = "table", strategy = "string", max_restarts = "number", max_seconds = "number",
  restart = "string",
}

local function check_strategy(strategy)
  if strategy == nil or supervision.strategies[strategy] then return end
  local text = 'strategy: "one_for_one", "one_for_all" or "rest_for_one" expected, got %q%s'
  check.fail(1, text:format(strategy, nearest.hint(strategy, supervision.strategies)))
end

local function settings_of(options)
  check.are_options(1, options, known_options)
  restart.check(1, options)
  check_strategy(options.strategy)
  return {
    children = child_spec.read_all(1, options.children or {}),
    strategy = options.strategy or "one_for_one",
    max_restarts = options.max_restarts or restart.MAX_RESTARTS,
    max_seconds = options.max_seconds or restart.MAX_SECONDS,
  }
end

--- Makes a supervisor, to be started like any client module. Its children start in their order, each when
-- the `init` of the one before is done. If one does not start, those before it are stopped, and `start`
-- answers nil and a reason "child_not_started".
--
-- A child that ends is started again as its `restart` says: "permanent" however it ended, also by
-- `client:stop()` (`terminate_child` stops it for good); "transient" after a failure; "temporary" never.
-- The handle stays the same. Who goes with it, as `strategy` says, is stopped in reverse order before, and
-- comes back in order after a pause of 100 msec, 200, 400 … 5000. When there are too many restarts, the
-- supervisor stops all children and ends with a reason "child_gave_up", for its own supervisor to see to;
-- without one it is "transient", as other clients. However it ends, its children end before it, the last
-- one first.
---@param options slipstream.SupervisorOptions?
---@return slipstream.Default module
local function new(_, options)
  local settings = settings_of(options or {})
  local module = client_modules.new { restart = options and options.restart }
  for name, callback in pairs(supervision.callbacks) do module[name] = callback end
  module._settings = settings
  getmetatable(module).supervisor = settings
  return module
end

--- Whether a value is a supervisor's module.
---@param value any
---@return boolean
function M.is_supervisor(value)
  return client_modules.is_module(value) and child_spec.is_supervisor(value)
end

return setmetatable(M, { __call = new })
