--- Editions: modules of the script that are loaded once more. The old ones stay as they are; what loading has
-- changed outside of the new ones, in `package.loaded` and among the globals, can be put back.

local client_modules = require "slipstream.client"
local is_supervisor = require("slipstream.child_spec").is_supervisor
local lineage = require "slipstream.lineage"
local misnomer = require "slipstream.misnomer"
local modules = require "slipstream.modules"
local registry = require "slipstream.registry"
local source = require "slipstream.source"

local M = {}

---@class slipstream.Edition
---@field records slipstream.Module[] what is to be loaded; once that is done, in the order in which it was
---@field pairs { name: string, old: table, new: table }[] the client modules that are replaced
---@field private texts table<slipstream.Module, string> what is loaded
---@field private old table<slipstream.Module, any> what the modules had returned before
---@field private before table<table, table>? copies of the tables that loading changes, while it is noted
---@field private changes table[] in their order
---@field private main { record: slipstream.Module, value: any }? what the main file has returned
local Edition = {}
Edition.__index = Edition

-- What may change.

local watched = { package.loaded, _G }

local function copy_of(original)
  local copy = {}
  for key, value in next, original do copy[key] = value end
  return copy
end

local function note_change(changes, subject, key, old)
  local new = rawget(subject, key)
  if not rawequal(new, old) then
    changes[#changes + 1] = { subject = subject, key = key, old = old, new = new }
  end
end

--- Notes what is changed from now on, until `note_changes`.
function Edition:begin_notes()
  self.before = {}
  for _, subject in ipairs(watched) do self.before[subject] = copy_of(subject) end
end

--- What the edition has changed is what differs now, and nothing that will later.
function Edition:note_changes()
  for subject, before in pairs(self.before) do
    for key, old in next, before do note_change(self.changes, subject, key, old) end
    for key in next, subject do
      if before[key] == nil then note_change(self.changes, subject, key, nil) end
    end
  end
  self.before = nil
end

-- But for what somebody else has changed since then.
local function replace(change, expected, value)
  if not rawequal(rawget(change.subject, change.key), expected) then return end
  rawset(change.subject, change.key, value)
end

--- Puts back what was before.
function Edition:undo()
  for place = #self.changes, 1, -1 do
    local change = self.changes[place]
    replace(change, change.new, change.old)
  end
  if self.main then modules.returned(self.old[self.main.record]) end
end

--- Puts in again what was put back.
function Edition:redo()
  for _, change in ipairs(self.changes) do replace(change, change.old, change.new) end
  if self.main then modules.returned(self.main.value) end
end

-- Loading.

-- All are read before the first one runs, so that most mistakes are found before anything has happened.
local function read_all(edition)
  local chunks = {}
  for _, record in ipairs(edition.records) do
    local text, fault = source.read(record.file)
    if text then chunks[record], fault = source.load(text, record.file) end
    if fault then error(fault, 0) end
    edition.texts[record] = text
  end
  return chunks
end

local Preloaded = {}

function Preloaded:__close()
  for name, former in pairs(self) do package.preload[name] = former or nil end
end

-- `require`, by whomever it is called, finds the new ones.
local function preload(chunks, order)
  local former = {}
  for record, chunk in pairs(chunks) do
    if not record.is_main then
      former[record.name] = package.preload[record.name] or false
      package.loaded[record.name] = nil
      package.preload[record.name] = function(name)
        local value = chunk(name, record.file)
        order[#order + 1] = record
        return value
      end
    end
  end
  return setmetatable(former, Preloaded)
end

local function load_main(edition, record, chunk)
  edition.main = { record = record }
  edition.main.value = chunk(record.args)
  modules.returned(edition.main.value)
end

--- Loads the modules, each after those that it requires. Raises.
function Edition:load()
  local order, chunks = {}, read_all(self)
  for record in pairs(chunks) do self.old[record] = modules.value_of(record) end
  local _ <close> = preload(chunks, order)
  for _, record in ipairs(self.records) do
    if record.is_main then
      load_main(self, record, chunks[record])
      order[#order + 1] = record
    else
      require(record.name)
    end
  end
  self.records = order
end

-- Checking.

local function fail(record, text, ...)
  error(("%s: %s"):format(record.file, text:format(...)), 0)
end

local function check_callbacks(record, module)
  for name in next, client_modules.default do
    local value = rawget(module, name)
    if value ~= nil and type(value) ~= "function" then
      fail(record, "%s is a %s, not a function", name, type(value))
    end
  end
  misnomer.warn(module, client_modules.default)
end

local function kind_of(value)
  if not client_modules.is_module(value) then return "a " .. type(value) end
  return is_supervisor(value) and "a supervisor" or "a client module"
end

local function add_pair(edition, record, name, old, new)
  if old == new then return end
  if kind_of(new) ~= kind_of(old) then
    fail(record, "%s was %s and is %s now", name, kind_of(old), new == nil and "nil" or kind_of(new))
  end
  check_callbacks(record, new)
  table.insert(edition.pairs, { name = name, old = old, new = new })
end

local function has_clients(module)
  for _, client in pairs(registry.living()) do
    if lineage.newest(client._module) == module then return true end
  end
end

-- Client modules are what a module returns, or are fields of that. A field may go when nobody needs it.
local function check(edition, record)
  local old, new = edition.old[record], modules.value_of(record)
  if client_modules.is_module(old) then return add_pair(edition, record, record.name, old, new) end
  if type(old) ~= "table" then return end
  for key, value in next, old do
    local other = type(new) == "table" and rawget(new, key) or nil
    if client_modules.is_module(value) and (other ~= nil or has_clients(value)) then
      add_pair(edition, record, ("%s.%s"):format(record.name, key), value, other)
    end
  end
end

--- Compares what was loaded with what was there. Raises.
function Edition:check()
  for _, record in ipairs(self.records) do check(self, record) end
end

-- Handing over.

local function hand_over(old, new)
  if type(old) ~= "table" or type(new) ~= "table" or old == new then return end
  local save, restore = rawget(old, "save"), rawget(new, "restore")
  if type(save) == "function" and type(restore) == "function" then restore(save()) end
end

--- Carries over what the old modules want to save for the new ones. Raises.
function Edition:hand_over()
  for _, record in ipairs(self.records) do
    local old = self.old[record]
    if not client_modules.is_module(old) then hand_over(old, modules.value_of(record)) end
  end
  for _, pair in ipairs(self.pairs) do hand_over(pair.old, pair.new) end
end

-- Its end.

--- The script consists of it from now on.
function Edition:keep()
  for record, text in pairs(self.texts) do record.text, record.is_refused = text, nil end
end

--- Makes an edition of these modules, which is not loaded yet.
---@param records slipstream.Module[]
---@return slipstream.Edition
function M.new(records)
  return setmetatable({ records = records, pairs = {}, texts = {}, old = {}, changes = {} }, Edition)
end

return M
