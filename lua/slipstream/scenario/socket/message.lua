--- Verbs of messages, of a scenario's sockets.

local check = require "slipstream.check"
local fiber = require "slipstream.fiber"
local outcome = require "slipstream.scenario.socket.outcome"
local reason_mt = require("slipstream.core").reason_mt
local show = require "slipstream.show"

local fail, fail_wait, measure, start = outcome.fail, outcome.fail_wait, outcome.measure, outcome.start

---@class slipstream.scenario.Socket
local Socket = {}

-- The name of their metatable.
local NAME = "slipstream.scenario.socket"

local function has_room(self)
  if not self._pushers then return true, true end
end

-- Waits for room in a full queue.
local function write(self, topic, event, payload)
  local ref, text, code = self._socket:push(topic, event, payload)
  while code == "queue_full" do
    self._pushers = self._pushers or {}
    table.insert(self._pushers, fiber.check_may_wait())
    if not fiber.await(self._t._await, has_room, self) then return nil, code end
    ref, text, code = self._socket:push(topic, event, payload)
  end
  return ref, text
end

local function send(self, topic, event, payload)
  local ref, text = write(self, topic, event, payload)
  if not ref then fail_wait(self, "push", text) end
  if self._history then
    self._history:add(self._t:_msec(), { "pushed", topic, event, payload, ref })
  end
  return ref
end

--- Pushes an event to a topic; waits only for room in a full queue.
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
  check.is_msec(2, msec)
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
  check.is_msec(4, msec)
  local began, limit = start(self), msec or self._t._await
  local ref = send(self, topic, event, payload)
  local status, response = await_reply(self, ref, limit)
  if status ~= "ok" then fail(self, "reply", "error", outcome.refusal(status, response)) end
  measure(self, "reply", began)
  return response
end

-- The pattern of the payload may be left out, and the msec stand in its place.
local function read_pattern(pattern, msec)
  if msec == nil and type(pattern) == "number" then
    check.is_msec(3, pattern)
    return nil, pattern
  end
  check.is_msec(4, msec)
  return pattern, msec
end

--- Waits for a message; those that came before it was awaited are looked at first.
---@param topic any a pattern
---@param event any a pattern
---@param pattern any of the payload
---@param msec integer?
---@return any payload, string topic, string event
function Socket:await_message(topic, event, pattern, msec)
  check.self(self, NAME)
  local wanted, limit = read_pattern(pattern, msec)
  local began = start(self)
  limit = limit or self._t._await
  local payload, reason, name = self._socket:await_message(topic, event, wanted, limit)
  if payload == nil then
    local what = wanted ~= nil and "nothing that matches" or "nothing"
    local awaited = { topic = topic, event = event, payload = wanted, what = what }
    fail_wait(self, "message", reason, limit, awaited)
  end
  measure(self, "message", began)
  return payload, reason, name
end

local REFUTE_MSEC = 100

--- Waits and sees that no such message comes, nor has come before and was not awaited.
---@param topic any a pattern
---@param event any a pattern
---@param pattern any of the payload
---@param msec integer? 100
function Socket:refute_message(topic, event, pattern, msec)
  check.self(self, NAME)
  local wanted, limit = read_pattern(pattern, msec)
  local payload, reason = self._socket:await_message(topic, event, wanted, limit or REFUTE_MSEC)
  if payload ~= nil then fail(self, "message", "assertion", "it came: " .. show.json(payload)) end
  if reason ~= "timeout" then fail_wait(self, "message", reason) end
end

return Socket
