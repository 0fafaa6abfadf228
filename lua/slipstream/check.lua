--- Arguments that are wrong are a script's bug: they raise, in the words of Lua's own libraries and at
-- the caller's line.

local M = {}

-- Level 4: the function whose argument it is was called there.
local function complain(position, expected, value)
  local name = debug.getinfo(3, "n").name or "?"
  error(("bad argument #%d to '%s' (%s expected, got %s)"):format(position, name, expected,
    value == nil and "no value" or type(value)), 4)
end

--- Raises unless `value` is of that type.
---@param position integer counted without self
---@param kind string
---@param value any
function M.is(position, kind, value)
  if type(value) ~= kind then complain(position, kind, value) end
end

--- Raises unless `value` is an integer, or nil when `is_optional`.
---@param position integer
---@param value any
---@param is_optional boolean?
function M.is_integer(position, value, is_optional)
  if value == nil and is_optional then return end
  if math.type(value) ~= "integer" then complain(position, "integer", value) end
end

--- Raises unless `value` is of one of the types or nil.
---@param position integer
---@param value any
---@param kind string
---@param other string?
function M.is_optional(position, value, kind, other)
  if value == nil or type(value) == kind or type(value) == other then return end
  complain(position, other and kind .. " or " .. other or kind, value)
end

return M
