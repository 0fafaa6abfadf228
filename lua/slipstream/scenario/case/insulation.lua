--- Insulation: a file of scenarios has instances of its own of the modules beside it, since those beside
-- another file may be called the same.

local M = {}

local function names_of_loaded()
  local names = {}
  for name in next, package.loaded do names[name] = true end
  return names
end

local function forget(folder, known, ...)
  local beside = ("%s/?.lua;%s/?/init.lua"):format(folder, folder)
  for name in next, package.loaded do
    if not known[name] and package.searchpath(name, beside) then package.loaded[name] = nil end
  end
  return ...
end

--- Calls `fn(…)`, which shall not raise, and has whoever requires a module of the folder later load it again.
---@param file string in that folder
---@param fn function
---@param ... any
---@return any ... what it returned
function M.run(file, fn, ...)
  local folder = file:match "^(.*)/[^/]*$" or "."
  return forget(folder, names_of_loaded(), fn(...))
end

return M
