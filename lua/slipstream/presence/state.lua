--- What a presence knows of a topic: who is there, and how a server's news change it. Pure.
--
-- A state maps keys to presences: `{ metas = { { phx_ref = "…", … }, … }, … }`, a meta for each time that the
-- key is there. States are changed in place; the presences in them are replaced and never changed, so that
-- whoever was given one may keep it.

local keys = require "slipstream.keys"

local M = {}

---@alias slipstream.PresenceState table<string, { metas: table[] }>
---@alias slipstream.PresenceFn fun(key: string, current: table?, change: table)

-- Values of a server, which may be anything.

local function is_presence(value)
  if type(value) ~= "table" or type(value.metas) ~= "table" then return false end
  for _, meta in ipairs(value.metas) do
    if type(meta) ~= "table" or meta.phx_ref == nil then return false end
  end
  return true
end

--- Whether the value can be a state.
---@param value any
---@return boolean
function M.is_state(value)
  if type(value) ~= "table" then return false end
  for key, presence in pairs(value) do
    if type(key) ~= "string" or not is_presence(presence) then return false end
  end
  return true
end

--- Whether the value can be a diff.
---@param value any
---@return boolean
function M.is_diff(value)
  return type(value) == "table" and M.is_state(value.joins) and M.is_state(value.leaves)
end

-- Metas.

local function refs_of(metas)
  local refs = {}
  for _, meta in ipairs(metas) do refs[meta.phx_ref] = true end
  return refs
end

-- A list as those of the server are, with the metas of which `is_wanted` answers true.
local function filter(metas, is_wanted)
  local list = setmetatable({}, getmetatable(metas))
  for _, meta in ipairs(metas) do
    if is_wanted(meta) then list[#list + 1] = meta end
  end
  return list
end

local function without(metas, others)
  local refs = refs_of(others)
  return filter(metas, function(meta) return not refs[meta.phx_ref] end)
end

local function among(metas, others)
  local refs = refs_of(others)
  return filter(metas, function(meta) return refs[meta.phx_ref] end)
end

-- The presence, whose other fields are the application's, with these metas.
local function with(presence, metas)
  local made = {}
  for name, value in pairs(presence) do made[name] = value end
  made.metas = metas
  return made
end

-- Changes.

local function nothing() end

local none = {}

local function metas_of(presence) return presence and presence.metas or none end

-- Those that were there before stand in front.
local function merge(current, new)
  if not current then return new end
  local metas = without(current.metas, new.metas)
  table.move(new.metas, 1, #new.metas, #metas + 1, metas)
  return with(new, metas)
end

local function join(state, key, new, on_join)
  local current = state[key]
  state[key] = merge(current, new)
  local joined = without(new.metas, metas_of(current))
  if #joined > 0 then return on_join(key, current, with(new, joined)) end
end

local function leave(state, key, old, on_leave)
  local current = state[key]
  local left = among(old.metas, metas_of(current))
  if #left == 0 then return end
  local rest = with(current, without(current.metas, left))
  state[key] = #rest.metas > 0 and rest or nil
  return on_leave(key, rest, with(old, left))
end

--- Applies a diff: first who comes, then who goes. `on_join(key, current, new)` hears of the metas that were
-- not there yet, and `on_leave(key, current, left)` of those that were: each meta comes once and goes once.
-- To `on_join`, `current` is what was there before; to `on_leave`, what is left.
---@param state slipstream.PresenceState
---@param diff { joins: slipstream.PresenceState, leaves: slipstream.PresenceState }
---@param on_join slipstream.PresenceFn?
---@param on_leave slipstream.PresenceFn?
---@return slipstream.PresenceState state the same one
function M.sync_diff(state, diff, on_join, on_leave)
  for _, key in ipairs(keys.sorted(diff.joins)) do join(state, key, diff.joins[key], on_join or nothing) end
  for _, key in ipairs(keys.sorted(diff.leaves)) do
    leave(state, key, diff.leaves[key], on_leave or nothing)
  end
  return state
end

-- Who has gone by the new state.
local function leaves_of(state, new)
  local leaves = {}
  for key, presence in pairs(state) do
    leaves[key] = with(presence, without(presence.metas, metas_of(new[key])))
  end
  return leaves
end

--- Makes a state what the server says that it is; the functions hear how it differs from what it was.
---@param state slipstream.PresenceState
---@param new slipstream.PresenceState
---@param on_join slipstream.PresenceFn?
---@param on_leave slipstream.PresenceFn?
---@return slipstream.PresenceState state the same one
function M.sync_state(state, new, on_join, on_leave)
  return M.sync_diff(state, { joins = new, leaves = leaves_of(state, new) }, on_join, on_leave)
end

local function itself(_, presence) return presence end

--- What `by(key, presence)` makes of each presence, or the presences themselves, in the order of the keys.
---@param state slipstream.PresenceState
---@param by (fun(key: string, presence: table): any)?
---@return any[]
function M.list(state, by)
  local list = {}
  for _, key in ipairs(keys.sorted(state)) do list[#list + 1] = (by or itself)(key, state[key]) end
  return list
end

return M
