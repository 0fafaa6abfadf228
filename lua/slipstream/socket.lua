--- The socket: what a callback's `self` can do.
--
-- Requests return at once; their outcome comes in a callback, or is awaited. They answer true or a ref, or
-- nil, text, code.

local await = require "slipstream.await"
local check = require "slipstream.check"
local config = require "slipstream.config"
local core = require "slipstream.core"
local drain = require "slipstream.drain"
local handlers = require "slipstream.event"
local passive = require "slipstream.passive"
local process = require "slipstream.process"
local reason_of = require("slipstream.reason").new
local serializers = require "slipstream.serializer"
local registry = require "slipstream.registry"
local report = require "slipstream.report"
local telemetry = require "slipstream.telemetry"
local traceback = require "slipstream.traceback"
local timer = require "slipstream.timer"
local turn = require "slipstream.turn"

local listeners, spans = telemetry.handlers, telemetry.spans

---@class slipstream.Socket
---@field assigns table the client's own state
local Socket = {}

for _, part in ipairs { process.blank, await, timer } do
  for name, value in pairs(part) do Socket[name] = value end
end

-- The name of their metatable, which belongs to the client module.
local NAME = "slipstream.socket"

local function fail(code) return nil, code, code end

Socket._presence_changed = require("slipstream.presence").tell

-- State.

--- Sets one key of `assigns`, or all those of a table.
---@param key any a key, or a table of keys and values
---@param value any
---@return slipstream.Socket self
function Socket:assign(key, value)
  check.self(self, NAME)
  if key == nil or key ~= key then check.fail(1, "a key expected, got " .. tostring(key)) end
  if type(key) ~= "table" then
    self.assigns[key] = value
    return self
  end
  for name, each in pairs(key) do self.assigns[name] = each end
  return self
end

--- Replaces what `assigns` has at `key` by what `fn` makes of it. Raises when it has nothing there.
---@param key any
---@param fn fun(value: any): any
---@return slipstream.Socket self
function Socket:update(key, fn)
  check.self(self, NAME)
  check.is(2, fn, "function")
  local value = self.assigns[key]
  if value == nil then error(("no such key in assigns: %s"):format(tostring(key)), 2) end
  self.assigns[key] = fn(value)
  return self
end

--- The handle of the client, for others to call it by.
---@return slipstream.Client
function Socket:client()
  check.self(self, NAME)
  return self._client
end

--- Collects garbage, all of it.
function Socket:collect_garbage() -- luacheck: no self
  collectgarbage()
end

-- The connection.

-- What is told from now on is of another connection. One without a module is only known while there is
-- something to close.
local function begin_connection(self)
  self:_outdate_connection()
  if self._is_passive then registry.add(self._client) end
end

local function new_core(self, numbers)
  local host = self._client._host
  if self._is_passive then return host:client(passive.handlers, passive.box(self), numbers) end
  local client, text, code = host:client(handlers, self, numbers)
  if client and self._presences then client:hear_all() end
  return client, text, code
end

local function answer_as_lost(job)
  return handlers.reply(job.socket, job.ref, "error", nil, reason_of "disconnected")
end

-- Pushes that wait for a connection that nobody wants any more are answered all the same.
local function close_core(self)
  for _, ref in ipairs(self._core:take_unanswered()) do
    turn.post(self._client._host, answer_as_lost, { socket = self, ref = ref })
  end
  self._core:close()
end

-- What requests are for may be there already.
local function is_connected(self) return self:connected() end
local function status_of(self, topic) return self._core and self._core:join_status(topic) end
local function is_joined(self, topic) return status_of(self, topic) == "joined" end
local function is_left(self, topic)
  local status = status_of(self, topic)
  return status == nil or status == "closed"
end

local NO_KIT = "test_mode: the client was not started in the test kit, see docs/testing.md"

local function read_config(self, given)
  local settings, numbers = config.read(given)
  if settings and given.test_mode and not self._client._host:is_pretended() then return nil, NO_KIT end
  return settings, numbers
end

local function connect(self, given)
  if self._ending or drain.is_on then return fail "stopping" end
  if self._core and not self._core:idle() then return fail "connected" end
  local settings, numbers = read_config(self, given)
  if not settings then return nil, numbers, "invalid" end
  local client, text, code = new_core(self, numbers)
  if not client then return nil, text, code end
  if self._core then
    client:succeed(self._core)
    close_core(self)
    self._params = nil
  end
  self._core, self._config = client, settings
  begin_connection(self)
  return client:connect()
