--- What is told of a client's life: its connection, its topics, its heartbeat, its restarts. Each is a line
-- of the log and an event of telemetry. Nothing that comes with every message.
--
-- A function for each event of the core, called with what its handler gets, and others for what else
-- happens to a client.

local log = require "slipstream.log"
local reason_of = require("slipstream.reason").new
local report = require "slipstream.report"
local telemetry = require "slipstream.telemetry"

local handlers, spans, shown = telemetry.handlers, telemetry.spans, log._shown

local M = {
  --- How often clients were started again, and were given up; also supervisors, for a child.
  counts = { restarts = 0, gave_up = 0 },
}

local counts = M.counts

-- Fields are only made for a line that is shown. What comes with each connection asks whether it is before it
-- calls: this, and the like of it below, would be a good part of what a connection costs.
local function note(level, socket, text, fields_of, first, second, third)
  if not shown[level] then return end
  local fields = fields_of(first, second, third)
  fields.client = socket._client.name
  log[level](text, fields)
end

-- Nor for an event that nobody is attached to.
local function tell(event, owner, fields_of, first, second, third)
  if handlers[event] then return report.event(owner, event, fields_of(first, second, third)) end
end

local function reason_only(reason) return { reason = reason } end
local function rtt_only(rtt_msec) return { rtt_msec = rtt_msec } end
local function topic_and_reason(topic, reason) return { topic = topic, reason = reason } end
local function topic_and_wait(topic, attempt, wait_msec)
  return { topic = topic, attempt = attempt, wait_msec = wait_msec }
end
local function attempt_and_uri(attempt, uri) return { attempt = attempt, uri = uri } end
local function status_and_uri(status, uri) return { status = status, uri = uri } end
local function attempt_and_wait(attempt, wait_msec) return { attempt = attempt, wait_msec = wait_msec } end
local function reason_and_duration(reason, msec) return { reason = reason, duration_msec = msec } end

-- The connection. A socket's `_outage` is there from the first failure to the next connection: which failures
-- were told, and at what level the next wait is. A thousand clients without a server are to say why, not to
-- say it at each attempt.

local function outage_of(socket)
  socket._outage = socket._outage or { told = {}, wait = "info" }
  return socket._outage
end

-- Connections are numbered over all clients, so that a connection's events can be found by its number.
local last_connection = 0

--- It is about to be dialled.
---@param socket slipstream.Socket
---@param attempt integer
---@param uri string? nil: there is none, and the attempt fails
function M.connect_due(socket, attempt, uri)
  last_connection = last_connection + 1
  socket._connection_id = last_connection
  if socket._outage then socket._outage.attempt = attempt end
  if shown.debug then note("debug", socket, "connecting", attempt_and_uri, attempt, uri) end
  if spans["connection.connect"] then
    report.begin(socket, "connection.connect", nil, attempt_and_uri(attempt, uri))
  end
end

--- It is not wanted any more, for that reason.
---@param socket slipstream.Socket
---@param reason any
function M.dial_dropped(socket, reason)
  report.fail(socket, "connection.connect", nil, reason)
end

--- The server sent it elsewhere, which is about to be dialled.
---@param socket slipstream.Socket
---@param status integer
---@param uri string
function M.redirected(socket, status, uri)
  note("debug", socket, "redirected", status_and_uri, status, uri)
  tell("connection.redirected", socket, status_and_uri, status, uri)
end

--- After an outage the line has the number of the attempt that ended it.
function M.connected(socket)
  local outage = socket._outage
  socket._outage = nil
  if shown.info then note("info", socket, "connected", attempt_and_uri, outage and outage.attempt) end
  if not socket._spans then return end -- there is nothing to be told
  report.stop(socket, "connection.connect")
  report.stop(socket, "client.connect")
end

local never_open = { connect_failed = true, connect_timeout = true }

local function note_no_connection(socket, reason)
  local told = outage_of(socket).told
  -- without its text, which may be another each time
  local failure = ("%s %s %s"):format(reason.kind, reason.stage, reason.status)
  note(told[failure] and "debug" or "warn", socket, "cannot connect", reason_only, reason)
  told[failure] = true
end

