--- Assertions: those of luassert, as functions of `t`.

local luassert = require "luassert"
local extract_keys = require("luassert.util").extract_keys
local namespaces = require "luassert.namespaces"
local nearest = require "slipstream.nearest"

local M = {}

-- What is asked of luassert before, by name: a function; true, it leads to one; false, there is none.
local known = {}

-- With a colon the first value would be `t`.
local function new_assertion(name)
  return function(first, ...)
    if type(first) == "table" and rawequal(getmetatable(first), M.context) then
      error(("t.%s(…) has a dot, not a colon"):format(name), 2)
    end
    return luassert[name](first, ...)
  end
end

-- luassert says nothing of words that it does not know until they are called, and not always then.
local function classify(name)
  local tokens = {}
  for token in name:lower():gmatch "[^_]+" do tokens[#tokens + 1] = token end
  local ok, keys = pcall(extract_keys, "assertion", tokens)
  local last = ok and keys[#keys]
  if last and namespaces.assertion[last] then return new_assertion(name) end
  return last and namespaces.modifier[last] ~= nil or false
end

--- The name that is nearest to one that there is not.
---@param name string
---@return string?
function M.nearest(name)
  return nearest.find(name, namespaces.assertion)
end

--- The assertion of that name, `t.same` or `t.is_true`, or what leads to one, as `t.is_not`.
---@param name string
---@return any nil: there is none
function M.find(name)
  if known[name] == nil then known[name] = classify(name) end
  local found = known[name]
  if found == true then return luassert[name] end
  return found or rawget(luassert, name)
end

return M
