-- Server: an embedded server of Phoenix channels, for demos and tests:
--
--   local server = require "slipstream.server"
--   local app = server.new { connect = function(socket, params, info) return params.token == "x" end }
--   app:channel("room:*", {
--     join = function(channel, topic, params) return "ok", {} end,
--     handle_in = function(channel, event, payload) return "reply", "ok", payload end,
--   })
--   local handle = assert(app:listen { port = 4000 })
--
-- It runs on luv's loop, speaks vsn 1.0.0 and 2.0.0, text and binary, and answers what Phoenix 1.8 on
-- Cowboy answers (spec/replay). It listens on loopback unless told otherwise. The callbacks of a
-- channel are in slipstream.server.channel.
local check = require "slipstream.check"
local core = require "slipstream.core"
local App = require "slipstream.server.app"
local log = require "slipstream.log"
local nearest = require "slipstream.nearest"
local setting = require "slipstream.setting"

---@class slipstream.server
local M = {}

local MiB = 1024 * 1024

local function report_to_log(where, text, details)
  log.error("server: " .. text, {
    callback = where, pattern = details.pattern, topic = details.topic, event = details.event,
    traceback = details.traceback,
  })
end

---@class slipstream.ConnectInfo
---@field path string
---@field vsn integer|string 1 or 2; with a serializer any other text
---@field auth_token string?
---@field header fun(name: string): string? while `connect` runs

---@class slipstream.ServerOptions
---@field connect (fun(socket: slipstream.ServerSocket, params: table, info: slipstream.ConnectInfo): ...)?
---who may come in: true, false, or nil, status, body, headers
---@field id (fun(socket: slipstream.ServerSocket): any)? by which `disconnect` finds a connection
---@field http (fun(method: string, path: string, request: table): ...)? status, body, headers for other paths
---@field report (fun(where: string, text: string, details: table))? hears of errors instead of the log
---@field serializer slipstream.Serializer? another format than JSON, for all connections
---@field path string? "/socket/websocket"
---@field idle_timeout_msec integer? 60000; 0: none
---@field max_joins integer? 100
---@field max_message_bytes integer? 16 MiB
---@field max_queue_bytes integer? 32 MiB
---@field max_connections integer? 10000

-- The options, with their types and defaults.
local known = {
  -- connect(socket, params, info) → true, false (403), or nil, status, body, headers. `info` has path,
  -- vsn, auth_token, and header(name) while connect runs. Without one everybody may come in.
  connect = { "function" },
  -- id(socket) → the name by which app:disconnect finds it, or nil.
  id = { "function" },
  -- http(method, path, request) → status, body, headers for other paths; nothing: 404.
  http = { "function" },
  -- report(where, text, details): an error in a callback; `details` has pattern, topic and event where
  -- there are such, and the traceback when it has more places than `text`. The default is the log.
  report = { "function", report_to_log },
  -- encode(message) → bytes [, is_binary], decode(bytes, is_binary) → message: in the place of JSON, for all
  -- connections and any vsn.
  serializer = { "table" },
  path = { "string", "/socket/websocket" },
  idle_timeout_msec = { "integer", 60000 }, -- 0: none
  max_joins = { "integer", 100 },
  max_message_bytes = { "integer", 16 * MiB },
  max_queue_bytes = { "integer", 32 * MiB },
  max_connections = { "integer", 10000 },
}

local function type_of(value)
  return math.type(value) == "integer" and "integer" or type(value)
end

local function unknown(key)
  return ("server.new: unknown option %s%s"):format(tostring(key), nearest.hint(key, known))
end

local function check_options(given)
  local options = {}
  for key, rule in pairs(known) do options[key] = rule[2] end
  for key, value in pairs(given) do
    local rule = known[key]
    if not rule then error(unknown(key), 3) end
    if type_of(value) ~= rule[1] then
      error(("server.new: %s: expected %s, got %s"):format(key, rule[1], type_of(value)), 3)
    end
    options[key] = value
  end
  local fault = options.serializer and setting.all.serializer(options.serializer)
  if fault then error("server.new: serializer: " .. fault, 3) end
  return options
end

--- Makes an application. Unknown options raise.
---@param options slipstream.ServerOptions?
---@return slipstream.ServerApp
function M.new(options)
  check.is_optional(1, options, "table")
  return App.new(check_options(options or {}))
end

--- A payload that goes as bytes.
---@param bytes string
---@return { bytes: string }
function M.binary(bytes)
  check.is(1, bytes, "string")
  return setmetatable({ bytes = bytes }, core.binary_mt)
end

return M
