--- Waiting for events of a socket, in the callbacks of its client and in scripts.
--
-- What is awaited is taken out of turn from what has arrived: no callback is called for it as well. What
-- cannot come any more, since the connection or the topic is closed, ends the wait at once.

local check = require "slipstream.check"
local match = require "slipstream.match"
local waiters = require "slipstream.waiter"

local await = waiters.await

---@class slipstream.Socket
local Socket = {}

-- The name of their metatable, which belongs to the client module.
local NAME = "slipstream.socket"

local AWAIT_MSEC = 5000

-- What all of them begin with: misuse, then who waits. No tail call, which would hide the script's line.
local function check_may_wait(socket, position, msec)
  check.self(socket, NAME)
  check.is_msec(position, msec)
  local owner = waiters.check_may_wait(socket)
  return owner
end

-- The connection.

local is_of_connection = { connected = true, disconnected = true }

local function is_of_former_connection(entry)
  return is_of_connection[entry[1]]
end

--- Another connection is wanted: what has arrived of the former one, and nobody looked at, tells nothing
-- of it.
function Socket:_outdate_connection()
  waiters.outdate(self, is_of_former_connection)
end

-- The end of the connection ends what waits for more of it.
local function is_lost(entry)
  return entry[1] == "disconnected"
end

-- Nothing can come of a connection that nobody makes.
local function known_when_idle(waiter)
  local socket = waiter.socket
  if not socket._core or socket._core:idle() then return true, nil, "not_connected", "not_connected" end
end

local function judge_connect(_, entry)
  if entry[1] == "connected" then return true, true end
  if is_lost(entry) then return true, nil, entry[2] end
end

local function known_of_connect(waiter)
  if waiter.socket:connected() then return true, true end
  return known_when_idle(waiter)
end

--- Waits until the connection is open.
---@param msec integer? 5000
---@return true? ok, any reason nil and why it was not made, or "timeout"
function Socket:await_connect(msec)
  local owner = check_may_wait(self, 1, msec)
  return await(self, msec or AWAIT_MSEC, { owner = owner, judge = judge_connect, known = known_of_connect })
end

local function judge_disconnect(_, entry)
  if is_lost(entry) then return true, entry[2] end
end

--- Waits until the connection has ended.
---@param msec integer? 5000
---@return slipstream.Reason? reason, string? err nil, "timeout"
function Socket:await_disconnect(msec)
  local owner = check_may_wait(self, 1, msec)
  return await(self, msec or AWAIT_MSEC,
    { owner = owner, judge = judge_disconnect, known = known_when_idle })
end

-- Heartbeats.

local function judge_ping(_, entry)
  if is_lost(entry) then return false, nil, entry[2] end
end

--- A heartbeat was answered: who pings hears it, and nobody else wants to know.
---@param rtt_msec integer
function Socket:_answer_pings(rtt_msec)
  for _, waiter in ipairs(self._waiters or {}) do
    if waiter.judge == judge_ping then waiter.rtt_msec = rtt_msec end
  end
  waiters.wake(self)
end

local function look_for_answer(waiter)
  if waiter.rtt_msec then return true, waiter.rtt_msec end
  return waiters.look(waiter)
end

--- Sends a heartbeat and waits for its answer. One that is under way is as good.
---@param msec integer? 5000
---@return integer? rtt_msec, any reason nil and why none came: "not_connected", "timeout", the end of the
---connection
function Socket:ping(msec)
  local owner = check_may_wait(self, 1, msec)
  if not self._core then return nil, "not_connected", "not_connected" end
  local ok, text, code = self._core:ping()
  if not ok and code ~= "busy" then return nil, text, code end
  return await(self, msec or AWAIT_MSEC, { owner = owner, judge = judge_ping }, look_for_answer)
end

-- Topics.

-- What those of topics begin with, and what they wait by. No tail call either.
local function new_topic_waiter(socket, topic, msec, judge, known)
  local owner = check_may_wait(socket, 2, msec)
  check.is(1, topic, "string")
  return { owner = owner, judge = judge, known = known, topic = topic }
end

local is_of_topic = { joined = true, left = true, topic_closed = true }

local function is_outcome_of(entry, topic)
  return is_of_topic[entry[1]] and entry[2] == topic
end

--- Something else is wanted of the topic: what has arrived of it, and nobody looked at, tells nothing of
-- that.
---@param topic string
function Socket:_outdate(topic)
  waiters.outdate(self, is_outcome_of, topic)
end

-- Whether the topic ended by the entry, and is not asked for again since.
local function is_closed(waiter, entry)
  return entry[1] == "topic_closed" and entry[2] == waiter.topic
    and waiter.socket:join_status(waiter.topic) == "closed"
end

