--- Copies messages: what one client sends, no other can change afterwards.

local M = {}

--- How many tables may lie within each other.
M.DEEPEST = 1000

local TOO_DEEP = ("message is nested deeper than %d tables"):format(M.DEEPEST)

-- What may not be copied says so in its metatable: handles, sockets, modules.
local function is_shared(object)
  local meta = debug.getmetatable(object)
  return meta and rawget(meta, "__shared")
end

local copy_table

local function copy_value(value, done, depth)
  if type(value) ~= "table" or is_shared(value) then return value end
  return done[value] or copy_table(value, done, depth + 1)
end

-- `done` has the copies that were begun, by their originals. Past `pairs` and `getmetatable`, which
-- an object may have redefined; the metatable comes last, so that no __newindex sees the copying.
function copy_table(original, done, depth)
  if depth > M.DEEPEST then error(TOO_DEEP, 0) end
  local copy = {}
  done[original] = copy
  for key, value in next, original do
    copy[copy_value(key, done, depth)] = copy_value(value, done, depth)
  end
  return debug.setmetatable(copy, debug.getmetatable(original))
end

--- Copies a value. Tables are copied deeply, their keys too; what was one table stays one, so shared
-- references and cycles are kept. A copy has the metatable of its original. By reference go
-- functions, coroutines and userdata, and tables whose metatable has a true field `__shared`. Raises
-- a text when tables lie deeper than 1000 within each other.
---@generic T
---@param value T
---@param done table<table, table>? copies by their originals, for several values that may share tables
---@return T
function M.copy(value, done)
  if type(value) ~= "table" then return value end
  return copy_value(value, done or {}, 0)
end

return M
