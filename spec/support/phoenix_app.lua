-- Phoenix_app: the application of the servers that were recorded (spec/replay/recordings), scripted
-- for ours: what its room channel did with each event, as the recordings show it.
local uv = require "luv"
local core = require "slipstream.core"
local server = require "slipstream.server"

local M = {}

local refusals = {
  unauthorized = { 401, "unauthorized" },
  busy = { 429, "busy", { ["retry-after"] = "2" } },
}

local function connect(socket, params, info)
  local token = params.token
  if token == "raise" then error "connect raised" end
  if token == "bad" then return false end
  local refusal = refusals[token]
  if refusal then return nil, table.unpack(refusal) end
  socket.assigns.auth_token = info.auth_token
  return true
end

local function id(socket)
  return socket.params.id and "user:" .. socket.params.id
end

local function http(_, path)
  if path == "/redirect" then return 302, "", { location = "/socket/websocket?vsn=2.0.0" } end
end

local function is_object(value)
  return type(value) == "table" and getmetatable(value) == nil
end

local function join(_, _, params)
  if not is_object(params) then
    if type(params) == "table" and params.bytes then return "ok", params end
    return "ok", { payload = params }
  end
  if params.crash then error "join raised" end
  if params.deny then return "error", { reason = "denied" } end
  return "ok", params
end

local events = {}

function events.echo(_, payload) return "reply", "ok", payload end
function events.echo_error(_, payload) return "reply", "error", payload end
function events.ok() return "reply", "ok" end
function events.noreply() return "noreply" end
function events.crash() error "crash" end
function events.kill() error "killed" end
function events.stop() return "stop", "normal" end
function events.stop_shutdown() return "stop", "shutdown" end
function events.stop_error() return "stop", "boom" end
function events.stop_reply(_, payload) return "stop", "shutdown", "ok", payload end
function events.kill_transport(channel) channel.socket:drop() end

function events.push_me(channel, payload)
  for i = 1, payload.n do channel:push("tick", { i = i }) end
  return "reply", "ok", payload
end

function events.broadcast(channel, payload)
  channel:broadcast("shout", payload)
  return "reply", "ok"
end

function events.broadcast_from(channel, payload)
  channel:broadcast_from("shout", payload)
  return "reply", "ok"
end

function events.binary_broadcast(channel, payload)
  channel:broadcast("binary_shout", payload)
  return "reply", "ok"
end

function events.binary_echo(channel, payload)
  if payload.n then payload = server.binary(("\xa5"):rep(payload.n)) end
  channel:push("binary_push", payload)
  return "reply", "ok", payload
end

function events.big(_, payload)
  return "reply", "ok", { data = ("x"):rep(payload.n) }
end

-- The recorded one took as long as the payload says; the order is what counts.
function events.slow(channel, payload)
  local ref, timer = channel.ref, uv.new_timer()
  timer:start(20, 0, function()
    timer:close()
    channel:reply(ref, "ok", payload)
  end)
end

function events.disconnect_me(channel)
  channel.app:disconnect(channel.socket.id)
end

function events.whoami(channel)
  local socket = channel.socket
  local token = socket.assigns.auth_token
  return "reply", "ok", {
    connect_info = ("%%{auth_token: %s}"):format(token and ("%q"):format(token) or "nil"),
    id = socket.id or core.null, transport = "websocket",
  }
end

local function handle_in(channel, event, payload)
  return events[event](channel, payload) -- an unknown event is a crash
end

-- Who is there, by the id of the connection.

local function user_of(channel) return "user:" .. channel.socket.params.id end

local presence = {
  join = function() return "ok" end,
  joined = function(channel) channel:track(user_of(channel), { n = 0, status = "online" }) end,
  handle_in = function(channel, _, payload)
    channel:reply(channel.ref, "ok")
    channel:update(user_of(channel), { n = 0, status = payload.status })
  end,
}

-- The application; options as server.new takes them, on top of its own.
function M.new(options)
  local all = { connect = connect, id = id, http = http, report = function() end }
  for key, value in pairs(options or {}) do all[key] = value end
  return server.new(all):channel("room:*", { join = join, handle_in = handle_in })
    :channel("presence:*", presence)
end

return M
