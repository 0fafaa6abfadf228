--- Modules: which files the script is made of, and who requires whom: the file that `slipstream run` was
-- given, and what comes from its own folder tree. Installed libraries are none of it, nor are ours.
--
-- In the program `track` puts a `require` that takes notes in the place of Lua's. Elsewhere nothing is known
-- of who requires whom, and a module is looked for when it is asked for.

local core = require "slipstream.core"
local keys = require "slipstream.keys"
local likeness = require "slipstream.likeness"
local show = require "slipstream.show"
local source = require "slipstream.source"
local turn = require "slipstream.turn"
local uv = require "luv"

local M = {}

---@class slipstream.Module
---@field name string by which it is required; of the main file its path, as it was given
---@field file string where `require` finds it, as it stands in errors
---@field path string the same, absolute
---@field likeness string? what it was like before it was loaded for the first time, see slipstream.likeness
---@field users table<slipstream.Module, boolean> who requires it
---@field text string? what was loaded
---@field is_refused boolean? what is in the file now is not what was loaded, as a reload was undone
---@field is_main boolean?

-- What is known. `folder` is nil where nobody takes notes.
local by_name, by_path = {}, {}
local folder, main, tell
local loading = {} -- the modules that are being loaded, each required by the one before
local given = {} -- texts, by path: what other workers have loaded that was not loaded here yet

-- Files.

local function absolute(file)
  local parts = {}
  local whole = file:sub(1, 1) == "/" and file or uv.cwd() .. "/" .. file
  for part in whole:gmatch "[^/]+" do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return "/" .. table.concat(parts, "/")
end