local function note_end(socket, reason)
  if never_open[reason.kind] then return note_no_connection(socket, reason) end
  local was_wanted = reason.kind == "closed_by_client"
  if was_wanted then socket._outage = nil end
  note(was_wanted and "debug" or "info", socket, "disconnected", reason_only, reason)
end

-- What is under way and ends with the connection; each push is answered by itself.
local ends_with_connection = {
  ["client.connect"] = true, ["client.leave"] = true, ["connection.connect"] = true, ["topic.join"] = true,
}

local function tell_end(socket, reason)
  if reason.kind == "heartbeat_timeout" then tell("heartbeat.timeout", socket, reason_only, reason) end
  local msec = handlers["connection.disconnect"] and socket._core:uptime()
  if msec then tell("connection.disconnect", socket, reason_and_duration, reason, msec) end
  report.fail_all(socket, ends_with_connection, reason)
  socket._connection_id = false
end

--- The log has another line for a client that has ended, see `ended`.
---@param socket slipstream.Socket
---@param reason slipstream.Reason
function M.disconnected(socket, reason)
  local ending = socket._ending
  if not (ending and ending.is_terminated) then note_end(socket, reason) end
  return tell_end(socket, reason)
end

-- Told once, and once more when a connection has held meanwhile.
local function note_flapping(socket, is_flapping)
  if is_flapping and not socket._is_flapping then
    note("warn", socket, "flapping: connections are lost as soon as they are made", reason_only)
  end
  socket._is_flapping = is_flapping
end

function M.reconnect_scheduled(socket, attempt, wait_msec, is_flapping)
  note_flapping(socket, is_flapping)
  local outage = outage_of(socket)
  note(outage.wait, socket, "reconnecting", attempt_and_wait, attempt, wait_msec)
  tell("connection.reconnect_scheduled", socket, attempt_and_wait, attempt, wait_msec)
  outage.wait = "debug"
end

-- The log has only its answer.
function M.heartbeat_sent(socket)
  if handlers["heartbeat.sent"] then return report.event(socket, "heartbeat.sent", {}) end
end

function M.heartbeat(socket, rtt_msec)
  note("debug", socket, "heartbeat answered", rtt_only, rtt_msec)
  tell("heartbeat.acknowledged", socket, rtt_only, rtt_msec)
end

-- Topics.

--- Its phx_join is about to be sent.
---@param socket slipstream.Socket
---@param topic string
function M.join_due(socket, topic)
  if spans["topic.join"] then report.begin(socket, "topic.join", topic, { topic = topic }) end
end

--- It could not be sent.
---@param socket slipstream.Socket
---@param topic string
---@param fault string
---@param code string "not_due": it is not wanted any more
function M.join_not_sent(socket, topic, fault, code)
  if code ~= "not_due" then note("warn", socket, "join not sent", topic_and_reason, topic, fault) end
  report.fail(socket, "topic.join", topic, code)
end

function M.joined(socket, topic)
  if shown.debug then note("debug", socket, "joined", topic_and_reason, topic) end
  if not socket._spans then return end
  report.stop(socket, "topic.join", topic)
  report.stop(socket, "client.join", topic)
end

--- A join that was asked for since then is the next one.
function M.left(socket, topic)
  if shown.debug then note("debug", socket, "left", topic_and_reason, topic) end
  if not socket._spans then return end
  report.fail(socket, "topic.join", topic, "left")
  report.stop(socket, "client.leave", topic)
  if socket:join_status(topic) == "requested" then return end
  report.fail(socket, "client.join", topic, "left")
end

-- What closes a topic; the end of the connection has a line of its own.
local closings = {
  failed_to_join = { level = "warn", text = "join refused" },
  join_timeout = { level = "warn", text = "join timed out" },
  channel_error = { level = "warn", text = "channel crashed" },
  channel_closed = { level = "info", text = "channel closed" },
}

function M.topic_closed(socket, topic, reason)
  local closing = closings[reason.kind]
  if closing then note(closing.level, socket, closing.text, topic_and_reason, topic, reason) end
  report.fail(socket, "topic.join", topic, reason)
  report.fail(socket, "client.join", topic, reason)
  report.fail(socket, "client.leave", topic, reason)
  tell("topic.closed", socket, topic_and_reason, topic, reason)