end

--- Checks the config and connects: `handle_connect` or `handle_disconnect` follows. Another connect
-- after a disconnect takes its own config; topics are to be joined again then.
---@param given slipstream.Config
---@return true? ok, string? err, string? code nil, "uri: scheme must be ws or wss, got http", "invalid"
function Socket:connect(given)
  check.self(self, NAME)
  check.is(1, given, "table")
  return report.request(self, "client.connect", is_connected, connect, given)
end

local function reconnect(self)
  if self._ending or drain.is_on then return fail "stopping" end
  if not self._core then return fail "no_config" end
  if self._core:idle() then begin_connection(self) end
  return self._core:reconnect()
end

--- Connects again after the back-off. One that is scheduled already stays as it is.
---@return true? ok, string? err, string? code nil, "no_config" or nil, "connected"
function Socket:reconnect()
  check.self(self, NAME)
  return report.request(self, "client.connect", is_connected, reconnect)
end

-- A shutdown leaves its topics, so that the server need not find out.
local function leave_all(self)
  for _, topic in ipairs(self._core:joined_topics()) do self._core:leave(topic) end
end

--- The closing handshake; ends an attempt or a scheduled one, too. `handle_disconnect` follows, with
-- `closed_by_client`.
---@param code integer? 1000
---@param text string?
---@return true? ok, string? err, string? code
function Socket:disconnect(code, text)
  check.self(self, NAME)
  check.is_close_code(1, code)
  check.is_optional(2, text, "string")
  if not self._core then return true end
  local ending = self._ending
  if ending and ending.code and self._core:connected() then leave_all(self) end
  return self._core:disconnect(code or ending and ending.code or nil, text)
end

--- Closes the connection of a client that ends, whose module may have a `disconnect` of its own.
function Socket:_hang_up()
  return Socket.disconnect(self)
end

--- Whether the connection is open.
---@return boolean
function Socket:connected()
  check.self(self, NAME)
  return self._core ~= nil and self._core:connected()
end

--- Counters: bytes_in, bytes_out, messages_in, pushes_out, connects, queued_bytes, buffered_pushes.
---@return table<string, integer>? stats, string? err, string? code
function Socket:stats()
  check.self(self, NAME)
  if not self._core then return fail "no_config" end
  return self._core:stats()
end

-- Topics.

-- JSON text of the value, or with a serializer what the core keeps for it; `what` is how a fault names it.
function Socket:_encode(value, what)
  if self._config.serializer then return serializers.pack(value, what) end
  if value == nil then return "{}" end
  local json = self._config.json
  if json then return serializers.json(json, value, what) end
  local text, fault = core.json.encode(value)
  if text then return text end
  return nil, (fault:gsub("^payload", what))
end

-- What is kept of a topic's params, if it has any: a function, or their text as of now.
local function keep_params(self, topic, params)
  if params == nil then return true end
  if type(params) ~= "function" then
    local fault
    params, fault = self:_encode(params, "params")
    if not params then return nil, fault, "invalid" end
  end
  self._params = self._params or {}
  self._params[topic] = params
  self._core:ask_joins()
  return true
end

-- What has arrived of it is not of the join that is wanted now.
local function outdate(self, topic)
  if self._mailbox and not is_joined(self, topic) then self:_outdate(topic) end
end

local function ask_for(self, verb, topic, params)
  if drain.is_on then return fail "stopping" end
  local kept, fault, kind = keep_params(self, topic, params)
  if not kept then return nil, fault, kind end
  outdate(self, topic)
  return self._core[verb](self._core, topic)
end

local function join(self, topic, params)
  if not self._core then return fail "not_connected" end
  return ask_for(self, "join", topic, params)
end

--- Joins the topic as soon as the connection is open, and again after each reconnect: `handle_join` or
-- `handle_topic_close` follows. Joined already: nothing happens.
---@param topic string
---@param params (table|fun(): table)? a function is asked at each join
---@return true? ok, string? err, string? code
function Socket:join(topic, params)
  check.self(self, NAME)
  check.is(1, topic, "string")
  check.is_optional(2, params, "table", "function")
  return report.request(self, "client.join", is_joined, join, topic, params)
end

