--- What the log tells of a client's life: its connection, its topics, its heartbeat. Nothing that comes
-- with every message.
--
-- A function for each event of the core, called with what its handler gets.

local log = require "slipstream.log"

local M = {}

-- Fields are only made for a line that is shown.
local function note(level, socket, text, fields_of, ...)
  if not log.shows(level) then return end
  local fields = fields_of(...)
  fields.client = socket._client.name
  log[level](text, fields)
end

local function reason_only(reason) return { reason = reason } end
local function rtt_only(rtt_msec) return { rtt_msec = rtt_msec } end
local function topic_and_reason(topic, reason) return { topic = topic, reason = reason } end
local function topic_and_wait(topic, attempt, wait_msec)
  return { topic = topic, attempt = attempt, wait_msec = wait_msec }
end
local function attempt_and_uri(attempt, uri) return { attempt = attempt, uri = uri } end
local function attempt_and_wait(attempt, wait_msec) return { attempt = attempt, wait_msec = wait_msec } end

-- The connection. A socket's `_outage` is there from the first failure to the next connection: at what
-- levels the next failure and the next wait are told, the first ones louder than those that follow.

local function outage_of(socket)
  socket._outage = socket._outage or { failure = "warn", wait = "info" }
  return socket._outage
end

function M.connect_due(socket, attempt, uri)
  if socket._outage then socket._outage.attempt = attempt end
  note("debug", socket, "connecting", attempt_and_uri, attempt, uri)
end

--- After an outage the line has the number of the attempt that ended it.
function M.connected(socket)
  local outage = socket._outage
  socket._outage = nil
  note("info", socket, "connected", attempt_and_uri, outage and outage.attempt)
end

local never_open = { connect_failed = true, connect_timeout = true }

local function cannot_connect(socket, reason)
  local outage = outage_of(socket)
  note(outage.failure, socket, "cannot connect", reason_only, reason)
  outage.failure = "info"
end

function M.disconnected(socket, reason)
  if never_open[reason.kind] then return cannot_connect(socket, reason) end
  local was_wanted = reason.kind == "closed_by_client"
  if was_wanted then socket._outage = nil end
  note(was_wanted and "debug" or "info", socket, "disconnected", reason_only, reason)
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
  outage.wait = "debug"
end

function M.heartbeat(socket, rtt_msec)
  note("debug", socket, "heartbeat answered", rtt_only, rtt_msec)
end

-- Topics.

function M.joined(socket, topic) note("debug", socket, "joined", topic_and_reason, topic) end

function M.left(socket, topic) note("debug", socket, "left", topic_and_reason, topic) end

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
end

function M.rejoin_scheduled(socket, topic, attempt, wait_msec)
  note("debug", socket, "rejoin scheduled", topic_and_wait, topic, attempt, wait_msec)
end

return M
