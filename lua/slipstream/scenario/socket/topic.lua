--- Verbs of topics, of a scenario's sockets.

local check = require "slipstream.check"
local outcome = require "slipstream.scenario.socket.outcome"

local fail, fail_wait, measure, start = outcome.fail, outcome.fail_wait, outcome.measure, outcome.start

---@class slipstream.scenario.Socket
local Socket = {}

-- The name of their metatable.
local NAME = "slipstream.scenario.socket"

local function request_join(self, topic, params, msec)
  local ok, text, code = self._socket:join(topic, params)
  if not ok then return nil, text, code end
  return self._socket:await_join(topic, msec)
end

--- Joins a topic.
---@param topic string
---@param params table?
---@param msec integer?
---@return any response what the server said
function Socket:join(topic, params, msec)
  check.self(self, NAME)
  check.is_msec(3, msec)
  local began, limit = start(self), msec or self._t._await
  local response, reason = request_join(self, topic, params, limit)
  if response == nil then fail_wait(self, "join", reason, limit) end
  measure(self, "join", began)
  return response
end

--- Asks for a topic that the server has to refuse.
---@param topic string
---@param params table?
---@param msec integer?
---@return any response what the server said
function Socket:refute_join(topic, params, msec)
  check.self(self, NAME)
  check.is_msec(3, msec)
  local limit = msec or self._t._await
  local response, reason = request_join(self, topic, params, limit)
  if response ~= nil then fail(self, "join", "assertion", "the join was accepted") end
  local is_refused = type(reason) == "table" and reason.kind == "failed_to_join"
  if not is_refused then fail_wait(self, "join", reason, limit) end
  return reason.response
end

--- Leaves a topic.
---@param topic string
---@param msec integer?
function Socket:leave(topic, msec)
  check.self(self, NAME)
  check.is_msec(2, msec)
  local began, limit = start(self), msec or self._t._await
  self._socket:leave(topic)
  local ok, reason = self._socket:await_leave(topic, limit)
  if not ok then fail_wait(self, "leave", reason, limit) end
  measure(self, "leave", began)
end

--- Waits until the server has closed the topic, or it has crashed there.
---@param topic string
---@param msec integer?
---@return slipstream.Reason
function Socket:await_close(topic, msec)
  check.self(self, NAME)
  check.is_msec(2, msec)
  local limit = msec or self._t._await
  local reason, text = self._socket:await_topic_close(topic, limit)
  if not reason then fail_wait(self, "close", text, limit, { what = "the topic was not closed" }) end
  return reason
end

return Socket
