--- Reloads: modules of the script are loaded once more, and the live clients go on in the new code, with
-- their connections, topics, assigns, timers and mailboxes. All or nothing: when anything goes wrong, nothing
-- has changed. Of several workers all reload, or none.

local check = require "slipstream.check"
local client_modules = require "slipstream.client"
local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local lineage = require "slipstream.lineage"
local log = require "slipstream.log"
local modules = require "slipstream.modules"
local renewal = require "slipstream.renewal"
local script = require "slipstream.script"
local seat = require "slipstream.seat"
local team = require "slipstream.team"
local traceback = require "slipstream.traceback"
local turn = require "slipstream.turn"
local uv = require "luv"

local M = {}

-- A worker may be busy for as long as a callback may, and the load may take as long again.
local LOAD_MSEC = 25000

-- While it is asked, clients wait; and all have just answered that they loaded it.
local MOVE_MSEC = 5000

-- Who is late does it later: it is in its queue by then.
local FINISH_MSEC = 1000

local AGAIN_MSEC = 20

-- As long as all of its questions, behind another reload. A limit also keeps the loop of who asks alive.
local LEAD_MSEC = 2 * (LOAD_MSEC + MOVE_MSEC + FINISH_MSEC)

local function now() return uv.hrtime() / 1e6 end

---@class slipstream.Reloaded
---@field modules string[] their names, each after those that it requires
---@field clients integer how many have moved
---@field later integer how many wait in a callback, and follow after it
---@field stayed integer how many go on in the old code, as their file does not return their module
---@field versions table<string, { old: string, new: string }> of the modules that have one
---@field msec number

-- All workers' parts.

team.answer("reload.alone", function(order) return renewal.run(order.names, order.paths, core.host()) end)
team.answer("reload.load", function(order) return renewal.load(order.names, order.paths) end)
team.answer("reload.move", renewal.move)
team.answer("reload.finish", renewal.finish)

