--- Arguments that are wrong are a script's bug: they raise, in the words of Lua's own libraries and at
-- the line of the script that called us, however deep in our own functions that is found.

local frame = require "slipstream.frame"
local nearest = require "slipstream.nearest"

local metatable_of, type = debug.getmetatable, type -- the true one, in half the time

local M = {}

--- Raises for an argument of what the script called.
---@param position integer counted without self
---@param text string what is wrong
function M.fail(position, text)
  local level, name = frame.caller()
  error(("bad argument #%d to '%s' (%s)"):format(position, name, text), level)
end

--- Raises for what the script called where it may not.
---@param text string what is wrong, after the name of what was called
function M.misuse(text)
  local level, name = frame.caller()
  error(("'%s' %s"):format(name, text), level)
end

--- Raises when `name` of the options, whose type is right already, is empty: the log would show nothing.
---@param position integer
---@param options { name: string? }?
function M.is_name_option(position, options)
  if options and options.name == "" then M.fail(position, "name: a string that is not empty expected") end
end

-- The type of a value, as Lua's own libraries name it.
local function kind_of(value)
  if value == nil then return "no value" end
  local meta = metatable_of(value)
  local name = meta and meta.__name
  return type(name) == "string" and name or type(value)
end

local function mismatch(position, value, kind, other)
  local expected = other and kind .. " or " .. other or kind
  M.fail(position, ("%s expected, got %s"):format(expected, kind_of(value)))
end

--- Raises unless what a method was called on has a metatable of that name.
---@param value any
---@param name string
function M.self(value, name)
  local meta = metatable_of(value)
  if meta and meta.__name == name then return end
  local level, method = frame.caller()
  error(("calling '%s' on bad self (%s expected, got %s)"):format(method, name, kind_of(value)), level)
end

--- Raises unless `value` is of that type.
---@param position integer
---@param value any
---@param kind string
function M.is(position, value, kind)
  if type(value) ~= kind then mismatch(position, value, kind) end
end

--- Raises unless `value` is of one of the types or nil.
---@param position integer
---@param value any
---@param kind string
---@param other string?
function M.is_optional(position, value, kind, other)
  if value == nil or type(value) == kind or type(value) == other then return end
  mismatch(position, value, kind, other)
end

--- The longest wait that the core can count.
M.MOST_MSEC = 0x7fffffff

--- The integer that a number is; nil where it is none. 5e3 is one to those who write it.
---@param value any
---@return integer?
function M.whole(value)
  return type(value) == "number" and math.tointeger(value) or nil
end

--- Whether a value is a whole number of msec that the core can count.
---@param value any
---@param least integer? 0 when absent
---@return boolean
function M.counts_msec(value, least)
  local whole = M.whole(value)
  return whole ~= nil and whole >= (least or 0) and whole <= M.MOST_MSEC
end

local function is_msec(position, value, prefix)
  if value == nil or M.counts_msec(value) then return end
  local text = "%san integer of msec from 0 to %d expected, got %s"
  M.fail(position, text:format(prefix, M.MOST_MSEC, tostring(value)))
end

--- Raises unless `value` is a whole number of msec, from 0, or nil.
---@param position integer
---@param value any
function M.is_msec(position, value) is_msec(position, value, "") end

--- The same for an option.
---@param position integer
---@param options table
---@param name string
function M.is_msec_option(position, options, name) is_msec(position, options[name], name .. ": ") end

--- Whether a code may stand in a close frame (RFC 6455 section 7.4).
---@param code integer
---@return boolean
function M.may_close(code)
  return code >= 1000 and code <= 1003 or code >= 1007 and code <= 1014 or code >= 3000 and code <= 4999
end

--- Raises unless `code` may stand in a close frame or is nil.
---@param position integer
---@param code any
function M.is_close_code(position, code)
  if code == nil then return end
  if math.type(code) ~= "integer" then mismatch(position, code, "integer") end
  if M.may_close(code) then return end
  local text = "a close code from 1000 to 1003, 1007 to 1014 or 3000 to 4999 expected, got %d"
  M.fail(position, text:format(code))
end

--- Raises unless `options` is nil or a table, with keys of `known` only and values of the types there.
---@param position integer
---@param options any
---@param known table<string, string>
function M.are_options(position, options, known)
  if options == nil then return end
  M.is(position, options, "table")
  for key, value in pairs(options) do
    local kind = known[key]
    if not kind then
      M.fail(position, ("no such option: %s%s"):format(key, nearest.hint(key, known)))
    elseif type(value) ~= kind then
      M.fail(position, ("%s: %s expected, got %s"):format(key, kind, kind_of(value)))
    end
  end
end

return M