local function rejoin(self, topic, params)
  if not self._core or not self._core:join_status(topic) then return fail "never_joined" end
  return ask_for(self, "rejoin", topic, params)
end

--- Joins a topic again, after its back-off, with the params that it had or new ones.
---@param topic string
---@param params (table|fun(): table)?
---@return true? ok, string? err, string? code nil, "never_joined"
function Socket:rejoin(topic, params)
  check.self(self, NAME)
  check.is(1, topic, "string")
  check.is_optional(2, params, "table", "function")
  return report.request(self, "client.join", is_joined, rejoin, topic, params)
end

local function leave(self, topic)
  if not self._core then return true end
  self:_outdate(topic)
  return self._core:leave(topic)
end

--- Leaves the topic: `handle_leave` follows. Not joined: nothing happens.
---@param topic string
---@return true? ok, string? err, string? code
function Socket:leave(topic)
  check.self(self, NAME)
  check.is(1, topic, "string")
  return report.request(self, "client.leave", is_left, leave, topic)
end

--- Whether the topic is joined.
---@param topic string
---@return boolean
function Socket:joined(topic)
  check.self(self, NAME)
  check.is(1, topic, "string")
  return is_joined(self, topic)
end

--- How the topic stands: nil (never asked for), "requested", "joined", "closed".
---@param topic string
---@return string?
function Socket:join_status(topic)
  check.self(self, NAME)
  check.is(1, topic, "string")
  return status_of(self, topic)
end

---@class slipstream.PushOptions
---@field timeout integer? msec until `handle_reply(ref, "timeout")`, counted from the push
---@field buffer boolean? true: kept while the topic is about to be joined

local push_options = { timeout = "number", buffer = "boolean" }

-- The time-out, and whether the push may wait for its topic.
local function read_push_options(options)
  check.is(4, options, "table")
  check.are_options(4, options, push_options)
  local timeout = options.timeout
  if timeout == nil or check.counts_msec(timeout, 1) then return timeout, options.buffer end
  local text = "timeout: an integer of msec from 1 to %d expected, got %s"
  check.fail(4, text:format(check.MOST_MSEC, timeout))
end

local push_value, no_payload = core.push, {}

-- core.push refuses, with false, what is no socket or no string, and what the script's own JSON or serializer
-- is to encode.
local function push(self, topic, event, payload, timeout, may_wait)
  local ref, text, code = push_value(self, topic, event, payload, timeout, may_wait)
  if ref ~= false then return ref, text, code end
  if not self._core then return fail "not_connected" end
  if payload == nil then payload = no_payload end
  local json, fault = self:_encode(payload, "payload")
  if not json then return nil, fault, "invalid" end
  return self._core:push(topic, event, json, self._config.serializer ~= nil, timeout, may_wait)
end

--- Pushes an event to a joined topic, or with `buffer` to one that is about to be joined; the answer comes to
-- `handle_reply`, with the same ref. After "queue_full", `handle_info("writable")` tells when to go on.
---@param topic string
---@param event string
---@param payload any? JSON values, or `slipstream.binary(bytes)`; {} when absent
---@param options slipstream.PushOptions?
---@return integer? ref, string? err, string? code nil, "not_joined", "not_connected", "queue_full", or what
---cannot be sent
function Socket:push(topic, event, payload, options)
  local timeout, may_wait
  if options ~= nil then timeout, may_wait = read_push_options(options) end
  local is_observed = spans["client.push"] or listeners["queue.full"]
  if not is_observed then
    local ref, text, code = push_value(self, topic, event, payload, timeout, may_wait)
    if ref ~= false then return ref, text, code end
  end
  check.self(self, NAME)
  check.is(1, topic, "string")
  check.is(2, event, "string")
  if is_observed then return report.push(self, push, topic, event, payload, timeout, may_wait) end
  return push(self, topic, event, payload, timeout, may_wait)
end

--- `push`, but what can happen raises as well.
---@param topic string
---@param event string
---@param payload any?
---@param options slipstream.PushOptions?
---@return integer ref
function Socket:push_or_raise(topic, event, payload, options)
  check.self(self, NAME)
  local ref, text = self:push(topic, event, payload, options)
  if not ref then error(("cannot push %s to %s: %s"):format(event, topic, text), 2) end
  return ref
end

traceback.know(Socket, "sockets, such as the self of callbacks")

return Socket
