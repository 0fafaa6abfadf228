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
local log = require "slipstream.log"
local process = require "slipstream.process"

---@class slipstream
---@field version string
---@field null lightuserdata JSON's null, the same value as cjson.null
---@field array_mt table the metatable that marks arrays
---@field default slipstream.Default the defaults of all callbacks, to be called by hand
---@field log table see slipstream.log
local M = {
  version = core.version,
  null = core.null,
  array_mt = core.array_mt,
  default = client.default,
  log = log,
}

--- Makes a client module.
---@type fun(options: slipstream.ClientOptions?): slipstream.Default
M.client = client.new

--- Whether a value is a client module.
---@type fun(value: any): boolean
M.is_client = client.is_module

--- Starts a client of a module.
---@type fun(module: table, args: any, options: slipstream.StartOptions?): slipstream.Client?, any
M.start = process.start

--- The clients that have not ended, in the order of their starts.
---@type fun(): slipstream.Client[]
M.clients = process.clients

--- Calls a function whenever a client has ended for good.
---@type fun(fn: fun(client: slipstream.Client, reason: any, is_failure: boolean)): fun()
M.watch = process.watch

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

return M
