--- Tasks: what a test begins beside itself, since it waits for what the test does next.

local check = require "slipstream.check"
local kit = require "slipstream.test.kit"
local question = require "slipstream.test.question"
local script = require "slipstream.script"

---@class slipstream.test.Task
---@field private script slipstream.Script
local Task = {}
Task.__index = Task
Task.__name = "slipstream.test.task"

local M = { Task = Task }

local AWAIT_MSEC = 5000

--- Begins one: runs `fn(…)` until it waits or is done.
---@param fn function
---@param ... any
---@return slipstream.test.Task
function M.begin(fn, ...)
  local own = kit.get()
  local task = setmetatable({ script = script.begin({ host = own.host, name = "test" }, fn, ...) }, Task)
  table.insert(own.tasks, task.script)
  kit.settle()
  return task
end

local function is_over(self) return self.script.is_over end

--- Waits until it is over.
---@param msec integer? 5000, of the virtual clock
---@return any ... what its function returned; what it raised is raised
function Task:await(msec)
  check.self(self, Task.__name)
  check.is_msec(1, msec)
  msec = msec or AWAIT_MSEC
  if not kit.wait(msec, is_over, self) then
    question.fail(("the task was not over within %d msec"):format(msec))
  end
  return script.results_of(self.script)
end

return M
