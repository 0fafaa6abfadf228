--- Verbs of the connection, of a scenario's sockets.

local check = require "slipstream.check"
local match = require "slipstream.match"
local outcome = require "slipstream.scenario.socket.outcome"

local fail, fail_wait, measure, start = outcome.fail, outcome.fail_wait, outcome.measure, outcome.start

---@class slipstream.scenario.Socket
local Socket = {}

-- The name of their metatable.
local NAME = "slipstream.scenario.socket"

--- Waits for the first connection.
---@param began integer?
function Socket:_open(began)
  local msec = self._t._await
  local ok, reason = self._socket:await_connect(msec)
  if not ok then fail_wait(self, "connect", reason, msec) end
  measure(self, "connect", began)
end

--- Waits until the first connection is refused.
---@return slipstream.Reason
function Socket:_refute()
  local msec = self._t._await
  local ok, reason = self._socket:await_connect(msec)
  if ok then fail(self, "connect", "assertion", "it was let in") end
  local is_refused = type(reason) == "table" and reason.kind == "connect_failed" and reason.status
  if not is_refused then fail_wait(self, "connect", reason, msec) end
  return reason
end

-- An attempt that fails is not the last one, as long as there is time.
local function connect_again(self, msec)
  local t, reason = self._t, nil
  local deadline = t:_msec() + msec
  while true do
    local ok, why = self._socket:reconnect()
    if not ok and why ~= "connected" then return nil, why end
    ok, why = self._socket:await_connect(math.max(deadline - t:_msec(), 0))
    if ok then return true end
    if why == "timeout" then return nil, reason or why end
    reason = why
  end
end

--- Waits until it is connected again: after a loss it connects as clients do, with back-off. Its topics are
-- then asked for again, and `join` waits for one.
---@param msec integer? of all of it
function Socket:await_connect(msec)
  check.self(self, NAME)
  check.is_msec(1, msec)
  local began, limit = start(self), msec or self._t._await
  local ok, reason = connect_again(self, limit)
  if not ok then fail_wait(self, "connect", reason, limit) end
  measure(self, "connect", began)
end

--- Closes the connection, and waits for the other half of the closing handshake.
---@param code integer? 1000
function Socket:disconnect(code)
  check.self(self, NAME)
  local began, msec = start(self), self._t._await
  self._socket:disconnect(code)
  local reason, text = self._socket:await_disconnect(msec)
  if not reason and text ~= "not_connected" then fail_wait(self, "disconnect", text, msec) end
  measure(self, "disconnect", began)
end

--- Waits until the connection has ended.
---@param pattern (string|table)? the kind of the reason, or a pattern of it
---@param msec integer?
---@return slipstream.Reason
function Socket:await_disconnect(pattern, msec)
  check.self(self, NAME)
  check.is_optional(1, pattern, "string", "table")
  check.is_msec(2, msec)
  local limit = msec or self._t._await
  local reason, text = self._socket:await_disconnect(limit)
  if not reason then fail_wait(self, "disconnect", text, limit, { what = "the connection did not end" }) end
  local wanted = type(pattern) == "string" and { kind = pattern } or pattern
  if wanted and not match.matches(wanted, reason) then
    fail(self, "disconnect", "closed", ("it ended otherwise: %s (%s)"):format(tostring(reason), reason.kind))
  end
  return reason
end

return Socket
