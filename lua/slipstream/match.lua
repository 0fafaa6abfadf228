--- Patterns: what a message must be like to be the one that is awaited.

local M = {}

--- Matches everything. It goes by reference in messages between clients, so that it stays itself.
M.any = setmetatable({}, {
  __name = "slipstream.any",
  __shared = true,
  __tostring = function() return "slipstream.any" end,
})

local matches

-- Whether a pair of tables is or was being compared. As all parts must match, the first that does not
-- ends it: a pair that comes again need not be looked at again, nor may it be, in a cycle.
local function is_known(pattern, value, known)
  local values = known[pattern]
  if not values then
    values = {}
    known[pattern] = values
  end
  local was_known = values[value]
  values[value] = true
  return was_known
end

local function contains(value, pattern, known)
  if type(value) ~= "table" then return false end
  if is_known(pattern, value, known) then return true end
  for key, part in pairs(pattern) do
    if value[key] == nil or not matches(part, value[key], known) then return false end
  end
  return true
end

function matches(pattern, value, known)
  if rawequal(pattern, M.any) then return true end
  if type(pattern) == "function" then return not not pattern(value) end
  if type(pattern) == "table" then return contains(value, pattern, known) end
  return pattern == value
end

--- Whether a value is as a pattern says:
-- `any` matches everything; a function what it answers true for, or anything but nil and false; a
-- table each table that has all its keys, with values that match (a list is matched from its first
-- element on, and may be longer); everything else what is equal to it.
---@param pattern any
---@param value any
---@return boolean
function M.matches(pattern, value)
  return matches(pattern, value, {})
end

return M