end

function M.rejoin_scheduled(socket, topic, attempt, wait_msec)
  note("debug", socket, "rejoin scheduled", topic_and_wait, topic, attempt, wait_msec)
  tell("topic.rejoin_scheduled", socket, topic_and_wait, topic, attempt, wait_msec)
end

-- Pushes.

--- The answer to a push came, or why there is none.
---@param socket slipstream.Socket
---@param ref integer
---@param status string
---@param reason slipstream.Reason?
function M.replied(socket, ref, status, reason)
  local fault = reason or status == "timeout" and status or nil
  if fault then return report.fail(socket, "client.push", ref, fault) end
  return report.stop(socket, "client.push", ref, { ref = ref, status = status })
end

-- The client.

--- A life of it is over, and so is all that it waited for; its connection, if it has one, is about to be cut.
---@param socket slipstream.Socket
---@param ending slipstream.Ending
function M.ended(socket, ending)
  note("debug", socket, "client ended", reason_only, ending.reason)
  if socket._connection_id and socket._core:uptime() then tell_end(socket, reason_of "closed_by_client") end
  report.fail_all(socket, nil, ending.reason)
  tell("client.ended", socket, reason_only, ending.reason)
end

local function of_slow(callback, line, msec)
  return { callback = callback, line = line, msec = msec }
end

--- One of its callbacks keeps all clients waiting.
---@param owner table whose fiber runs
---@param msec integer so far
---@param line string where it is
function M.slow(owner, msec, line)
  note("warn", owner, "a callback keeps all clients waiting", of_slow, owner._callback, line, msec)
  tell("callback.slow", owner, of_slow, owner._callback, line, msec)
end

local function of_too_big(bytes, limit, holds) return { bytes = bytes, limit = limit, holds = holds } end

-- Who reads it finds what to do.
local TOO_BIG = "client stopped, as it holds the most and memory runs short;"
  .. " raise --max-memory or let it hold less"

--- It is stopped, since it holds the most of a memory that is at its end.
---@param socket slipstream.Socket
---@param bytes integer
---@param limit integer of all, in bytes
---@param holds string? what of it holds the most; nil: the log has enough lines
function M.too_big(socket, bytes, limit, holds)
  if holds then note("error", socket, TOO_BIG, of_too_big, bytes, limit, holds) end
  tell("client.too_big", socket, of_too_big, bytes, limit, holds)
end

-- Restarts. Who looks after a child is its supervisor; the log calls that by its name, too.

local function of_restart(restarts, supervisor, reason)
  return { restarts = restarts, supervisor = supervisor, reason = reason }
end

--- It is started again.
---@param client slipstream.Client
---@param supervisor string? whose child it is
function M.starts_again(client, supervisor)
  counts.restarts = counts.restarts + 1
  local socket, restarts = client._socket, client.restarts
  local text = supervisor and "child starts again" or "client starts again"
  note("info", socket, text, of_restart, restarts, supervisor)
  tell("supervisor.restart", socket, of_restart, restarts, supervisor, socket._ending.reason)
end

--- It failed too often, and is not started again.
---@param client slipstream.Client
---@param reason any
function M.gave_up(client, reason)
  counts.gave_up = counts.gave_up + 1
  local socket, restarts = client._socket, client.restarts
  note("error", socket, "client gave up: it failed too often", of_restart, restarts, nil, reason)
  tell("supervisor.gave_up", socket, of_restart, restarts, nil, reason)
end

local function of_child(supervisor, child, reason)
  return { supervisor = supervisor, child = child, reason = reason }
end

--- A supervisor ends since a child of it failed too often.
---@param socket slipstream.Socket the supervisor's
---@param child any its id
---@param reason any
function M.supervisor_gave_up(socket, child, reason)
  counts.gave_up = counts.gave_up + 1
  local fields = of_child(socket._client.name, child, reason)
  log.error("supervisor gave up: a child failed too often", fields)
  tell("supervisor.gave_up", socket, of_child, socket._client.name, child, reason)
end

return M
