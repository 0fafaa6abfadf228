--- Play: runs a scenario once, from its setup until nothing of it is open any more.

local call = require "slipstream.scenario.failure.call"
local closing = require "slipstream.scenario.context.closing"
local Context = require "slipstream.scenario.context"
local failures = require "slipstream.scenario.failure"
local fiber = require "slipstream.fiber"
local sockets = require "slipstream.scenario.socket"
local stories = require "slipstream.scenario.failure.story"
local tasks = require "slipstream.scenario.context.task"

local M = {}

---@class slipstream.scenario.PlayOptions
---@field uri string? where its sockets connect that are not told otherwise
---@field config table? what else all their configs have
---@field meter table? see slipstream.scenario.measure.meter
---@field env (fun(name: string): string?)? os.getenv
---@field log (fun(text: string))? hears of each `t:log` at once
---@field history integer? 0: no events are kept for stories
---@field kept integer? 1000: so many events of a socket wait to be awaited, then the oldest are dropped
---@field vu integer?

---@class slipstream.scenario.Result
---@field case slipstream.scenario.Case
---@field status "passed"|"failed"|"skipped"
---@field msec integer
---@field failure slipstream.scenario.Story?
---@field logs string[]

-- Those that are being run now.
local running = {}

-- Where the first of its tasks waits that does not wait for another one.
local function find_wait(t)
  local first, first_thread
  for _, task in ipairs(t._tasks) do
    local thread = task._fiber
    local where = thread and call.find(thread) or {}
    if not tasks.is_task(where.subject) then return where, thread end
    first, first_thread = first or where, first_thread or thread
  end
  return first or {}, first_thread
end

-- It is ended from outside, which is told by what the scenario waited for.
local function stopped(t, kind, text)
  local where, thread = find_wait(t)
  if not where.verb then return failures.new(kind, text, { call = where }) end
  local name, socket = sockets.name_of(where.subject, thread)
  text = ("%s; it waited in %s"):format(text, call.text(where, name))
  return failures.new(kind, text, { call = where, socket = socket, name = name })
end

local function time_out(t, msec)
  return stopped(t, "timeout", ("the scenario took longer than %d msec"):format(msec))
end

--- All its tasks are over, or one has failed: what a fiber awaits.
---@param t slipstream.scenario.Context
---@return boolean? is_settled
---@return boolean? value the same, which the wait answers
function M.is_settled(t)
  if t._failure or #t._tasks == 0 then return true, true end
end

local function cancel_tasks(t)
  for place = #t._tasks, 1, -1 do
    local task = table.remove(t._tasks, place)
    tasks.cancel(task)
  end
end

local function call_all(t, functions)
  for _, fn in ipairs(functions) do fn(t, t._case.row) end
end

--- Begins to call functions one after another, in a task.
---@param t slipstream.scenario.Context
---@param functions function[]
function M.begin_stage(t, functions)
  t._failure = false
  tasks.begin_main(t, call_all, t, functions)
end

--- Ends it: it is settled, or was not in time.
---@param t slipstream.scenario.Context
---@param msec integer how long it may have taken
---@return slipstream.scenario.Failure? failure
function M.end_stage(t, msec)
  if not M.is_settled(t) then t._failure = time_out(t, msec) end
  cancel_tasks(t)
  return t._failure or nil
end

-- A stage from its beginning to its end, for at most so long.
local function stage(t, msec, functions)
  M.begin_stage(t, functions)
  fiber.await(msec, M.is_settled, t)
  return M.end_stage(t, msec)
end

-- The first failure is told; of those after it, a line each.
local function add(t, told, failure)
  if not failure then return told end
  if not told then return stories.tell(t, failure) end
  table.insert(told.story, "and then: " .. stories.redact(t, failure.text))
  return told
end

local function perform(t, case)
  local functions = table.move(case.setups, 1, #case.setups, 1, {})
  functions[#functions + 1] = case.fn
  return stage(t, case.timeout, functions)
end

--- Makes a scenario ready, in a fiber; who does so closes it.
---@param case slipstream.scenario.Case
---@param options slipstream.scenario.PlayOptions
---@return slipstream.scenario.Context
function M.open(case, options)
  local t = Context.new(case, options, fiber.check_may_wait())
  running[t] = true
  return t
end

--- Nothing of it goes on.
---@param t slipstream.scenario.Context
function M.close(t)
  running[t] = nil
  cancel_tasks(t)
  closing.kill(t, 1)
  closing.stop_clients(t)
  local net = rawget(t, "net")
  if net then net:_close() end
end

-- Whoever ran it waits no longer.
local Playing = {}

function Playing.__close(playing) return M.close(playing.t) end

local function play(t, case)
  local failure = perform(t, case)
  local is_skipped = failure and failure.kind == "skipped"
  local told = add(t, nil, failure)
  if #case.teardowns > 0 then told = add(t, told, stage(t, case.timeout, case.teardowns)) end
  for _, close in ipairs { closing.close, closing.end_clients } do
    for _, text in ipairs(close(t, 1)) do told = add(t, told, failures.new("closed", text)) end
  end
  return told, is_skipped
end

--- Runs a scenario, in a fiber: it waits until all of it is over and closed, and never raises.
---@param case slipstream.scenario.Case
---@param options slipstream.scenario.PlayOptions
---@return slipstream.scenario.Result
function M.run(case, options)
  local t = M.open(case, options)
  local _ <close> = setmetatable({ t = t }, Playing)
  local told, is_skipped = play(t, case)
  local status = is_skipped and "skipped" or told and "failed" or "passed"
  return { case = case, status = status, msec = t:_msec(), failure = told, logs = t._logs or {} }
end

--- Ends all that are run now, as failures; what they have open is closed in good order.
---@param why string "interrupted by SIGINT"
function M.interrupt(why)
  for t in next, running do t:_fail(stopped(t, "interrupted", why)) end
end

return M
