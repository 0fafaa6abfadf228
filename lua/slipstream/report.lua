--- Reports: what telemetry is told of clients. Events have the time on the clock of the client's host and
-- its name; spans that last longer than a callback stand in the socket's `_spans` until their outcome.
--
-- Whoever tells of something often asks first whether anybody listens: `telemetry.spans`, `.handlers`.

local core = require "slipstream.core"
local log = require "slipstream.log"
local reason_of = require("slipstream.reason").new
local telemetry = require "slipstream.telemetry"
local uv = require "luv"
local worker = require "slipstream.worker"

local handlers, spans = telemetry.handlers, telemetry.spans

local M = {}

-- Fields that are measurements; all others are metadata.
local measured = {
  attempt = true, buffered_pushes = true, bytes = true, duration_msec = true, limit = true,
  msec = true, queued_bytes = true, restarts = true, rtt_msec = true, wait_msec = true,
}

-- A refused upgrade's headers may have secrets; it may be why a child ended, and so its supervisor.
local function without_headers(reason)
  if type(reason) ~= "table" then return reason end
  local is_ours = getmetatable(reason) == core.reason_mt
  local cause = is_ours and without_headers(reason.reason) or nil
  if rawget(reason, "headers") == nil and (not is_ours or cause == reason.reason) then return reason end
  local copy = {}
  for name, value in next, reason do copy[name] = value end
  copy.headers = nil
  if cause then copy.reason = cause end
  return setmetatable(copy, getmetatable(reason))
end

local cleaners = { uri = log.redact_uri, reason = without_headers }

-- The trace of each socket's connection, drawn when it is told of for the first time: as a W3C trace context
-- has it, so that what the server's side knows can be brought together with it.
local traces = setmetatable({}, { __mode = "k" })

local function trace_of(owner)
  local trace, connection = traces[owner], owner._connection_id
  if not trace or trace.connection ~= connection then
    local id = uv.random(16):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
    trace = { connection = connection, id = id }
    traces[owner] = trace
  end
  return trace.id
end

-- `owner` is a socket, or what else has a client and its host.
local function metadata_of(owner)
  local connection = owner._connection_id or nil
  return { client = owner._client.name, worker = worker.index, connection_id = connection,
    trace_id = connection and trace_of(owner) }
end

local function sort(owner, fields)
  local metadata = metadata_of(owner)
  local measurements = {}
  for name, value in pairs(fields) do
    if measured[name] then
      measurements[name] = value
    else
      metadata[name] = cleaners[name] and cleaners[name](value) or value
    end
  end
  return measurements, metadata
end

--- Something happened.
---@param owner table
---@param event string
---@param fields table<string, any>
function M.event(owner, event, fields)
  if not handlers[event] then return end
  local measurements, metadata = sort(owner, fields)
  measurements.monotonic_msec = owner._client._host:clock()
  telemetry.execute(event, measurements, metadata)
end

local function begin(owner, name, fields)
  return telemetry.begin(name, owner._client._host, sort(owner, fields))
end

-- Spans of a socket: by their name and what they are about, a topic or a ref, of which many may be open.

local function key_of(name, subject) return subject and name .. " " .. subject or name end

--- A span begins, unless it is open.
---@param socket slipstream.Socket
---@param name string
---@param subject string?
---@param fields table<string, any>
---@return slipstream.Span? span nil when it was open, or nobody listens
function M.begin(socket, name, subject, fields)
  if not spans[name] then return end
  local open, key = socket._spans or {}, key_of(name, subject)
  if open[key] then return end
  socket._spans = open
  open[key] = begin(socket, name, fields)
  return open[key]
end

local function take(socket, name, subject)
  local open = socket._spans
  if not open then return end
  local key = key_of(name, subject)
  local span = open[key]
  open[key] = nil
  return span
end

--- The span of that name went well, if it is open.
---@param socket slipstream.Socket
---@param name string
---@param subject (string|integer)?
---@param more table<string, any>? metadata
function M.stop(socket, name, subject, more)
  local span = take(socket, name, subject)
  if span then return span:stop(more) end
end

--- It failed, if it is open.
---@param socket slipstream.Socket
---@param name string
---@param subject (string|integer)?
---@param reason any
function M.fail(socket, name, subject, reason)
  local span = take(socket, name, subject)
  if span then return span:fail(without_headers(reason)) end
end

local function is_older(span, other)
  if span.began ~= other.began then return span.began < other.began end
  return span.key < other.key
end

