--- Renewal: one worker's part in a reload. Modules are loaded once more and the live clients moved, or
-- nothing has changed.

local client_modules = require "slipstream.client"
local core = require "slipstream.core"
local editions = require "slipstream.edition"
local lineage = require "slipstream.lineage"
local modules = require "slipstream.modules"
local registry = require "slipstream.registry"
local swaps = require "slipstream.swap"
local telemetry = require "slipstream.telemetry"
local trial = require "slipstream.trial"
local uv = require "luv"
local worker = require "slipstream.worker"

local M = {}

local clock = {}

function clock.clock() return uv.hrtime() / 1e6 end

---@class slipstream.Renewal what becomes of a reload on one worker
---@field modules string[]?
---@field clients integer?
---@field later integer?
---@field stayed integer? how many clients have a module that nothing has replaced
---@field versions table?
---@field nothing string? why it has nothing to reload
---@field text string? why it refuses
---@field traceback string?

-- Which modules.

local function add_named(list, names)
  for _, name in ipairs(names) do
    local record, text = modules.by_name(name)
    if not record then return nil, text end
    list[#list + 1], list[record] = record, true
  end
  return true
end

local function add_changed(list, paths)
  for _, path in ipairs(paths) do list[#list + 1] = modules.by_path(path) end
end

-- Those of the last reloads that were refused: without them those that use them would be new, and they
-- themselves old.
local function add_refused(list)
  for _, record in ipairs(modules.all()) do
    if record.is_refused then list[#list + 1] = record end
  end
end

-- A script that is none of a client module's would do all that it does once more.
local function is_to_run(record)
  return not record.is_main or client_modules.is_module(record.value)
end

-- One that is not loaded, as only code that was refused required it, or whose file has gone may not be wanted
-- any more.
local function is_in_use(record)
  return modules.value_of(record) ~= nil and uv.fs_stat(record.file) ~= nil
end

-- In the order of their loading; who is named in the list is wanted in any case.
local function with_users(list)
  local records = {}
  for _, record in ipairs(modules.with_users(list)) do
    if is_to_run(record) and (list[record] or is_in_use(record)) then records[#records + 1] = record end
  end
  return records
end

local NOTHING = "nothing of the script has changed"
local PLAIN = "%s is a plain script, which is not run again; it begins anew with the program"

-- What is to be loaded; nil, and why there is nothing.
local function records_for(names, paths)
  local list = not (names or paths) and modules.all() or {}
  local ok, text = add_named(list, names or {})
  if not ok then return nil, text end
  add_changed(list, paths or {})
  if #list == 0 then return nil, NOTHING end
  local fault = #list == 1 and not is_to_run(list[1]) and PLAIN:format(list[1].name)
  add_refused(list)
  local records = with_users(list)
  if #records == 0 then return nil, fault or NOTHING end
  return records
end

-- One reload.

local function version_of(module)
  local version = module.version
  return version ~= nil and tostring(version) or "none"
end

local function versions_of(replaced)
  local versions = {}
  for _, pair in ipairs(replaced) do
    if pair.old.version ~= nil or pair.new.version ~= nil then
      versions[pair.name] = { old = version_of(pair.old), new = version_of(pair.new) }
    end
  end
  return versions
end

local function names_of(records)
  local names = {}
  for place, record in ipairs(records) do names[place] = record.name end
  return names
end

local function load(reload)
  reload.edition:load()
  reload.edition:check()
end

local function move(reload)
  reload.edition:hand_over()
  reload.swap = swaps.new(reload.edition.pairs)
  reload.swap:move()
end

-- Who sees only the error does not see for whom it was.
local function explain(reload, caught)
  local client = reload.swap and reload.swap:last()
  if not client then return caught.text end
  return ("%s (code_change of client %s)"):format(caught.text, client.name)
end

local function undo(reload, text)
  if reload.swap then reload.swap:undo() end
  reload.edition:undo()
  for _, record in ipairs(reload.records) do record.is_refused = true end
  if reload.span then reload.span:fail(text) end
end

local function keep(reload)
  reload.swap:keep()
  reload.edition:keep()
  if reload.span then reload.span:stop { clients = reload.swap.count } end
end

local function begin_span(records)
  if not telemetry.spans.reload then return end
  return telemetry.begin("reload", clock, {}, { modules = names_of(records), worker = worker.index })
end

-- Takes one of its two steps; answers why that was refused, and then nothing has changed.
local function try(reload, step)
  reload.edition:begin_notes()
  local caught = trial.run(reload.host, "reload", step, reload)
  reload.edition:note_changes()
  if not caught then return end
  local text = explain(reload, caught)
  undo(reload, text)
  return { text = text, traceback = caught.traceback }
end

local function new_reload(records, host)
  return { records = records, host = host, span = begin_span(records), edition = editions.new(records) }
end

-- Whether the code of a client module is in one of these files.
local function is_of(module, files)
  for _, value in pairs(module) do
    if type(value) == "function" and files[debug.getinfo(value, "S").source] then return true end
  end
  return false
end

-- How many clients have a module of the old files to which no new one answers, as its file keeps it for
-- itself: nobody would find out by himself why they do not change.
local function count_stayed(reload)
  local files, count = {}, 0
  for _, record in ipairs(reload.records) do files["@" .. record.file] = true end
  local stays = setmetatable({}, { __index = function(known, module)
    known[module] = is_of(module, files)
    return known[module]
  end })
  for _, pair in ipairs(reload.edition.pairs) do stays[pair.old], stays[pair.new] = false, false end
  for _, client in pairs(registry.living()) do
    if stays[lineage.newest(client._module)] then count = count + 1 end
  end
  return count
end

local function part_of(reload)
  local swap = reload.swap
  return { modules = names_of(reload.edition.records), clients = swap.count, later = swap.later,
    stayed = count_stayed(reload), versions = versions_of(reload.edition.pairs) }
end

--- All of it at once, where nobody else has a say.
---@param names string[]? of modules; with `paths` nil as well: all
---@param paths string[]? absolute, of files; those that are none of the script's are ignored
---@param host userdata whose clients the modules may start
---@return slipstream.Renewal
function M.run(names, paths, host)
  local records, text = records_for(names, paths)
  if not records then return { nothing = text } end
  local reload = new_reload(records, host)
  local refusal = try(reload, load) or try(reload, move)
  if refusal then return refusal end
  keep(reload)
  return part_of(reload)
end

-- Together with others: all load, then all move, then all keep it, or undo it. The one that is under way.
local current

--- Keeps or undoes what was done.
---@param is_kept boolean
---@return integer later how many clients will follow
function M.finish(is_kept)
  local reload = current
  current = nil
  if is_kept then modules.forget_given() end
  if not reload then return 0 end
  if is_kept then keep(reload) else undo(reload, "another worker refused") end
  if not reload.swap then return 0 end -- it was only loaded
  reload.swap:release()
  return reload.swap.later or 0
end

--- Loads the modules, and puts the old ones back: the clients go on meanwhile.
---@param names string[]?
---@param paths string[]?
---@return slipstream.Renewal
function M.load(names, paths)
  M.finish(false) -- of one that nobody has finished
  local records, text = records_for(names, paths)
  if not records then return { nothing = text } end
  local reload = new_reload(records, core.host())
  local refusal = try(reload, load)
  if refusal then return refusal end
  reload.edition:undo()
  current = reload
  return { modules = names_of(reload.edition.records), clients = 0, stayed = 0, versions = {} }
end

--- Moves the clients to what was loaded. They wait until it is known what all workers say; `finish` must
-- follow.
---@return slipstream.Renewal
function M.move()
  local reload = current
  if not reload then return { nothing = NOTHING } end
  reload.edition:redo()
  local refusal = try(reload, move)
  if refusal then
    current = nil
    return refusal
  end
  reload.swap:hold()
  return part_of(reload)
end

return M