local function is_own(path)
  return path:sub(1, #folder) == folder
end

--- The files, by absolute paths. Links in them are not followed.
---@return string[]
function M.files()
  local list = {}
  for path in pairs(by_path) do list[#list + 1] = path end
  table.sort(list)
  return list
end

local is_telling = false

local function tell_files()
  is_telling = false
  local likenesses = {}
  for path, record in pairs(by_path) do likenesses[path] = record.likeness or "" end
  return tell(likenesses)
end

local function add(record)
  local text = source.read(record.path)
  record.users, record.likeness = {}, likeness.of(record.path)
  record.text = given[record.path] or text
  record.is_refused = record.text ~= text or nil
  by_name[record.name], by_path[record.path] = record, record
  if is_telling or not tell then return record end
  is_telling = true
  turn.post(core.host(), tell_files)
  return record
end

-- Has `require` load what other workers have loaded. Whoever loads it again means the file.
local function find_given(name)
  local record = by_name[name]
  local text = record and given[record.path]
  if not text then return nil end
  given[record.path] = nil
  return assert(source.load(text, record.file)), record.file
end

--- A reload has been kept: what is in the files is what the others have loaded.
function M.forget_given()
  given = {}
end

-- Notes.

local function find(name)
  if package.preload[name] or package.loaded[name] ~= nil then return end
  local file = package.searchpath(name, package.path)
  local path = file and absolute(file)
  if path and is_own(path) then return add { name = name, file = file, path = path } end
end

-- What requires: the file of the code that calls, or, when a tail call has left no frame of it, what loads.
local function user_at(level)
  local frame = debug.getinfo(level + 1, "S")
  local file = frame and frame.source:match "^@(.*)"
  return file and by_path[absolute(file)] or loading[#loading]
end

local function note(name, level)
  if type(name) ~= "string" then return end
  local record = by_name[name] or find(name)
  local user = record and user_at(level + 1)
  if user then record.users[user] = true end
  return record
end

-- A require in Lua's place.

local lua_require = require

-- What is not ours. That there is none is told at the line of who requires it, for which level 2 stands, as a
-- tail call has left no other frame.
local function pass(name, ok, ...)
  if ok then return ... end
  local fault = ...
  local missing = ("module '%s' not found"):format(name)
  local is_missing = type(fault) == "string" and fault:sub(1, #missing) == missing
  error(fault, is_missing and 2 or 0)
end

local function leave(record)
  assert(table.remove(loading) == record)
end

local Loading = { __close = function(guard) leave(guard.record) end }

local function tracked_require(name)
  local record = note(name, 2)
  if package.loaded[name or false] ~= nil then return lua_require(name) end
  if not record then return pass(name, pcall(lua_require, name)) end
  loading[#loading + 1] = record
  local _ <close> = setmetatable({ record = record }, Loading)
  return lua_require(name)
end

--- Takes notes from now on, before the main file is loaded.
---@param file string the main one
---@param args any what it is given
---@param on_files fun(likenesses: table<string, string>) told of all files, by their absolute paths, in a
---turn of the loop, when there are more
---@param texts table<string, string>? what other workers have loaded, by absolute paths
function M.track(file, args, on_files, texts)
  local path = absolute(file)
  given = texts or {}
  table.insert(package.searchers, 2, find_given)
  folder, tell = path:match "^(.*/)", on_files
  main = add { name = file, file = file, path = path, is_main = true, args = args }
  rawset(_G, "require", tracked_require)
end

--- Whether notes are taken.
---@return boolean
function M.is_tracked()
  return folder ~= nil
end

--- What a module has returned.
---@param record slipstream.Module
---@return any
function M.value_of(record)
  if record.is_main then return record.value end
  return package.loaded[record.name]
end

--- What was in the main file; nil: it cannot be read.
---@return string?
function M.main_text()
  return main.text
end

--- What the modules are made from.
---@return table<string, string> texts by absolute paths
function M.texts()
  local texts = {}
  for path, record in pairs(by_path) do texts[path] = record.text end
  return texts
end

--- The main file has returned that.
---@param value any
function M.returned(value)
  main.value = value
end

-- Asking.

local function names() return show.shorten(keys.listed(by_name)) end

local function look_for(name)
  if folder then return nil, ("no such module of the script: %s; it has %s"):format(name, names()) end
  if package.loaded[name] == nil then return nil, "no such module: " .. name end
  local file = package.searchpath(name, package.path)
  if not file then return nil, ("module %s is in no file"):format(name) end
  return { name = name, file = file, path = absolute(file), users = {} }
end

--- The module of that name.
---@param name string
---@return slipstream.Module? module, string? text
function M.by_name(name)
  if by_name[name] then return by_name[name] end
  return look_for(name)
end

--- The module of that file; nil: it is none of the script's.
---@param path string
---@return slipstream.Module?
function M.by_path(path)
  return by_path[path]
end

--- All modules.
---@return slipstream.Module[]
function M.all()
  local list = {}
  for _, path in ipairs(M.files()) do list[#list + 1] = by_path[path] end
  return list
end

local function has(loaded, value)
  if loaded == value then return true end
  for _, each in next, type(loaded) == "table" and loaded or {} do
    if each == value then return true end
  end
end

--- The name of the module that has returned a value, or a table with it; nil: there is none.
---@param value any
---@return string?
function M.name_of(value)
  if main and main.value == value then return main.name end
  for name, loaded in pairs(package.loaded) do
    if loaded ~= _G and not name:find "^slipstream" and has(loaded, value) then return name end
  end
end

local function comes_after(a, b) return a.path > b.path end

-- Users first, and by their paths from the last to the first: the list is to be turned round.
local function add_with_users(list, record)
  if list[record] then return end
  list[record] = true
  local users = {}
  for user in pairs(record.users) do users[#users + 1] = user end
  table.sort(users, comes_after)
  for _, user in ipairs(users) do add_with_users(list, user) end
  list[#list + 1] = record
end

--- Modules and all that depend on them, each before those that do; the main file last.
---@param records slipstream.Module[]
---@return slipstream.Module[]
function M.with_users(records)
  local found, list = {}, {}
  for place = #records, 1, -1 do add_with_users(found, records[place]) end
  for place = #found, 1, -1 do
    if found[place] ~= main then list[#list + 1] = found[place] end
  end
  if main and found[main] then list[#list + 1] = main end
  return list
end

return M
