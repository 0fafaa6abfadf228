--- Client modules: what `slipstream.client` makes, and the default of every callback.
--
-- A callback is looked up in the client module, then among the defaults and the methods of sockets.

local check = require "slipstream.check"
local fiber = require "slipstream.fiber"
local lineage = require "slipstream.lineage"
local log = require "slipstream.log"
local passive = require "slipstream.passive"
local restart = require "slipstream.restart"
local show = require "slipstream.show"
local socket = require "slipstream.socket"

local M = {}

---@class slipstream.Default : slipstream.Socket
local default = {}

local nothing = fiber.nothing

local function not_implemented(callback)
  return function() error(callback .. " is not implemented", 2) end
end

--- The client starts. Nothing.
---@type fun(self: slipstream.Socket, args: any): ...
default.init = nothing

--- The connection is open. Nothing.
---@type fun(self: slipstream.Socket): ...
default.handle_connect = nothing

--- Before each attempt to connect: may return uri, params, headers, auth_token for it. Nothing.
---@type fun(self: slipstream.Socket, attempt: integer, last_reason: slipstream.Reason?): ...
default.connect_params = nothing

--- The connection was lost, closed or never made. Reconnects, unless this side asked for the end, or the
-- server does not want this client (1008): it would not want it the next time either.
---@param reason slipstream.Reason
function default:handle_disconnect(reason)
  check.is(1, reason, "table")
  if not reason.is_final then
    self:reconnect()
  elseif reason.kind == "closed_by_remote" then
    log.warn("not reconnecting: the server does not want this client", {
      client = self._client.name, reason = reason,
    })
  end
end

--- The server accepted the join. Nothing.
---@type fun(self: slipstream.Socket, topic: string, response: any): ...
default.handle_join = nothing

--- A push or a broadcast came. Nothing.
---@type fun(self: slipstream.Socket, topic: string, event: string, payload: any): ...
default.handle_message = nothing

--- The answer to a push came, or its time-out. Nothing.
---@type fun(self: slipstream.Socket, ref: integer, status: string, response: any): ...
default.handle_reply = nothing

-- After these a rejoin would be against the server's will, or is under way anyhow.
local stays_closed = { channel_closed = true, disconnected = true }

--- The join was refused, the channel crashed or was closed. Rejoins, unless the server closed it in good
-- order.
---@param topic string
---@param reason slipstream.Reason
function default:handle_topic_close(topic, reason)
  check.is(2, reason, "table")
  if not stays_closed[reason.kind] then self:rejoin(topic) end
end

--- The topic was left. Nothing.
---@type fun(self: slipstream.Socket, topic: string): ...
default.handle_leave = nothing

--- The client ends; its connection is closed after this. Nothing.
---@type fun(self: slipstream.Socket, reason: any): ...
default.terminate = nothing

--- A message of another client or a timer came. Logs it.
---@param message any
function default:handle_info(message)
  log.debug("unexpected message", { client = self._client.name, message = message })
end

--- Somebody cast. Raises.
---@type fun(self: slipstream.Socket, message: any): ...
default.handle_cast = not_implemented "handle_cast"

--- Somebody called. Raises.
---@type fun(self: slipstream.Socket, request: any, from: slipstream.From): ...
default.handle_call = not_implemented "handle_call"

--- A callback returned a continue. Raises.
---@type fun(self: slipstream.Socket, term: any): ...
default.handle_continue = not_implemented "handle_continue"

--- The client goes on in this module, which has replaced one of that `version`. Nothing.
---@type fun(self: slipstream.Socket, old_version: any): ...
default.code_change = nothing

M.default = default

-- What modules inherit, in one table and not in a chain of them: sockets often look for what they have not.
local class = {}

for _, part in ipairs { socket, default } do
  for name, value in pairs(part) do class[name] = value end
end

local count = 0

---@class slipstream.ClientOptions
---@field restart string? when it is started again: "permanent", always; "transient", after failures;
---"temporary", never. When absent: "transient", and "permanent" under a supervisor
---@field max_restarts integer? 3: so many restarts …
---@field max_seconds number? 5: … in so many seconds; at one more it gives up
---@field slow_callback_msec integer? 100: the log warns of a callback that runs longer; 0: it never does
---@field max_callback_msec integer? 10000: a callback that runs longer is stopped by an error; 0: it never is

local client_options = {
  restart = "string", max_restarts = "number", max_seconds = "number",
  slow_callback_msec = "number", max_callback_msec = "number",
}

local function state_of(self)
  if not self._core or self._core:idle() then return "not connected" end
  if not self._core:connected() then return "connecting or closing" end
  return "connected, " .. show.count(#self._core:joined_topics(), "topic")
end

-- Of a socket, for people; a module may have methods of its own with the names of ours.
local function describe(self)
  return ("socket of client %s (%s)"):format(self._client.name, state_of(self))
end

local function make(options)
  local module = {}
  local meta = { __index = class, __name = "slipstream.module", __shared = true, options = options }
  meta.lineage = lineage.new(module)
  meta.socket_meta = {
    __index = module, __name = "slipstream.socket", __shared = true, __tostring = describe,
  }
  return setmetatable(module, meta)
end

--- The module of sockets that scripts connect without one.
M.passive = make { restart = "temporary" }
getmetatable(M.passive).socket_meta.__gc = passive.collect

--- Makes a client module; its callbacks are functions set in it.
---@param options slipstream.ClientOptions?
---@return slipstream.Default module
function M.new(options)
  check.are_options(1, options, client_options)
  options = options or {}
  restart.check(1, options)
  check.is_msec_option(1, options, "slow_callback_msec")
  check.is_msec_option(1, options, "max_callback_msec")
  count = count + 1
  return make(options)
end

--- How many modules were made: `slipstream run` tells of one that nobody starts.
---@return integer
function M.count()
  return count
end

--- Whether the value is a client module.
---@param value any
---@return boolean
function M.is_module(value)
  local meta = type(value) == "table" and getmetatable(value)
  return type(meta) == "table" and meta.socket_meta ~= nil
end

return M