--- All open spans of these names failed; the oldest is told first.
---@param socket slipstream.Socket
---@param names table<string, boolean>? all when absent
---@param reason any
function M.fail_all(socket, names, reason)
  if not socket._spans then return end
  local failed = {}
  for key, span in pairs(socket._spans) do
    if not names or names[key:match "^%S+"] then failed[#failed + 1] = { key = key, began = span.began } end
  end
  table.sort(failed, is_older)
  for _, each in ipairs(failed) do M.fail(socket, each.key, nil, reason) end
end

-- Events of the connection.

-- Those that are of a topic have its name first.
local of_topics = {
  dropped = true, join_due = true, joined = true, left = true, message = true, rejoin_scheduled = true,
  topic_closed = true,
}

--- Handles an event of the core. It failed when its client failed of it.
---@param socket slipstream.Socket
---@param event string
---@param handle fun(socket: slipstream.Socket, ...: any)
---@param ... any what the handler is told
function M.handle(socket, event, handle, ...)
  local had_ended = socket._ending
  local fields = { event = event, topic = of_topics[event] and (...) or nil }
  local span <close> = begin(socket, "connection.handle", fields)
  handle(socket, ...)
  local ending = not had_ended and socket._ending
  if ending and ending.is_failure then return span:fail(without_headers(ending.reason)) end
  return span:stop()
end

-- Requests.

local function settle(socket, is_done, name, subject, ok, ...)
  if not ok then
    M.fail(socket, name, subject, (...))
  elseif is_done then
    M.stop(socket, name, subject)
  end
  return ok, ...
end

--- Makes a request, whose span lasts until its outcome, and answers what it answers.
---@param socket slipstream.Socket
---@param name string
---@param is_done fun(socket: slipstream.Socket, topic: any): boolean asked before: is there nothing to do?
---@param request fun(socket: slipstream.Socket, ...: any): ...
---@param subject any the first argument of the request; a topic, where it is about one
---@param ... any
function M.request(socket, name, is_done, request, subject, ...)
  if not spans[name] then return request(socket, subject, ...) end
  local topic = type(subject) == "string" and subject or nil
  if not M.begin(socket, name, topic, { topic = topic }) then return request(socket, subject, ...) end
  return settle(socket, is_done(socket, topic), name, topic, request(socket, subject, ...))
end

local function keep(socket, span, ref, text)
  if not ref then return span:fail(text) end
  socket._spans = socket._spans or {}
  socket._spans[key_of("client.push", ref)] = span
end

local function tell_full(socket, topic, event)
  local stats = socket:stats()
  M.event(socket, "queue.full", {
    topic = topic, event = event, queued_bytes = stats.queued_bytes, buffered_pushes = stats.buffered_pushes,
  })
end

local function pushed(socket, span, topic, event, ref, text, code)
  if span then keep(socket, span, ref, text) end
  if code == "queue_full" then tell_full(socket, topic, event) end
  return ref, text, code
end

--- Pushes; the span is known by its ref only afterwards.
---@param socket slipstream.Socket
---@param push fun(socket: slipstream.Socket, topic: string, event: string, ...: any): integer?, ...
---@param topic string
---@param event string
---@param ... any
function M.push(socket, push, topic, event, ...)
  local span = spans["client.push"] and begin(socket, "client.push", { topic = topic, event = event })
  return pushed(socket, span, topic, event, push(socket, topic, event, ...))
end

-- Callbacks.

--- The names of the spans of callbacks that somebody listens to, by the callback; false otherwise.
M.callbacks = telemetry.remember(function(callback)
  local name = "client." .. callback:gsub(" ", "_") -- "join params" are a function of the script's as well
  return callback:sub(1, 1) ~= "_" and spans[name] and name
end)

-- What is told of the arguments. Payloads, messages and params are their owner's business.
local arguments = {
  connect_params = { "attempt" },
  handle_disconnect = { "reason" },
  handle_join = { "topic" },
  handle_leave = { "topic" },
  handle_message = { "topic", "event" },
  handle_reply = { "ref", "status" },
  ["join params"] = { "topic" },
  handle_topic_close = { "topic", "reason" },
  terminate = { "reason" },
}

local function fields_of(callback, ...)
  local fields = {}
  for place, name in ipairs(arguments[callback] or {}) do fields[name] = select(place, ...) end
  return fields
end

local function script_error(caught)
  return reason_of("script_error", { text = caught.text, traceback = caught.traceback })
end

--- Begins the span of a callback, which stands in the owner's `_span` for who cuts it short. Answers what
-- is to hear of its fiber in the place of `done`.
---@param owner table a socket or a question
---@param callback string
---@param done function see fiber.run
---@param ... any the callback's arguments
---@return function done
function M.around(owner, callback, done, ...)
  local span = begin(owner, M.callbacks[callback], fields_of(callback, ...))
  owner._span = span
  return function(of, state, ...)
    if state == "waiting" then return done(of, state, ...) end
    if of._span == span then of._span = false end
    if state == "done" then span:stop() else span:fail(script_error(...)) end
    return done(of, state, ...)
  end
end

--- Nobody goes on with the callback that the owner is in.
---@param owner table
---@param reason any
function M.cut(owner, reason)
  local span = owner._span
  owner._span = false
  if span then return span:fail(without_headers(reason)) end
end

return M
