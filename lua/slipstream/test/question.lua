--- Questions: whether a client does something, within some time of the virtual clock. The functions of
-- slipstream.test ask them, and the assertions of luassert.

local check = require "slipstream.check"
local frame = require "slipstream.frame"
local kit = require "slipstream.test.kit"
local story = require "slipstream.test.story"

---@class slipstream.test.Question
---@field line slipstream.test.Line
---@field found any what came: slipstream.test.Sent, or a connection; nil: nothing did
---@field private name string of the function that asks
---@field private arguments any[] packed, behind the client, without the time-out
---@field private wanted table? what `line:take` is to find
---@field private msec integer
local Question = {}
Question.__index = Question

local M = {}

--- Fails the test, at its own line: as luassert does it where that is loaded, so that busted counts a
-- failure and no error.
---@param text string
function M.fail(text)
  local level = frame.caller()
  local luassert = package.loaded.luassert
  if luassert then luassert(false, text, luassert:level(level)) end
  error(text, level)
end

-- The time-out is the last argument, behind the client and those.
local function new(name, client, wanted, msec, ...)
  local line, arguments = kit.line(client), table.pack(...)
  check.is_msec(arguments.n + 2, msec)
  return setmetatable({
    line = line, name = name, arguments = arguments, wanted = wanted, msec = msec or kit.get().timeout,
  }, Question)
end

local function need(position, value, what)
  if value == nil then check.fail(position, ("%s or pattern expected, got no value"):format(what)) end
end

-- The questions. Patterns that are absent match everything. No tail calls, which would hide the script.

--- Whether it dials. It has a connection then, which waits for the test to take it.
---@param name string
---@param client slipstream.Client|slipstream.Socket
---@param msec integer?
---@return slipstream.test.Question
function M.connect(name, client, msec)
  local question = new(name, client, nil, msec)
  return question
end

--- Whether it asks to join.
---@param name string
---@param client slipstream.Client|slipstream.Socket
---@param topic any
---@param params any
---@param msec integer?
---@return slipstream.test.Question
function M.join(name, client, topic, params, msec)
  need(2, topic, "topic")
  local question = new(name, client, { kind = "join", topic = topic, payload = params }, msec, topic, params)
  return question
end

--- Whether it asks to leave.
---@param name string
---@param client slipstream.Client|slipstream.Socket
---@param topic any
---@param msec integer?
---@return slipstream.test.Question
function M.leave(name, client, topic, msec)
  need(2, topic, "topic")
  local question = new(name, client, { kind = "leave", topic = topic }, msec, topic)
  return question
end

--- Whether it pushes.
---@param name string
---@param client slipstream.Client|slipstream.Socket
---@param topic any
---@param event any
---@param payload any
---@param msec integer?
---@return slipstream.test.Question
function M.push(name, client, topic, event, payload, msec)
  need(2, topic, "topic")
  need(3, event, "event")
  local wanted = { kind = "push", topic = topic, event = event, payload = payload }
  local question = new(name, client, wanted, msec, topic, event, payload)
  return question
end

--- Whether it closes the connection.
---@param name string
---@param client slipstream.Client|slipstream.Socket
---@param msec integer?
---@return slipstream.test.Question
function M.disconnect(name, client, msec)
  local question = new(name, client, { kind = "disconnect" }, msec)
  return question
end

-- The answers.

local function find(self)
  if self.wanted then return self.line:take(self.wanted) end
  return self.line:take_dial()
end

--- Waits for it.
---@return any found
function Question:await()
  self.found = kit.wait(self.msec, find, self)
  return self.found
end

--- What there is to say when it did not come.
---@return string
function Question:missed()
  local fault = ("it did not, within %d msec"):format(self.msec)
  return story.tell(self.line, self.name, self.arguments, fault, self.wanted)
end

--- What there is to say when it came and should not have.
---@return string
function Question:unwanted()
  local fault = "it did: " .. (self.wanted and story.sent(self.found) or "it connects")
  return story.tell(self.line, self.name, self.arguments, fault)
end

--- Waits for it, and fails the test when it does not come.
---@return any found
function Question:expect()
  if self:await() == nil then M.fail(self:missed()) end
  return self.found
end

-- It did not come, but only since it could not.
local function silent_by_failure(self)
  local fault = "it did not, but it has failed"
  return story.tell(self.line, self.name, self.arguments, fault)
end

--- Waits, and fails the test when it comes. The silence of a client that has failed proves nothing, so that
-- fails it as well; but whether one connects again is a good question then.
function Question:refute()
  if self:await() ~= nil then M.fail(self:unwanted()) end
  if self.wanted and self.line:has_failed() then M.fail(silent_by_failure(self)) end
end

return M
