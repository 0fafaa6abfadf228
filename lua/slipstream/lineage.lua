--- Lineages: a client module and those that have replaced it, one after another, at reloads. All of them
-- share one table, so that an old one that is still held knows the newest and no other is kept for it.

local M = {}

--- The lineage of a module that is made.
---@param module table
---@return { newest: table }
function M.new(module)
  return { newest = module }
end

--- The module that has replaced a client module, or itself.
---@param module table
---@return table newest
function M.newest(module)
  local newest = getmetatable(module).lineage.newest
  if newest == module then return module end
  return M.newest(newest) -- two modules may have been replaced by one
end

--- Whether both are of one lineage.
---@param module table
---@param other table? nil is of none
---@return boolean
function M.are_one(module, other)
  return other ~= nil and M.newest(module) == M.newest(other)
end

--- From now on a module stands where an old one stood.
---@param old table the newest of its lineage
---@param new table
function M.replace(old, new)
  local lineage = getmetatable(old).lineage
  lineage.newest, getmetatable(new).lineage = new, lineage
end

return M
