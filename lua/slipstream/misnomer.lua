--- Finds functions of a client module whose names are nearly those of callbacks: they would never be
-- called, and nothing else would say so.

local log = require "slipstream.log"
local nearest = require "slipstream.nearest"
local place_of = require("slipstream.frame").place_of

local M = {}

-- Names that begin like this are for callbacks.
local PREFIX = "handle_"

-- Modules that were looked at.
local seen = setmetatable({}, { __mode = "k" })

-- The callbacks by what follows the prefix, which says nothing about how near two names are.
local function rests_of(callbacks)
  local rests = {}
  for name in pairs(callbacks) do
    if name:sub(1, #PREFIX) == PREFIX then rests[name:sub(#PREFIX + 1)] = true end
  end
  return rests
end

-- Other names are the user's own: more than one wrong letter is another word ("exit" is not "init").
local function fault_of(name, callbacks)
  if name:sub(1, #PREFIX) ~= PREFIX then
    local guess = nearest.find(name, callbacks, 1)
    return guess and ("%s is no callback; did you mean %s?"):format(name, guess)
  end
  local rest = name:sub(#PREFIX + 1)
  local guess = nearest.find(rest, rests_of(callbacks), #rest // 3 + 1)
  if not guess then return name .. " is no callback" end
  return ("%s is no callback; did you mean %s%s?"):format(name, PREFIX, guess)
end

--- Warns of such functions, the first time that it is given the module.
---@param module table
---@param callbacks table<string, any> all that there are, by their names
function M.warn(module, callbacks)
  if seen[module] then return end
  seen[module] = true
  local faults = {}
  for name, value in pairs(module) do
    local is_ours = type(name) ~= "string" or type(value) ~= "function" or rawget(callbacks, name)
    local fault = not is_ours and fault_of(name, callbacks)
    if fault then faults[#faults + 1] = { text = fault, line = place_of(value) } end
  end
  table.sort(faults, function(a, b) return a.text < b.text end)
  for _, fault in ipairs(faults) do log.warn(fault.text, { line = fault.line }) end
end

return M