local function judge_join(waiter, entry)
  if entry[1] == "joined" and entry[2] == waiter.topic then return true, entry[3] end
  if entry[1] == "topic_closed" and entry[2] == waiter.topic then return true, nil, entry[3] end
  if is_lost(entry) then return false, nil, entry[2] end
end

local function known_of_join(waiter)
  local status = waiter.socket:join_status(waiter.topic)
  if status == "joined" then return true, true end
  if status == nil then return true, nil, "never_joined", "never_joined" end
  return known_when_idle(waiter)
end

--- Waits until the topic is joined.
---@param topic string
---@param msec integer? 5000
---@return any response what the server said; true when the topic was joined long since
---@return any reason nil and why it was not joined: the reason of the topic or of the connection, "timeout",
---"never_joined"
function Socket:await_join(topic, msec)
  local waiter = new_topic_waiter(self, topic, msec, judge_join, known_of_join)
  return await(self, msec or AWAIT_MSEC, waiter)
end

local function judge_leave(waiter, entry)
  local is_it = (entry[1] == "left" or entry[1] == "topic_closed") and entry[2] == waiter.topic
  if is_it then return true, true end
  if is_lost(entry) then return false, true end
end

local function known_of_leave(waiter)
  if not waiter.socket:join_status(waiter.topic) then return true, true end
end

--- Waits until the topic is left; the end of the connection leaves it as well.
---@param topic string
---@param msec integer? 5000
---@return true? ok, any reason nil, "timeout"
function Socket:await_leave(topic, msec)
  local waiter = new_topic_waiter(self, topic, msec, judge_leave, known_of_leave)
  return await(self, msec or AWAIT_MSEC, waiter)
end

local function judge_topic_close(waiter, entry)
  if entry[1] == "topic_closed" and entry[2] == waiter.topic then return true, entry[3] end
  if is_lost(entry) then return false, nil, entry[2] end
end

local function known_of_topic_close(waiter)
  if not waiter.socket:join_status(waiter.topic) then return true, nil, "never_joined", "never_joined" end
  return known_when_idle(waiter)
end

--- Waits until the topic is closed otherwise than by leaving it: by the server, or by a crash there.
---@param topic string
---@param msec integer? 5000
---@return slipstream.Reason? reason
---@return any reason nil and why it cannot be closed any more: the end of the connection, "never_joined",
---"timeout"
function Socket:await_topic_close(topic, msec)
  local waiter = new_topic_waiter(self, topic, msec, judge_topic_close, known_of_topic_close)
  return await(self, msec or AWAIT_MSEC, waiter)
end

-- Messages.

local function judge_reply(waiter, entry)
  if entry[1] ~= "reply" or entry[2] ~= waiter.ref then return end
  if entry[3] == "timeout" then return true, nil, "timeout", "timeout" end
  return true, entry[3], entry[4]
end

--- Waits for the reply to a push. What `push` answers can be handed over as it is: a push that failed
-- gives its own nil, text, code.
---@param ref integer? what `push` answered
---@param msec integer|string|nil 5000
---@param code string?
---@return string? status "ok", "error" or another word of the server's
---@return any response as `handle_reply` gets it; nil, "timeout" when none came in time
function Socket:await_reply(ref, msec, code)
  check.self(self, NAME)
  if ref == nil and type(msec) == "string" then return nil, msec, code end
  if math.type(ref) ~= "integer" then check.fail(1, "the ref of a push expected") end
  local owner = check_may_wait(self, 2, msec)
  return await(self, msec or AWAIT_MSEC, { owner = owner, judge = judge_reply, ref = ref })
end

local function judge_message(waiter, entry)
  local kind, topic, event, payload = table.unpack(entry, 1, 4)
  if kind == "message" then
    local is_it = match.matches(waiter.topic, topic) and match.matches(waiter.event, event)
      and match.matches(waiter.payload, payload)
    if is_it then return true, payload, topic, event end
  elseif is_lost(entry) then
    return false, nil, entry[2]
  elseif is_closed(waiter, entry) then
    return false, nil, entry[3]
  end
end

local function or_any(pattern)
  return pattern == nil and match.any or pattern
end

--- Waits for a message that matches. A pattern is a value, a function that says whether, a table that must
-- be contained, or `slipstream.any`.
---@param topic any a pattern
---@param event any a pattern; any event when absent
---@param payload any a pattern; any payload when absent
---@param msec integer? 5000
---@return any payload
---@return any topic nil and why none can come: the end of the connection or of the topic, "timeout"
---@return string? event
function Socket:await_message(topic, event, payload, msec)
  local owner = check_may_wait(self, 4, msec)
  if topic == nil then check.fail(1, "a topic or a pattern expected, got no value") end
  local waiter = { owner = owner, judge = judge_message, known = known_when_idle,
    topic = topic, event = or_any(event), payload = or_any(payload) }
  return await(self, msec or AWAIT_MSEC, waiter)
end

return Socket
