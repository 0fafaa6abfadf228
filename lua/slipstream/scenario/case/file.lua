--- Files of scenarios.

local insulation = require "slipstream.scenario.case.insulation"
local place = require "slipstream.place"
local script = require "slipstream.cli.script"
local suites = require "slipstream.scenario.case.suite"
local uv = require "luv"

local M = {}

local SUFFIX = "_scenario%.lua$"

-- The files of a folder, sorted.
local function list(folder)
  local files, entries, fault = {}, uv.fs_scandir(folder)
  if not entries then return nil, "the folder cannot be read: " .. (fault:match "^%u+: ([^:]+)" or fault) end
  for name, kind in uv.fs_scandir_next, entries do
    if kind ~= "directory" then files[#files + 1] = folder .. "/" .. name end
  end
  table.sort(files)
  return files
end

local function pick(files, pattern)
  local picked = {}
  for _, file in ipairs(files) do
    if file:find(pattern) then picked[#picked + 1] = file end
  end
  return picked
end

-- Of a folder those that are called "…_scenario.lua"; when there are none, all that are Lua.
local function files_at(path)
  local stat = uv.fs_stat(path)
  if not stat or stat.type ~= "directory" then return { path } end
  local all, fault = list((path:gsub("(.)/+$", "%1")))
  if not all then return nil, fault end
  local files = pick(all, SUFFIX)
  if #files == 0 then files = pick(all, "%.lua$") end
  if #files == 0 then return nil, "there is no Lua file in it" end
  return files
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
    local files, fault = files_at(path)
    if not files then failures[#failures + 1] = { text = fault, file = path } end
    for _, file in ipairs(files or {}) do
      local loaded, text = load_file(file, defaults or {})
      if not loaded then failures[#failures + 1] = new_failure(file, text) end
      table.move(loaded or {}, 1, loaded and #loaded or 0, #cases + 1, cases)
    end
  end
  if #failures > 0 then return nil, failures end
  return cases
end

return M
