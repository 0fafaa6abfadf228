--- Context: `t`, what the function of a scenario gets.

local assertions = require "slipstream.scenario.context.assertion"
local call = require "slipstream.scenario.failure.call"
local check = require "slipstream.check"
local env = require "slipstream.scenario.context.env"
local failures = require "slipstream.scenario.failure"
local fiber = require "slipstream.fiber"
local metrics = require "slipstream.scenario.measure.metric"
local nearest = require "slipstream.nearest"
local net = require "slipstream.scenario.context.net"
local sockets = require "slipstream.scenario.socket"
local stories = require "slipstream.scenario.failure.story"
local tasks = require "slipstream.scenario.context.task"
local uv = require "luv"

---@class slipstream.scenario.Context
---@field assigns table the scenario's own state, as `setup` may leave it for the others
---@field vu integer the virtual user that it is, from 1
---@field iteration integer how often that has run the scenario, from 1
---@field env table<string, string> secrets
---@field net slipstream.scenario.Net
local Context = {}
Context.__name = "slipstream.scenario.context"

---@class slipstream.scenario.Context
local methods = {}

-- What is made when it is first asked for.
local late = { env = env.new, net = net.new }

local function unknown(name)
  local guess = nearest.find(name, methods) or assertions.nearest(name)
  local hint = guess and ("; did you mean %s?"):format(guess) or ""
  error(("t has no %s%s"):format(name, hint), 3)
end

function Context:__index(name)
  local method = methods[name]
  if method then return method end
  if late[name] then
    local value = late[name](self)
    self[name] = value
    return value
  end
  if type(name) ~= "string" then return nil end
  local found = assertions.find(name)
  if found == nil then unknown(name) end
  return found
end

--- Makes one; `owner`, whose fiber it is made in, hears of what happens in it: by its method `hear`, or it is
-- poked.
---@param case slipstream.scenario.Case
---@param options slipstream.scenario.PlayOptions
---@param owner table
---@return slipstream.scenario.Context
function Context.new(case, options, owner)
  local host = owner._client._host
  return setmetatable({
    assigns = {}, vu = options.vu or 1, iteration = 1,
    _case = case, _options = options, _meter = options.meter or false, _await = case.await,
    _client = { name = case.name, _host = host }, _start = host:clock(), _owner = owner,
    _sockets = {}, _tasks = {}, _failure = false, _logs = false, _secrets = false,
    _clients = 0, -- that were started, but those of its sockets
  }, Context)
end

-- For our other files.

--- Msec since it began.
---@return integer
function methods:_msec()
  return (self._client._host:clock() - self._start) // 1 | 0
end

--- A task of it has begun.
---@param task slipstream.scenario.Task
function methods:_began(task)
  table.insert(self._tasks, task)
end

--- A task of it is over; one failure ends them all.
---@param task slipstream.scenario.Task
function methods:_ended(task)
  for place, each in ipairs(self._tasks) do
    if each == task then table.remove(self._tasks, place) end
  end
  return self:_fail(task._failure)
end

--- It has failed, unless it has already.
---@param failure slipstream.scenario.Failure|false
function methods:_fail(failure)
  self._failure = self._failure or failure
  local owner = self._owner
  if owner.hear then return owner:hear() end
  return fiber.poke(owner)
end

-- Verbs. What may fail in them is called by no tail call, since a failure looks for the verb on the stack.

--- Connects a socket, and waits until it is open.
---@param config table? as `slipstream.connect` takes it; the `uri` is that of the command when absent
---@return slipstream.scenario.Socket
function methods:connect(config)
  check.self(self, Context.__name)
  check.is_optional(1, config, "table")
  local socket = sockets.open(self, config or {})
  return socket
end

--- Connects a socket that the server has to refuse.
---@param config table?
---@return slipstream.Reason reason with the `status` and the `body` of the answer
function methods:refute_connect(config)
  check.self(self, Context.__name)
  check.is_optional(1, config, "table")
  local reason = sockets.refute(self, config or {})
  return reason
end

--- Begins `fn(…)`, which runs beside all else; the scenario is over when it is, too.
---@param fn function
---@param ... any
---@return slipstream.scenario.Task
function methods:async(fn, ...)
  check.self(self, Context.__name)
  check.is(1, fn, "function")
  local task = tasks.begin(self, fn, ...)
  return task
end

-- One that is measured. Its failure is counted when it comes through here; to skip is none.
local Step = {}
Step.__index = Step

function Step:__close(err)
  local kind = err ~= nil and failures.of(err).kind
  if kind and kind ~= "skipped" then self.meter:fail(self.name, kind) end
end

function Step:measure(...)
  self.meter:sample(self.name, (uv.hrtime() - self.began) // 1000 | 0)
  return ...
end

--- Calls `fn(…)`, a step of the user's, whose time is measured.
---@param name string
---@param fn function
---@param ... any
---@return any ... what it returns
function methods:step(name, fn, ...)
  check.self(self, Context.__name)
  check.is(1, name, "string")
  check.is(2, fn, "function")
  if not self._meter then return fn(...) end
  local fields = { meter = self._meter, name = metrics.STEP .. name, began = uv.hrtime() }
  local step <close> = setmetatable(fields, Step)
  return step:measure(fn(...))
end

local function never() end

--- Waits, as a user who thinks.
---@param msec integer
function methods:think(msec)
  check.self(self, Context.__name)
  check.is(1, msec, "number")
  check.is_msec(1, msec)
  fiber.await(msec, never)
end

--- Writes a line, which stands with the scenario's result.
---@param text any
function methods:log(text)
  check.self(self, Context.__name)
  self._logs = self._logs or {}
  local line = stories.redact(self, tostring(text))
  table.insert(self._logs, line)
  if self._options.log then self._options.log(line) end
end

--- Ends the scenario here: it neither passed nor failed.
---@param why string?
function methods:skip(why)
  check.self(self, Context.__name)
  check.is_optional(1, why, "string")
  error(failures.new("skipped", why or "skipped", { call = call.find(coroutine.running()) }), 0)
end

local AGAIN_MSEC = 20

--- Calls `fn()` again and again until it neither raises nor returns false; what it raised last, when that
-- takes too long, is raised. `t:skip` in it skips at once.
---@param fn fun(): any
---@param msec integer? 5000
---@return any ... what it returned
function methods:eventually(fn, msec)
  check.self(self, Context.__name)
  check.is(1, fn, "function")
  check.is_msec(2, msec)
  local began, limit = self:_msec(), msec or self._await
  while true do
    local results = table.pack(xpcall(fn, failures.catch))
    if results[1] and results[2] ~= false then return table.unpack(results, 2, results.n) end
    local failure = not results[1] and failures.of(results[2])
    local is_late = self:_msec() - began >= limit
    if failure and (is_late or failure.kind == "skipped") then error(failure, 0) end
    if is_late then failures.of_call("timeout", "t", ("it was false for %d msec"):format(limit)) end
    fiber.await(AGAIN_MSEC, never)
  end
end

Context.methods = methods
assertions.context = Context
call.know(methods)

return Context
