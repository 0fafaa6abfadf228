--- Questions: what is asked of a client out of turn, since what it waits for may depend on the answer: the
-- params of a connection and of a join. Each runs in a fiber of its own; no other callback begins meanwhile.

local ending = require "slipstream.ending"
local fiber = require "slipstream.fiber"
local process = require "slipstream.process"
local report = require "slipstream.report"

local observed = report.callbacks

local M = {}

local function answered(question, state, ...)
  if state == "waiting" then return process.hold(question.socket) end
  local socket = question.socket
  if socket._ending then return end
  socket._questions[question] = nil
  if next(socket._questions) == nil then socket._questions = false end
  if state == "failed" then return ending.crash(socket, question._callback, (...)) end
  local is_current = question.core == socket._core and not question.is_outdated -- not of a former connection
  if is_current then question.answer(socket, ...) end
  if socket._mailbox then process.go_on(socket) end
end

-- What is asked again is not answered by what it was before: it may be of a former connection or join.
local function outdate(socket, kind, subject)
  for question in pairs(socket._questions) do
    if question.kind == kind and question.subject == subject then question.is_outdated = true end
  end
end

--- While it is not known yet which code a client has, nothing is asked of it: calls `fn(socket, …)` as soon
-- as it is.
---@param socket slipstream.Socket
---@param fn fun(socket: slipstream.Socket, ...: any)
---@param ... any
---@return boolean is_postponed
function M.postpone(socket, fn, ...)
  if not socket._questions then return false end
  for holder in pairs(socket._questions) do
    if holder.postponed then
      table.insert(holder.postponed, table.pack(fn, socket, ...))
      return true
    end
  end
  return false
end

--- Calls `fn(socket, question, …)`, which may wait; `answer(socket, results …)` hears what it returns.
---@param socket slipstream.Socket
---@param callback string for the log when it raises, and for telemetry; `question._callback` says it more
---exactly
---@param subject string|false what is asked for: a topic
---@param answer fun(socket: slipstream.Socket, ...: any)
---@param fn fun(socket: slipstream.Socket, question: table, ...: any): ...
function M.ask(socket, callback, subject, answer, fn, ...)
  local question = {
    socket = socket, core = socket._core, kind = callback, subject = subject, answer = answer,
    _callback = callback, _client = socket._client,
    _fiber = false, _done = false, _alarm = false,
  }
  socket._questions = socket._questions or {}
  outdate(socket, callback, subject)
  socket._questions[question] = true
  local done = observed[callback] and report.around(question, callback, answered, ...) or answered
  return fiber.run(question, done, fn, socket, question, ...)
end

return M
