--- Fibers: functions that may wait, in coroutines that are used again.
--
-- A fiber belongs to an owner, which has at most one: a table with a `_client`, whose name stands in the log,
-- and on whose `_host` it waits. The fields `_fiber` (the coroutine, false when there is none), `_done` and
-- `_alarm` are ours; an owner is born with them false. One whose fiber cannot wait has a `_refusal`, which
-- says why.
--
-- `done(owner, state, …)` hears what became of a fiber:
--   "waiting"             it waits; `done` is called again
--   "done", results …     its function has returned
--   "failed", caught      it has raised, see slipstream.Caught; its `<close>` variables are closed

local check = require "slipstream.check"
local core = require "slipstream.core"
local log = require "slipstream.log"
local traceback = require "slipstream.traceback"
local turn = require "slipstream.turn"

local M = {}

local begin, go_on, running_owner = core.begin, core.go_on, core.owner
local yield = coroutine.yield

core.on_error(traceback.catch)

-- What a fiber that waits yields; the script's own yields do not have it.
local WAITING = {}

-- Nothing of the fiber runs any more but its `<close>` variables.
local function close(owner, co)
  local ok, err = core.close(co)
  if ok then return end
  local fields = { client = owner._client.name, error = traceback.text_of(err) }
  log.error("an error while `<close>` variables were closed", fields)
end

local ASTRAY = "yielded, but not to wait: nobody goes on with it (coroutine.yield is for your own coroutines)"

-- It ended otherwise than by returning or raising: it yielded on its own, or was cut short, or there was no
-- memory.
local function bury(owner, has_yielded, err)
  local co = owner._fiber
  owner._fiber = false
  local caught = traceback.of(co, has_yielded and ASTRAY or err)
  if coroutine.status(co) == "suspended" then close(owner, co) end
  return caught
end

local function interrupted(owner, done, has_yielded, value)
  if has_yielded and value == WAITING then
    owner._done = done
    return done(owner, "waiting")
  end
  return done(owner, "failed", bury(owner, has_yielded, value))
end

--- Tells `done` what `core.begin` or `core.go_on` has answered.
---@param owner table
---@param done fun(owner: table, state: string, ...: any)
---@param state string?
---@param ... any
function M.settle(owner, done, state, ...)
  if state == "interrupted" then return interrupted(owner, done, ...) end
  if state == "raised" then return done(owner, "failed", traceback.caught(...)) end
  return done(owner, "done", ...)
end

local settle = M.settle

--- What callbacks do that need not do anything: `run` makes no fiber for it.
function M.nothing() end

local nothing = M.nothing

--- Runs `fn(...)` as the owner's fiber, until it ends or waits.
---@param owner table
---@param done fun(owner: table, state: string, ...: any)
---@param fn function
function M.run(owner, done, fn, ...)
  if fn == nothing then return done(owner, "done") end
  return settle(owner, done, begin(owner, fn, ...))
end

--- Whose fiber runs now; false: nobody's.
---@type fun(): table|false
M.current = running_owner

local function resume(owner)
  local done = owner._done
  if not done then return end
  owner._done = false
  return settle(owner, done, go_on(owner))
end

--- Lets a fiber that waits look whether it may go on, in the next round: fibers that go on within each
-- other, as when the calls of a chain get their replies, would fill C's stack at the 200th.
---@param owner table
function M.poke(owner)
  if owner._done then return turn.post(owner._client._host, resume, owner) end
end

--- Ends a fiber that waits, if there is one: its `<close>` variables are closed, nothing else of it runs.
---@param owner table
function M.cancel(owner)
  local co = owner._fiber
  if not co then return end
  owner._fiber, owner._done = false, false
  close(owner, co)
end

-- Why the code that runs cannot wait; nil: it can.
local function fault()
  local current = running_owner()
  if not current then
    return "waits: call it in a callback, in slipstream.run or in a script of `slipstream run`"
  elseif current._refusal then
    return current._refusal
  elseif coroutine.running() ~= current._fiber then
    return "waits, which a coroutine of the script's own cannot do"
  elseif not coroutine.isyieldable() then
    return "waits, which a function called by C, as by table.sort or string.gsub, cannot do"
  elseif current._is_looking then
    return "waits, which a pattern of what is awaited cannot do"
  end
end

--- Whether the code that runs can wait.
---@return boolean
function M.may_wait()
  return fault() == nil
end

--- The owner of the code that runs; raises, at the script's line, where it cannot wait.
---@return table owner
function M.check_may_wait()
  local text = fault()
  if text then check.misuse(text) end
  return running_owner()
end

local function set_alarm(owner, msec)
  owner._alarm = owner._alarm or owner._client._host:timer(M.poke, owner)
  owner._alarm:set(msec)
  return owner._alarm
end

local function try_again(alarm, try, subject, has_it, ...)
  if has_it then return ... end
  if alarm and not alarm:left() then return nil, "timeout", "timeout" end
  yield(WAITING)
  return try_again(alarm, try, subject, try(subject))
end

--- Waits, in a fiber: calls `try(subject)` at once and after each poke until it answers with true and the
-- results.
---@param msec integer? no limit when absent; such a wait alone does not keep the loop alive
---@param try fun(subject: any): boolean?, ...
---@param subject any
---@return any ... the results; nil, "timeout", "timeout" after `msec`
function M.await(msec, try, subject)
  local owner = M.check_may_wait()
  local alarm <close> = msec and set_alarm(owner, msec) -- also when `try` raises
  return try_again(alarm, try, subject, try(subject))
end

return M