local function add_missing(list, names)
  for _, name in ipairs(names) do
    if not list[name] then list[#list + 1], list[name] = name, true end
  end
end

local function add_part(whole, part)
  if part.nothing then
    whole.nothing = whole.nothing or part.nothing
    return
  end
  add_missing(whole.names, part.modules)
  whole.clients, whole.later = whole.clients + part.clients, whole.later + (part.later or 0)
  whole.stayed = whole.stayed + part.stayed
  for name, versions in pairs(part.versions) do whole.versions[name] = versions end
end

-- What a worker that is down, and will begin with what is on disk, need not say.
local is_down = { noproc = true, worker_ended = true }

local function fault_of(result)
  if result.ok then return result.value.text, result.value.traceback end
  if not is_down[result.reason] then return ("worker %d: %s"):format(result.worker, result.reason) end
end

---@return table? whole, string? text, string? traceback
local function merge(results)
  local whole = { names = {}, clients = 0, later = 0, stayed = 0, versions = {} }
  for _, result in ipairs(results) do
    local text, trace = fault_of(result)
    if text then return nil, text, trace end
    if result.ok then add_part(whole, result.value) end
  end
  if #whole.names > 0 then return whole end
  return nil, whole.nothing or "no worker runs"
end

local function ask_all(kind, msec, value)
  return team.ask_all("reload." .. kind, value, msec)
end

local function pause(msec) return fiber.await(msec, function() end) end

-- Why a worker that is there was not told; its clients wait until it is.
local is_passing = { queue_full = true, no_memory = true }

-- Answers how many clients will follow. Who is told twice does nothing the second time.
local function finish_all(is_kept)
  local later, is_told = 0, false
  while not is_told do
    is_told = true
    for _, result in ipairs(ask_all("finish", FINISH_MSEC, is_kept)) do
      if result.ok then later = later + result.value end
      if is_passing[result.reason] then is_told = false end
    end
    if not is_told then pause(AGAIN_MSEC) end
  end
  return later
end

-- The lead's work.

-- Clients wait for the second question alone, so that a worker that is busy makes no others wait.
local function load_and_move(order)
  local whole, text, trace = merge(ask_all("load", LOAD_MSEC, order))
  if not whole then return nil, text, trace end
  return merge(ask_all("move", MOVE_MSEC))
end

local function coordinate(names, paths)
  local order = { names = names, paths = paths }
  if seat.count() == 1 then return merge(ask_all("alone", LOAD_MSEC, order)) end
  local whole, text, trace = load_and_move(order)
  local later = finish_all(whole ~= nil)
  if whole then whole.later = whole.later + later end
  return whole, text, trace
end

-- Telling.

local function text_of(versions)
  local list = {}
  for name, version in pairs(versions) do
    local former = version.old ~= version.new and version.old .. " -> " or ""
    list[#list + 1] = ("%s %s%s"):format(name, former, version.new)
  end
  table.sort(list)
  return #list > 0 and table.concat(list, ", ") or nil
end

local function some(count) return count > 0 and count or nil end

local function tell(whole, text, trace, began)
  if not whole then
    log.error("not reloaded, the old code goes on: " .. text, { traceback = trace })
    return nil, text, "not_reloaded"
  end
  local names = table.move(whole.names, 1, #whole.names, 1, {})
  local msec = now() - began
  log.info("reloaded", { modules = table.concat(names, ", "), clients = whole.clients,
    later = some(whole.later), stayed = some(whole.stayed), msec = ("%.1f"):format(msec),
    versions = text_of(whole.versions) })
  return { modules = names, clients = whole.clients, later = whole.later, stayed = whole.stayed,
    versions = whole.versions, msec = msec }
end

-- One after another.

local function is_lead()
  local mine = seat.mine()
  return mine and mine:index() == seat.LEAD
end

local function perform(names, paths, host)
  local began = now()
  if is_lead() then
    local whole, text, trace = coordinate(names, paths)
    return tell(whole, text, trace, began)
  end
  local part = renewal.run(names, paths, host)
  local whole, text, trace = merge { { worker = 0, ok = true, value = part } }
  return tell(whole, text, trace, began)
end

---@class slipstream.reload.Job
---@field key any what it is about
---@field fn fun(): ... does it
---@field owners table[] whose fibers wait for it
---@field outcome table? packed
local jobs = {}

local function work()
  while jobs[1] do
    local job = jobs[1]
    job.has_begun = true
    local outcome = table.pack(xpcall(job.fn, traceback.catch))
    job.outcome = outcome[1] and outcome or { false, nil, traceback.caught(outcome[2]).text, n = 3 }
    table.remove(jobs, 1)
    for _, owner in ipairs(job.owners) do fiber.poke(owner) end
  end
end

-- Those who wait would wait for ever; only want of memory and a defect end it.
local function work_ended(self)
  if not self.outcome[1] then core.fail(self.outcome[2].text) end
end

local function begin_work(host)
  script.begin({ host = host, name = "reload", on_end = work_ended }, work)
end

-- One that was asked for and has not begun is good for all that ask for the same.
local function join_waiting(key, owner)
  for _, job in ipairs(jobs) do
    if job.key == key and not job.has_begun then
      table.insert(job.owners, owner)
      return job
    end
  end
end

local function add_job(key, owner, fn)
  local host, job = owner._client._host, { key = key, owners = { owner }, fn = fn }
  if #jobs == 0 then turn.post(host, begin_work, host) end -- first: it may raise
  table.insert(jobs, job)
  return job
end

local function has_outcome(job)
  if job.outcome then return true, table.unpack(job.outcome, 2, job.outcome.n) end
end

local function key_of(names, paths)
  local function text(list) return list and table.concat(list, "\0") or "*" end
  return text(names) .. "\1" .. text(paths)
end

-- In a turn of its own, when none of the clients runs, nor who asks.
local function in_turn(key, fn)
  local owner = fiber.check_may_wait()
  return fiber.await(nil, has_outcome, join_waiting(key, owner) or add_job(key, owner, fn))
end

local function perform_in_turn(names, paths)
  local host = fiber.check_may_wait()._client._host
  return in_turn(key_of(names, paths), function() return perform(names, paths, host) end)
end

--- Calls `fn` while no reload is under way. Waits for that, and `fn` may wait.
---@param fn function
function M.between(fn)
  return in_turn(fn, fn)
end

local function ask_lead(names, paths)
  local question <close> = team.put(seat.LEAD, "reload", { names = names, paths = paths })
  local ok, summary, text, code = question:await(LEAD_MSEC)
  if ok then return summary, text, code end
  return nil, summary, summary
end

local function is_one_of_many()
  return seat.count() > 1 and not is_lead()
end

local function has_to_wait()
  return seat.count() > 1 or is_lead() or fiber.current() ~= false
end

--- Reloads modules, in all workers. Waits; where no fiber runs, and nobody else is to be asked, it is done at
-- once.
---@param names string[]? of modules; with `paths` nil as well: all
---@param paths string[]? absolute, of files that have changed; those that are none of the script's are
---ignored
---@return slipstream.Reloaded? summary
---@return string? text nil, and why nothing has changed
---@return string? code
function M.all(names, paths)
  if is_one_of_many() then return ask_lead(names, paths) end
  if has_to_wait() then return perform_in_turn(names, paths) end
  return perform(names, paths, core.host())
end

team.answer("reload", function(order) return M.all(order.names, order.paths) end)

local function name_of(module)
  local is_client = client_modules.is_module(module)
  local name = modules.name_of(is_client and lineage.newest(module) or module)
  return name or check.fail(1, "a module that `require` has loaded, or its name, expected")
end

--- Loads a module of the script once more, and with it all those that require it; all modules when there is
-- none given, in the program.
---@param module table|string|nil what `require` answered, or its name
---@return slipstream.Reloaded? summary
---@return string? text nil: nothing has changed, because of that
---@return string? code
function M.reload(module)
  check.is_optional(1, module, "string", "table")
  if module == nil and not modules.is_tracked() then check.is(1, module, "string") end
  local name = type(module) == "table" and name_of(module) or module
  if has_to_wait() then fiber.check_may_wait() end
  local summary, text, code = M.all(name and { name }) -- no tail call, which would hide the script
  return summary, text, code
end

return M
