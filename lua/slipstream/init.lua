--- Slipstream: clients of Phoenix channels.
--
--     local slipstream = require "slipstream"
--     local Lobby = slipstream.client {}
--     function Lobby:init(args) self:connect { uri = args.uri } end
--     function Lobby:handle_connect() self:join "room:lobby" end
--     function Lobby:handle_message(topic, event, payload) print(topic, event, payload.body) end
--     return Lobby

local core = require "slipstream.core"
require "slipstream.reason"
local check = require "slipstream.check"
local client = require "slipstream.client"
local dispatch = require "slipstream.dispatch"
local handle = require "slipstream.handle"
local log = require "slipstream.log"
local match = require "slipstream.match"
local registry = require "slipstream.registry"
local reloads = require "slipstream.reload"
local script = require "slipstream.script"
local supervisor = require "slipstream.supervisor"
local telemetry = require "slipstream.telemetry"
local traceback = require "slipstream.traceback"
local worker = require "slipstream.worker"

---@class slipstream
---@field version string such as "0.1.0"
---@field null lightuserdata JSON's null, the same value as cjson.null
---@field array_mt table the metatable that marks arrays
---@field default slipstream.Default the defaults of all callbacks, to be called by hand
---@field any table a pattern that everything matches
---@field log slipstream.log one line an event
---@field telemetry slipstream.telemetry tells functions what happens
---@field worker slipstream.worker which of the program's workers this is
local M = {
  version = core.version,
  null = core.null,
  array_mt = core.array_mt,
  default = client.default,
  any = match.any,
  log = log,
  telemetry = telemetry,
  worker = worker,
}

--- Makes a client module.
---@type fun(options: slipstream.ClientOptions?): slipstream.Default
M.client = client.new

--- Whether a value is a client module.
---@type fun(value: any): boolean
M.is_client = client.is_module

--- Starts a client of a module.
---@type fun(module: table, args: any, options: slipstream.StartOptions?): slipstream.Client?, any
M.start = handle.start

--- The client of that name, if it is there.
---@type fun(name: string): slipstream.Client?
M.whereis = registry.whereis

--- Asks a client, or the one of a name, and waits for the reply: see `Client:call`.
---@type fun(client: slipstream.Client|string, request: any, msec: integer?): any, any
M.call = dispatch.call

--- Gives the reply to a call, at once or later.
---@type fun(from: slipstream.From, value: any): boolean
M.reply = dispatch.reply

--- Sends to a client's `handle_cast`, or to that of the client of a name.
---@type fun(client: slipstream.Client|string, message: any): true?, string?, string?
M.cast = dispatch.cast

--- Sends to a client's `handle_info`, or to that of the client of a name.
---@type fun(client: slipstream.Client|string, message: any): true?, string?, string?
M.send = dispatch.send

--- Stops a client, or the one of a name.
---@type fun(client: slipstream.Client|string, reason: any, code: integer?): true?, string?, string?
M.stop = handle.stop

--- The clients that there are, in the order of their starts, and those that gave up.
---@type fun(): slipstream.Client[]
M.clients = registry.clients

--- Calls a function whenever a client has ended for good.
---@type fun(fn: fun(client: slipstream.Client, reason: any, is_failure: boolean)): fun()
M.watch = registry.watch

--- Runs a function that may wait, and the loop, until it and the clients that it started are done.
---@type fun(fn: function, ...: any): ...
M.run = script.run

--- Makes a supervisor of other clients; its fields are functions for those that run.
---@type slipstream.supervisor
M.supervisor = supervisor

--- Connects a socket without a module, for scripts.
---@type fun(config: slipstream.Config, options: table?): slipstream.Socket?, string?, string?
M.connect = script.connect

--- Waits for a callback of anything.
---@type fun(start: fun(go_on: fun(...: any)), msec: integer?): ...
M.await = script.await

--- Loads modules of the script once more, and moves the live clients to the new code.
---@type fun(module: table|string|nil): slipstream.Reloaded?, string?, string?
M.reload = reloads.reload

--- A payload that is sent as a binary frame; incoming binary payloads are such tables.
---@param bytes string
---@return { bytes: string }
function M.binary(bytes)
  check.is(1, bytes, "string")
  return setmetatable({ bytes = bytes }, core.binary_mt)
end

--- Marks a table as an array, so that an empty one is [] and not {}.
---@param list table?
---@return table list the same one
function M.array(list)
  check.is_optional(1, list, "table")
  return setmetatable(list or {}, core.array_mt)
end

traceback.know_functions(M)

return M
