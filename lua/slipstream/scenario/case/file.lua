--- Files of scenarios.

local insulation = require "slipstream.scenario.case.insulation"
local place = require "slipstream.place"
local script = require "slipstream.cli.script"
local suites = require "slipstream.scenario.case.suite"
local uv = require "luv"

local M = {}

local SUFFIX = "_scenario%.lua$"

-- The files of a folder whose names match, sorted.
local function list(folder, pattern)
  local names = {}
  for name, kind in uv.fs_scandir_next, uv.fs_scandir(folder) do
    if kind ~= "directory" and name:find(pattern) then names[#names + 1] = folder .. "/" .. name end
  end
  table.sort(names)
  return names
end

-- Of a folder those that are called "…_scenario.lua"; when there are none, all that are Lua.
local function files_at(path)
  local stat = uv.fs_stat(path)
  if not stat or stat.type ~= "directory" then return { path } end
  local folder = path:gsub("(.)/+$", "%1")
  local files = list(folder, SUFFIX)
  return #files > 0 and files or list(folder, "%.lua$")
end

local function new_failure(file, text)
  local rest, line = place.split(text, file)
  return { text = rest, file = file, line = line }
end

local function load_file(file, defaults)
  local chunk, text = script.load(file)
  if not chunk then return nil, text end
  local suite, caught = insulation.run(file, suites.gather, file, chunk, defaults)
  if not suite then return nil, script.explain(file, caught) end
  if #suite.cases == 0 then return nil, "there is no scenario in it" end
  return suite.cases
end

---@class slipstream.FileFailure
---@field text string
---@field file string
---@field line integer?

--- What is wrong, and where: "chat_scenario.lua:3: boom".
---@param failure slipstream.FileFailure
---@return string
function M.show(failure)
  local where = failure.line and ("%s:%d"):format(failure.file, failure.line) or failure.file
  return ("%s: %s"):format(where, failure.text)
end

--- Loads files, and those of folders.
---@param paths string[]
---@param defaults slipstream.scenario.Defaults?
---@return slipstream.scenario.Case[]? cases in the order of their definitions
---@return slipstream.FileFailure[]? failures what is wrong, in all files
function M.load(paths, defaults)
  local cases, failures = {}, {}
  for _, path in ipairs(paths) do
    local files = files_at(path)
    if #files == 0 then failures[#failures + 1] = { text = "there is no Lua file in it", file = path } end
    for _, file in ipairs(files) do
      local loaded, text = load_file(file, defaults or {})
      if not loaded then failures[#failures + 1] = new_failure(file, text) end
      table.move(loaded or {}, 1, loaded and #loaded or 0, #cases + 1, cases)
    end
  end
  if #failures > 0 then return nil, failures end
  return cases
end

return M
