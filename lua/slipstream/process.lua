--- Runs clients: takes the events of the core to the callbacks of a module, and ends a client when
-- a callback asks for it or raises.
--
-- An error in a callback ends that client alone.

local check = require "slipstream.check"
local config = require "slipstream.config"
local journal = require "slipstream.journal"
local log = require "slipstream.log"
local misnomer = require "slipstream.misnomer"
local reason_of = require("slipstream.reason").new
local traceback = require "slipstream.traceback"

---@class slipstream.Client
---@field name string for logs
local Client = {}
Client.__index = Client
Client.__name = "slipstream.client"

local M = {}

-- Sockets of clients that have not ended, and who wants to hear when one does.
local running = {}
local watchers = {}
local last_id = 0

-- Ending.

local expected_ends = { normal = true, shutdown = true, ignore = true, closed_by_client = true }

local function is_failure(reason)
  if reason == nil then return false end
  local kind = type(reason) == "table" and reason.kind or reason
  return not expected_ends[kind]
end

local function tell_watchers(socket, ending)
  for _, watcher in ipairs({ table.unpack(watchers) }) do
    local ok, caught = xpcall(watcher, traceback.catch, socket._client, ending.reason, ending.is_failure)
    if not ok then log.error(caught.text, { traceback = caught.traceback }) end
  end
end

-- Nothing is open any more.
local function finish(socket)
  if not running[socket] then return end
  running[socket] = nil
  if socket._core then socket._core:close() end
  log.debug("client ended", { client = socket._client.name, reason = socket._ending.reason })
  tell_watchers(socket, socket._ending)
end

-- Errors in here are told and change nothing: the client ends anyway.
local function terminate(socket, reason)
  local ok, caught = xpcall(socket.terminate, traceback.catch, socket, reason)
  if ok then return end
  local fields = { client = socket._client.name, callback = "terminate", traceback = caught.traceback }
  log.error(caught.text, fields)
end

-- Runs terminate and closes the connection; what comes of it comes to `handlers.disconnected`.
local function stop(socket, reason, code)
  if socket._ending then return end
  socket._ending = { reason = reason, code = code, is_failure = is_failure(reason) }
  terminate(socket, reason)
  socket:disconnect()
  if not socket._core or socket._core:idle() then finish(socket) end
end

local function crash(socket, callback, caught)
  local name = socket._client.name
  log.error(caught.text, { client = name, callback = callback, traceback = caught.traceback })
  stop(socket, reason_of("script_error", { text = caught.text, traceback = caught.traceback }))
end

-- Callbacks.

local function go_on() end

local function stop_as_asked(socket, _, reason)
  if is_failure(reason) and not socket._ending then
    log.error("client stopped", { client = socket._client.name, reason = reason })
  end
  stop(socket, reason)
end

local function ignore(socket, callback)
  if callback == "init" then return stop(socket, "ignore") end
  crash(socket, callback, { text = callback .. ' returned "ignore", which only init may' })
end

local verdicts = { ok = go_on, noreply = go_on, stop = stop_as_asked, ignore = ignore }

local function show(value)
  if type(value) == "string" then return ("%q"):format(value) end
  return type(value) == "number" and tostring(value) or "a " .. type(value)
end

local function settle(socket, callback, verdict, value)
  if type(value) == "table" and verdict ~= "stop" then
    return crash(socket, callback, { text = callback .. " returned an action, which is not supported yet" })
  end
  local act = verdicts[verdict]
  if act then return act(socket, callback, value) end
  local allowed = 'nothing, "ok", "noreply" or "stop", reason'
  local text = ("%s returned %s; it may return %s"):format(callback, show(verdict), allowed)
  crash(socket, callback, { text = text })
end

-- Calls the callback and does what it answers.
local function run(socket, callback, ...)
  if socket._ending then return end
  local ok, verdict, value = xpcall(socket[callback], traceback.catch, socket, ...)
  if not ok then return crash(socket, callback, verdict) end
  if verdict ~= nil then return settle(socket, callback, verdict, value) end
end

-- Calls what gives a value instead of a verdict. true and the value, or nil: the client ends.
local function ask(socket, callback, fn, ...)
  local ok, value, text = xpcall(fn, traceback.catch, ...)
  if ok then return true, value, text end
  crash(socket, callback, value)
end

-- Events of the core, see src/script/event_lua.h.

local handlers = {}

function handlers.message(socket, ...) return run(socket, "handle_message", ...) end

-- Events that are a line of the log, and one callback each, with the same arguments.
local routes = {
  connected = "handle_connect",
  joined = "handle_join",
  left = "handle_leave",
  topic_closed = "handle_topic_close",
}

for event, callback in pairs(routes) do
  local note = journal[event]
  handlers[event] = function(socket, ...)
    note(socket, ...)
    return run(socket, callback, ...)
  end
end

-- Events that are a line of the log and nothing else.
handlers.reconnect_scheduled = journal.reconnect_scheduled
handlers.rejoin_scheduled = journal.rejoin_scheduled
handlers.heartbeat = journal.heartbeat

