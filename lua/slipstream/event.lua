--- Handlers of the core's events (src/script/event_lua.h): what each of them means for the client.

local config = require "slipstream.config"
local endings = require "slipstream.ending"
local journal = require "slipstream.journal"
local log = require "slipstream.log"
local place_of = require("slipstream.frame").place_of
local process = require "slipstream.process"
local redirect = require "slipstream.redirect"
local registry = require "slipstream.registry"
local report = require "slipstream.report"

local spans = require("slipstream.telemetry").spans
local arrive, run = process.arrive, process.run
local nothing = require("slipstream.fiber").nothing
local questions = require "slipstream.question"

local M = {}

local ask, postpone = questions.ask, questions.postpone

-- What the sockets that connect have dialled last: no field, which would stay when they are connected.
local dialled = setmetatable({}, { __mode = "k" })

-- Those that come most often go straight to their callbacks, unless something stands between. For joins there
-- is none: while no topic has params, there is nothing to ask for.
M.callbacks = {
  join_due = "", joined = "handle_join", left = "handle_leave",
  message = "handle_message", reply = "handle_reply",
}

function M.message(socket, topic, event, payload)
  local presences = socket._presences
  if presences and presences:take(topic, event, payload) then return end
  if socket._mailbox then return arrive(socket, "message", topic, event, payload) end
  return run(socket, "handle_message", topic, event, payload)
end

function M.joined(socket, topic, response)
  journal.joined(socket, topic)
  return arrive(socket, "joined", topic, response)
end

function M.left(socket, topic)
  journal.left(socket, topic)
  return arrive(socket, "left", topic)
end

function M.topic_closed(socket, topic, reason)
  journal.topic_closed(socket, topic, reason)
  return arrive(socket, "topic_closed", topic, reason)
end

-- Without an answer the reason stands in its place.
function M.reply(socket, ref, status, response, reason)
  if spans["client.push"] then journal.replied(socket, ref, status, reason) end
  if reason ~= nil then response = reason end
  if socket._mailbox then return arrive(socket, "reply", ref, status, response) end
  return run(socket, "handle_reply", ref, status, response)
end

function M.connected(socket)
  dialled[socket] = nil
  journal.connected(socket)
  return arrive(socket, "connected")
end

function M.disconnected(socket, reason)
  dialled[socket] = nil
  journal.disconnected(socket, reason)
  if endings.has_closed(socket) then return end
  if socket._is_passive then registry.remove(socket._client) end
  return arrive(socket, "disconnected", reason)
end

-- Events that are in the journal and nothing else.
M.reconnect_scheduled = journal.reconnect_scheduled
M.rejoin_scheduled = journal.rejoin_scheduled
M.heartbeat_sent = journal.heartbeat_sent

-- Who pings waits for it; nobody else wants to know.
function M.heartbeat(socket, rtt_msec)
  journal.heartbeat(socket, rtt_msec)
  if socket._waiters then return socket:_answer_pings(rtt_msec) end
end

function M.dropped(socket, topic, event)
  log.debug("frame dropped", { client = socket._client.name, topic = topic, event = event })
end

-- A socket without a module has no callback to hear it.
function M.writable(socket)
  if socket._tap then return socket._tap:_writable() end
  if not socket._is_passive then return arrive(socket, "info", "writable") end
end

-- Connecting.

local function overrides_of(socket, attempt, last_reason)
  local overrides, reason = socket:connect_params(attempt, last_reason)
  if overrides == nil or type(overrides) == "table" then return overrides end
  if overrides == "stop" then return nil, { reason = reason } end
  local place = place_of(socket.connect_params)
  local text = '%sconnect_params returned %s; it may return nothing, a table, or "stop", reason'
  error(text:format(place and place .. ": " or "", "a " .. type(overrides)), 0) -- it may be a token
end

-- The script has a word in it: its own connect_params, or a params function; or telemetry is to hear of it.
local function is_asked(socket)
  return socket.connect_params ~= nothing or type(socket._config.params) == "function"
    or report.callbacks.connect_params
end

local function plan_dial(socket, overrides, attempt)
  local dial, text = config.dial(socket._config, overrides)
  journal.connect_due(socket, attempt, dial and dial.uri)
  return dial, text
end

-- In a fiber of its own. What to dial; or nil, what is wrong; or nil, nil, why the client stops.
local function prepare_dial(socket, question, attempt, last_reason)
  local overrides, ending = overrides_of(socket, attempt, last_reason)
  if ending then return nil, nil, ending end
  question._callback = "params"
  return plan_dial(socket, overrides, attempt)
end

local function answer_dial(socket, dial, text, ending)
  if ending then return process.obey_stop(socket, ending.reason) end
  local ok
  if dial then ok, text = socket._core:dial(dial) end
  if dial and ok then
    dialled[socket] = dial
    return
  end
  if text == "not_due" then return journal.dial_dropped(socket, text) end
  socket._core:dial_failed(text)
end

function M.connect_due(socket, attempt, last_reason)
  if socket._ending or postpone(socket, M.connect_due, attempt, last_reason) then return end
  if not is_asked(socket) then return answer_dial(socket, plan_dial(socket, nil, attempt)) end
  return ask(socket, "connect_params", false, answer_dial, prepare_dial, attempt, last_reason)
end

function M.redirected(socket, status, location)
  if socket._ending then return end
  local dial, text = redirect.follow(socket._config, dialled[socket], location)
  if dial then journal.redirected(socket, status, dial.uri) end
  return answer_dial(socket, dial, text)
end

-- Joining.

local function answer_join(socket, topic, text)
  journal.join_due(socket, topic)
  local sent, fault, code = socket._core:send_join(topic, text, socket._config.serializer ~= nil)
  if sent then return end
  journal.join_not_sent(socket, topic, fault, code)
  if code == "not_due" then return end
  socket._core:drop_join(topic)
  socket._core:rejoin(topic)
end

-- In a fiber of its own.
local function prepare_join(socket, _, topic, params)
  local text, fault = socket:_encode(params(), "params")
  if text then return topic, text end
  error(("join params of %s: %s"):format(topic, fault), 0)
end

-- Text is what join was given as a table; a function is asked each time.
function M.join_due(socket, topic)
  if socket._presences then socket._presences:joins(topic) end
  if socket._ending or postpone(socket, M.join_due, topic) then return end
  local params = socket._params and socket._params[topic]
  if type(params) ~= "function" then return answer_join(socket, topic, params or socket:_encode()) end
  return ask(socket, "join params", topic, answer_join, prepare_join, topic, params)
end

--- Called in the place of the handlers above while anybody is attached to anything.
---@param socket slipstream.Socket
---@param event string
---@param ... any what its handler is told
function M.around(socket, event, ...)
  if spans["connection.handle"] then return report.handle(socket, event, M[event], ...) end
  return M[event](socket, ...)
end

-- A handler above raised: a defect of ours, so that client ends as if its script had.
function M.failed(socket, event, text)
  return endings.crash(socket, event, { text = "a defect of slipstream itself", traceback = text })
end

return M
