--- Verbs of messages, of a scenario's sockets.

local check = require "slipstream.check"
local reason_mt = require("slipstream.core").reason_mt
local outcome = require "slipstream.scenario.outcome"

local fail, fail_wait, measure, start = outcome.fail, outcome.fail_wait, outcome.measure, outcome.start

---@class slipstream.ScenarioSocket
local Socket = {}

-- The name of their metatable.
local NAME = "slipstream.scenario.socket"

local function send(self, topic, event, payload)
  local ref, text = self._socket:push(topic, event, payload)
  if not ref then fail_wait(self, "push", text) end
  if self._history then
    self._history:add(self._t:_msec(), { "pushed", topic, event, payload, ref })
  end
  return ref
end

--- Pushes an event to a topic.
---@param topic string
---@param event string
---@param payload any?
---@return integer ref for `await_reply`
function Socket:push(topic, event, payload)
  check.self(self, NAME)
  local ref = send(self, topic, event, payload)
  return ref
end

-- A push that got no answer since its channel or its connection has ended has "error", and a reason.
local function await_reply(self, ref, msec)
  local status, response = self._socket:await_reply(ref, msec)
  if status and getmetatable(response) ~= reason_mt then return status, response end
  return fail_wait(self, "reply", response, msec, { what = "no reply" })
end

--- Waits for the reply to a push.
---@param ref integer
---@param msec integer?
---@return string status, any response
function Socket:await_reply(ref, msec)
  check.self(self, NAME)
  local began, limit = start(self), msec or self._t._await
  local status, response = await_reply(self, ref, limit)
  measure(self, "reply", began)
  return status, response
end

--- Pushes an event to a topic, and waits for a reply of "ok".
---@param topic string
---@param event string
---@param payload any?
---@param msec integer?
---@return any response
function Socket:request(topic, event, payload, msec)
  check.self(self, NAME)
  local began, limit = start(self), msec or self._t._await
  local ref = send(self, topic, event, payload)
  local status, response = await_reply(self, ref, limit)
  if status ~= "ok" then fail(self, "reply", "error", outcome.refusal(status, response)) end
  measure(self, "reply", began)
  return response
end

--- Waits for a message; those that came before it was awaited are looked at first.
---@param topic any a pattern
---@param event any a pattern
---@param pattern any of the payload
---@param msec integer?
---@return any payload, string topic, string event
function Socket:await_message(topic, event, pattern, msec)
  check.self(self, NAME)
  local began, limit = start(self), msec or self._t._await
  local payload, reason, name = self._socket:await_message(topic, event, pattern, limit)
  if payload == nil then
    local what = pattern ~= nil and "nothing that matches" or "nothing"
    local awaited = { topic = topic, event = event, payload = pattern, what = what }
    fail_wait(self, "message", reason, limit, awaited)
  end
  measure(self, "message", began)
  return payload, reason, name
end

return Socket