function handlers.connect_due(socket, attempt, last_reason)
  if socket._ending then return end
  local ok, overrides = ask(socket, "connect_params", socket.connect_params, socket, attempt, last_reason)
  if not ok then return end
  if overrides ~= nil and type(overrides) ~= "table" then
    local text = "connect_params returned %s; it may return nothing or a table"
    return crash(socket, "connect_params", { text = text:format(show(overrides)) })
  end
  local dial, text
  ok, dial, text = ask(socket, "params", config.dial, socket._config, overrides)
  if not ok or socket._ending then return end
  journal.connect_due(socket, attempt, dial and dial.uri)
  if dial then ok, text = socket._core:dial(dial) end
  if not (dial and ok) and text ~= "not_due" then socket._core:dial_failed(text) end
end

function handlers.disconnected(socket, reason)
  if socket._ending then return finish(socket) end
  journal.disconnected(socket, reason)
  return run(socket, "handle_disconnect", reason)
end

-- Text is what join was given as a table; a function is asked each time.
local function join_text(socket, topic)
  local params = socket._topics[topic]
  if type(params) ~= "function" then return true, params or "{}" end
  local ok, value = ask(socket, "join params", params)
  if not ok then return end
  local text, fault = socket:_encode(value, "params")
  if text then return true, text end
  crash(socket, "join params", { text = ("join params of %s: %s"):format(topic, fault) })
end

function handlers.join_due(socket, topic)
  if socket._ending then return end
  local ok, text = join_text(socket, topic)
  if not ok or socket._ending then return end
  local sent, fault, code = socket._core:send_join(topic, text)
  if sent or code == "not_due" then return end
  log.warn("join not sent", { client = socket._client.name, topic = topic, reason = fault })
  socket._core:drop_join(topic)
  socket._core:rejoin(topic)
end

-- Without an answer the reason stands in its place.
function handlers.reply(socket, ref, status, response, reason)
  if reason ~= nil then response = reason end
  return run(socket, "handle_reply", ref, status, response)
end

function handlers.dropped(socket, topic, event)
  log.debug("frame dropped", { client = socket._client.name, topic = topic, event = event })
end

-- A handler above raised: a defect of ours, so that client ends as if its script had.
function handlers.failed(socket, event, text)
  local what = "a defect of slipstream itself"
  log.error(what, { client = socket._client.name, event = event, traceback = text })
  stop(socket, reason_of("script_error", { text = what, traceback = text }))
end

M.handlers = handlers

-- Clients.

---@class slipstream.StartOptions
---@field name string? for logs and `clients()`
---@field host userdata? `core.pretend()` in specs; the one on luv's loop when absent

local start_options = { name = "string", host = "userdata" }

--- Starts a client: calls its `init` at once, everything else from the loop.
---@param module table what `slipstream.client` made
---@param args any given to `init`
---@param options slipstream.StartOptions?
---@return slipstream.Client? client nil when `init` ended it
---@return any reason then: "ignore", the reason that `init` gave, or the error as a reason
function M.start(module, args, options)
  local meta = type(module) == "table" and getmetatable(module)
  if not (meta and meta.socket_meta) then check.fail(1, "client module expected") end
  check.are_options(3, options, start_options)
  misnomer.warn(module, meta.__index)
  options = options or {}
  last_id = last_id + 1
  local client = setmetatable({ id = last_id, name = options.name or "#" .. last_id }, Client)
  local socket = setmetatable({ assigns = {}, _client = client, _host = options.host }, meta.socket_meta)
  client._socket = socket
  running[socket] = true
  run(socket, "init", args)
  if socket._ending then return nil, socket._ending.reason end
  return client
end

--- Ends the client: runs `terminate`, then the closing handshake. It is over when `alive` says so.
---@param reason any? "normal" when absent
---@param code integer? a close code for a shutdown, such as 1001: topics are left before the close
function Client:stop(reason, code)
  check.self(self, Client.__name)
  check.is_close_code(2, code)
  stop(self._socket, reason == nil and "normal" or reason, code)
end

--- Whether the client has not ended yet; one whose connection is still closing has not.
---@return boolean
function Client:alive()
  check.self(self, Client.__name)
  return running[self._socket] == true
end

function Client:__tostring()
  return "client " .. self.name
end

--- The clients that have not ended, in the order of their starts.
---@return slipstream.Client[]
function M.clients()
  local list = {}
  for socket in pairs(running) do list[#list + 1] = socket._client end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

--- Calls `fn(client, reason, is_failure)` whenever a client has ended for good, one whose `init` ended
-- it included. A failure is any reason but nil, "normal", "shutdown", "ignore" and `closed_by_client`.
---@param fn fun(client: slipstream.Client, reason: any, is_failure: boolean)
---@return fun() unwatch ends the calls
function M.watch(fn)
  check.is(1, fn, "function")
  watchers[#watchers + 1] = fn
  return function()
    for index, watcher in ipairs(watchers) do
      if watcher == fn then return table.remove(watchers, index) end
    end
  end
end

return M
