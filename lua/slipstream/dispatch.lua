--- Messages to clients, by their handles and by their names: send, cast and call. Tables go by value.

local check = require "slipstream.check"
local copy = require("slipstream.copy").copy
local fiber = require "slipstream.fiber"
local froms = require "slipstream.from"
local process = require "slipstream.process"
local registry = require "slipstream.registry"
local remote = require "slipstream.remote"

---@class slipstream.Client
local Client = {}

local M = { Client = Client }

-- The name of their metatable, which belongs to the handle.
local NAME = "slipstream.client"

local CALL_MSEC = 5000

--- The client that a function's first argument means; nil: none has that name.
---@param client slipstream.Client|string
---@param by_name fun(name: string): slipstream.Client?
---@return slipstream.Client?
function M.find(client, by_name)
  if type(client) == "string" then return by_name(client) end
  local meta = getmetatable(client)
  if type(meta) == "table" and meta.__name == NAME then return client end
  check.fail(1, "client or name expected, got " .. (client == nil and "no value" or type(client)))
end

-- Whom a message reaches: a client on its way out takes none, and a socket without a module never does.
local function target_of(client)
  local socket = client and client._status == "running" and client._socket
  return socket and not (socket._ending or socket._is_passive) and socket
end

local function copy_of(position, message)
  local ok, copied = pcall(copy, message)
  if not ok then check.fail(position, copied) end
  return copied
end

--- Hands over a message that is nobody else's.
---@param client slipstream.Client? of this worker
---@param kind "info"|"cast"
---@param message any
---@return true? ok, string? err, string? code
function M.post(client, kind, message)
  local socket = target_of(client)
  if not socket then return nil, "noproc", "noproc" end
  return process.post(socket, kind, message)
end

local post = M.post

--- Sends a message, which goes to `handle_info`; tables are copied.
---@param message any
---@return true? ok, string? err, string? code nil, "noproc": it is not there; nil, "mailbox_full"
function Client:send(message)
  check.self(self, NAME)
  return post(self, "info", copy_of(1, message))
end

--- Sends a message to a client's `handle_info`.
---@param client slipstream.Client|string
---@param message any
---@return true? ok, string? err, string? code
function M.send(client, message)
  local target = M.find(client, registry.whereis)
  if target and target._is_remote then return remote.post(target, remote.tell(target, 2, "info", message)) end
  return post(target, "info", copy_of(2, message))
end

--- Sends a message, which goes to `handle_cast`; tables are copied.
---@param message any
---@return true? ok, string? err, string? code nil, "noproc": it is not there; nil, "mailbox_full"
function Client:cast(message)
  check.self(self, NAME)
  return post(self, "cast", copy_of(1, message))
end

--- Sends a message to a client's `handle_cast`.
---@param client slipstream.Client|string
---@param message any
---@return true? ok, string? err, string? code
function M.cast(client, message)
  local target = M.find(client, registry.whereis)
  if target and target._is_remote then return remote.post(target, remote.tell(target, 2, "cast", message)) end
  return post(target, "cast", copy_of(2, message))
end

-- Who calls: the owner of the fiber that will wait.
local function caller_of(client)
  local owner = fiber.check_may_wait()
  if owner._client == client then check.misuse "waits for the client itself: it would wait for ever" end
  return owner
end

--- Asks with a request that is nobody else's, and waits.
---@param owner table whose fiber waits
---@param client slipstream.Client? of this worker
---@param request any
---@param msec integer? no limit when absent
---@return any reply, any reason
function M.ask(owner, client, request, msec)
  local socket = target_of(client)
  if not socket then return nil, "noproc", "noproc" end
  local from <close> = froms.new(owner, socket)
  local ok, text, code = process.post(socket, "call", request, from)
  if not ok then return nil, text, code end
  return fiber.await(msec, froms.replied, from)
end

local ask = M.ask

--- Asks: `handle_call(request, from)` of the other client gives the reply, at once or later. Waits, so it
-- is for callbacks and scripts. Raises when a client calls itself: it would wait for itself.
---@param request any tables are copied
---@param msec integer? 5000
---@return any reply; nil and "noproc" when the client is not there, "timeout", or why it ended meanwhile
---@return any reason
function Client:call(request, msec)
  check.self(self, NAME)
  check.is_msec(2, msec)
  local owner = caller_of(self)
  return ask(owner, self, copy_of(1, request), msec or CALL_MSEC)
end

--- Asks a client, see `Client:call`.
---@param client slipstream.Client|string
---@param request any
---@param msec integer? 5000
---@return any reply, any reason
function M.call(client, request, msec)
  local target = M.find(client, registry.whereis)
  check.is_msec(3, msec)
  local owner = caller_of(target)
  if not (target and target._is_remote) then
    return ask(owner, target, copy_of(2, request), msec or CALL_MSEC)
  end
  local question <close> = remote.put(target, 2, "call", request)
  return remote.await_reply(question, msec)
end

--- Gives the reply to a call, at once or later. A late one is dropped.
---@param from slipstream.From what `handle_call` was given
---@param value any tables are copied
---@return boolean was_waiting whether the caller still waited
function M.reply(from, value)
  if not froms.is(from) then check.fail(1, "the `from` of a handle_call expected") end
  local ok, result = pcall(from.reply, from, value)
  if not ok then check.fail(2, result) end
  return result
end

return M
