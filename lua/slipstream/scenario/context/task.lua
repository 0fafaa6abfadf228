--- Tasks: fibers of a scenario, of its own function and of what that begins by `t:async`.

local call = require "slipstream.scenario.failure.call"
local check = require "slipstream.check"
local failures = require "slipstream.scenario.failure"
local fiber = require "slipstream.fiber"

-- Less than a verb waits, so that an endless loop does not have others fail that are played meanwhile.
local MAX_SLICE_MSEC = 2000

---@class slipstream.scenario.Task
local Task = { _is_script = true, _max_slice_msec = MAX_SLICE_MSEC }
Task.__index = Task
Task.__name = "slipstream.scenario.context.task"

local M = {}

local function body(fn, ...)
  return xpcall(fn, failures.catch, ...)
end

-- What a function returned that returned nothing; most do.
local NOTHING = { n = 0 }

-- "failed": something has ended it past `body`, as the watchdog does; that comes in place of `is_good`.
local function finished(task, state, is_good, ...)
  if state == "waiting" then return end
  if state == "failed" then
    task._failure = failures.of(is_good)
  elseif is_good then
    task._results = select("#", ...) == 0 and NOTHING or table.pack(...)
  else
    task._failure = failures.of(...)
  end
  if task._awaiting then fiber.poke(task._awaiting) end
  return task._t:_ended(task)
end

local function new(t)
  return setmetatable({
    _client = t._client, _fiber = false, _done = false, _alarm = false,
    _t = t, _results = false, _failure = false, _awaiting = false,
  }, Task)
end

local function run(task, fn, ...)
  task._t:_began(task)
  fiber.run(task, finished, body, fn, ...)
  return task
end

--- Begins one: runs `fn(…)` until it waits or is done. The context's `_ended` hears of its end.
---@param t slipstream.scenario.Context
---@param fn function
---@param ... any
---@return slipstream.scenario.Task
function M.begin(t, fn, ...)
  return run(new(t), fn, ...)
end

--- The same with the one of the stage before, which is over, and which nobody knows.
---@param t slipstream.scenario.Context
---@param fn function
---@param ... any
function M.begin_main(t, fn, ...)
  local task = t._tasks.main or new(t)
  t._tasks.main, task._results, task._failure = task, false, false
  run(task, fn, ...)
end

--- For slipstream.handle: it starts a client.
function Task:_started()
  self._t._clients = self._t._clients + 1
end

local function is_over(task)
  if task._results then return true, true end
  if task._failure then return true, false end
end

--- Waits until it is over. What it raises fails the scenario anyhow.
---@param msec integer? no limit but the scenario's own
---@return any ... what its function returned
function Task:await(msec)
  check.self(self, Task.__name)
  check.is_msec(1, msec)
  self._awaiting = fiber.check_may_wait()
  local is_good, text = fiber.await(msec, is_over, self)
  self._awaiting = false
  if is_good then return table.unpack(self._results, 1, self._results.n) end
  if is_good == false then error(self._failure, 0) end
  local name = call.name_of(coroutine.running(), self) or "task"
  failures.of_call(text, name, ("it was not over within %d msec"):format(msec))
end

--- Ends it where it waits.
---@param task slipstream.scenario.Task
function M.cancel(task)
  return fiber.cancel(task)
end

--- Whether a value is a task.
---@param value any
---@return boolean
function M.is_task(value)
  return getmetatable(value) == Task
end

call.know(Task)
M.Task = Task

return M
