--- Verdicts: what a callback's return values ask for.
--
-- Nothing, "ok" or "noreply" go on; "stop", reason; "reply", value (handle_call); "ignore" (init). A table
-- of actions may come last.

local check = require "slipstream.check"
local nearest = require "slipstream.nearest"

local M = {}

---@class slipstream.Actions
---@field timeout integer? msec without an event until handle_info("timeout")
---@field continue any? given to handle_continue, before any other event
---@field hibernate boolean? collect garbage once

local function is_anything() return true end
local function is_boolean(value) return type(value) == "boolean" end

local MSEC = ("an integer of msec from 0 to %d"):format(check.MOST_MSEC)

local actions = {
  timeout = { check.counts_msec, MSEC },
  continue = { is_anything },
  hibernate = { is_boolean, "a boolean" },
}

-- What is no word may be anything, a token as well.
local LONGEST_WORD = 20

local function show_string(value)
  local is_word = #value <= LONGEST_WORD and value:find "^[%a_ ]*$"
  return is_word and ("%q"):format(value) or "a string"
end

local function show(value)
  local kind = type(value)
  if kind == "string" then return show_string(value) end
  if kind == "table" and debug.getmetatable(value) then return "an object" end
  return kind == "number" and tostring(value) or "a " .. kind
end

local function fault_of_action(name, value)
  local known = actions[name]
  if not known then
    local guess = type(name) == "string" and nearest.find(name, actions)
    local hint = guess and "did you mean " .. guess .. "?" or "there are timeout, continue and hibernate"
    return ("the action %s, which there is not; %s"):format(show(name), hint)
  elseif not known[1](value) then
    return ("the action %s with %s; %s is expected"):format(name, show(value), known[2])
  end
end

local function fault_of_actions(given)
  -- no objects, which may raise when they are read
  local is_plain = type(given) == "table" and debug.getmetatable(given) == nil
  if not is_plain then return show(given) .. " where a table of actions may be" end
  for name, value in pairs(given) do
    local fault = fault_of_action(name, value)
    if fault then return fault end
  end
  if given.timeout and given.continue ~= nil then
    return "both timeout and continue; what handle_continue returns may have a timeout"
  end
end

local function with_actions(callback, kind, value, given)
  if given == nil then return kind, value end
  local fault = fault_of_actions(given)
  if fault then return nil, ("%s returned %s"):format(callback, fault) end
  return kind, value, given
end

local function go_on(callback, given) return with_actions(callback, "go_on", nil, given) end

local function only_in(owner, words, read)
  return function(callback, value, given)
    if callback == owner then return read(callback, value, given) end
    return nil, ("%s returned %q, which only %s may"):format(callback, words, owner)
  end
end

local function read_stop(callback, reason, given)
  if given == nil then return "stop", reason end
  return nil, callback .. " returned actions with a stop, after which there are none"
end

local readers = {
  ok = go_on,
  noreply = go_on,
  stop = read_stop,
  reply = only_in("handle_call", "reply", function(callback, value, given)
    return with_actions(callback, "reply", value, given)
  end),
  ignore = only_in("init", "ignore", function() return "ignore" end),
}

-- What only some callbacks may return besides.
local extras = { handle_call = ' "reply", value,', init = ' "ignore",' }

local function fault_of(callback, value)
  local text = '%s returned %s; it may return nothing, "ok", "noreply",%s or "stop", reason, '
    .. "and a table of actions"
  return text:format(callback, show(value), extras[callback] or "")
end

--- Reads what a callback returned, where that was not just nothing.
---@param callback string its name
---@param first any
---@param second any
---@param third any
---@return string? kind "go_on", "stop", "reply", "ignore"; nil: it may not return that
---@return any value the reason or the reply; what is wrong
---@return slipstream.Actions? actions
function M.read(callback, first, second, third)
  if first == nil then return go_on(callback, second) end
  if type(first) == "table" and second == nil then return go_on(callback, first) end
  local read = readers[first]
  if read then return read(callback, second, third) end
  return nil, fault_of(callback, first)
end

return M
