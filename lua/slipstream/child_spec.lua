--- Child specs: what a supervisor is told of a child. They are read and checked at once, so that a slip of
-- the pen shows where it is and not when the child fails.

local check = require "slipstream.check"
local is_module = require("slipstream.client").is_module
local nearest = require "slipstream.nearest"
local restart = require "slipstream.restart"

local M = {}

---@class slipstream.ChildSpec
---@field id any? by which the supervisor's functions find it; its `name` when absent, else its place
---@field module table a client module, or a supervisor
---@field args any? given to `init`
---@field name string? for `whereis`, calls by name and logs
---@field restart string? "permanent", "transient" or "temporary"; the module's when absent, else "permanent"
---@field shutdown integer|string|nil msec that it has to end by itself, "infinity", or "brutal_kill": it is
---killed at once. 5000 when absent; "infinity" for a supervisor

local SHUTDOWN_MSEC = 5000

--- Whether a client module is a supervisor.
---@param module table
---@return boolean
function M.is_supervisor(module)
  return getmetatable(module).supervisor ~= nil
end

-- Fields: each has a check, which answers what is expected instead.

local function is_id(value)
  return value == value, "anything but not-a-number"
end

local function is_client_module(value)
  return is_module(value), "a client module"
end

local function is_name(value)
  return type(value) == "string" and value ~= "", "a string that is not empty"
end

local function is_restart(value)
  return restart.is_policy(value), '"permanent", "transient" or "temporary"'
end

local function is_shutdown(value)
  local is_known = check.counts_msec(value) or value == "infinity" or value == "brutal_kill"
  return is_known, 'msec, "infinity" or "brutal_kill"'
end

local function is_anything() return true end

local fields = {
  id = is_id, module = is_client_module, args = is_anything, name = is_name, restart = is_restart,
  shutdown = is_shutdown,
}

local function show(value)
  if type(value) == "string" then return ("%q"):format(value) end
  return type(value) == "number" and tostring(value) or type(value)
end

local function fault_of_field(key, value)
  local is_right = fields[key]
  if not is_right then
    return ("no such field: %s%s"):format(key, nearest.hint(key, fields))
  end
  local ok, expected = is_right(value)
  return not ok and ("%s: %s expected, got %s"):format(key, expected, show(value)) or nil
end

local function fault_of(spec)
  for key, value in pairs(spec) do
    local fault = fault_of_field(key, value)
    if fault then return fault end
  end
  if not spec.module then return "module: needed" end
end

-- A module alone, or with its args, stands for a spec.
local function whole(given)
  if is_module(given) then return { module = given } end
  if type(given) ~= "table" then
    return nil, "a client module or a child spec expected, got " .. show(given)
  end
  if not is_module(given[1]) then return given end
  for key in pairs(given) do
    if key ~= 1 and key ~= 2 then
      return nil, ("%s: not after a module by its place; write module = …, args = …"):format(key)
    end
  end
  return { module = given[1], args = given[2] }
end

-- With everything in it that it did not say, but for the id of one that has no name.
local function filled(spec)
  local id = spec.id
  if id == nil then id = spec.name end
  return {
    id = id,
    module = spec.module,
    args = spec.args,
    name = spec.name,
    restart = spec.restart or getmetatable(spec.module).options.restart or "permanent",
    shutdown = spec.shutdown or M.is_supervisor(spec.module) and "infinity" or SHUTDOWN_MSEC,
  }
end

-- How an error calls a child: by what the script gave it.
local function label(where, given)
  local name = type(given) == "table" and not is_module(given) and (given.id or given.name)
  if name == "" or type(name) ~= "string" and type(name) ~= "number" then return where end
  return ("%s (%s)"):format(where, name)
end

--- Reads the spec of one child. Raises when it is wrong.
---@param position integer of the argument
---@param where string what stands before the fault: "children[2]"
---@param given any
---@return slipstream.ChildSpec spec a new one, with all that it did not say but the id
function M.read(position, where, given)
  local spec, fault = whole(given)
  fault = fault or fault_of(spec)
  if fault then check.fail(position, ("%s: %s"):format(label(where, given), fault)) end
  return filled(spec)
end

--- Reads the specs of all children; one without an id or a name gets its place for an id. Raises when one
-- is wrong or two have the same id.
---@param position integer of the argument
---@param list table
---@return slipstream.ChildSpec[]
function M.read_all(position, list)
  local specs, ids = {}, {}
  if next(list) ~= nil and list[1] == nil or getmetatable(list) then
    check.fail(position, "children: a list of child specs or client modules expected")
  end
  for place, given in ipairs(list) do
    local where = ("children[%d]"):format(place)
    local spec = M.read(position, where, given)
    if spec.id == nil then spec.id = place end
    if ids[spec.id] then
      local text = "%s: id: %s is that of another child"
      check.fail(position, text:format(label(where, given), show(spec.id)))
    end
    specs[place], ids[spec.id] = spec, true
  end
  return specs
end

return M
