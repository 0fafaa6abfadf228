-- Handle: an application that listens: its address, its sockets, its end.
local check = require "slipstream.check"
local core = require "slipstream.core"
local handshake = require "slipstream.server.handshake"
local log = require "slipstream.log"
local show = require "slipstream.show"
local Socket = require "slipstream.server.socket"

---@class slipstream.ServerHandle
---@field host string
---@field port integer where it listens
local Handle = {}
Handle.__index = Handle
Handle.__name = "slipstream.server.handle"

local loopback, subprotocol = "127.0.0.1", "phoenix"

-- Runs an application's function that decides about a request; an error is a 500.
local function decide(app, where, fn, ...)
  local is_ok, verdict, status, body, headers = app:protect(where, app, fn, ...)
  if not is_ok then return nil, handshake.response(500, "internal server error") end
  if verdict == true then return true end
  return nil, handshake.response(status or 403, body, headers)
end

local function answer_plain(app, request)
  local respond = app.options.http
  local _, response = decide(app, "http", function()
    local status, body, headers
    if respond then status, body, headers = respond(request.method, request.path, request) end
    if not status then status, body = 404, "not found" end
    return false, status, body, headers
  end)
  return response
end

local function connect(app, socket, request, header, upgrade)
  local info = {
    path = request.path, vsn = upgrade.vsn, auth_token = upgrade.auth_token, header = header,
  }
  local options = app.options
  socket.params = upgrade.params
  return decide(app, "connect", function()
    if options.connect then
      local verdict, status, body, headers = options.connect(socket, socket.params, info)
      if not verdict then return false, status, body, headers end
    end
    if options.id then socket.id = options.id(socket) end
    return true
  end)
end

local function open_count(handle)
  local counts = handle.counts
  return counts.opened - counts.closed - counts.lost
end

-- The response to who comes when all places are taken; the log says so once, until there was room again.
local function turn_away(handle)
  local most = handle.app.options.max_connections
  local is_full = open_count(handle) >= most
  if is_full and not handle.is_full then log.warn("server: it is full", { max_connections = most }) end
  handle.is_full = is_full
  return is_full and handshake.response(503, "the server is full") or nil
end

-- Answers nil to accept, else the bytes of the response.
local function decide_about(handle, conn, request)
  local app = handle.app
  local function header(name) return conn:header(name) end
  if request.path ~= app.options.path then return answer_plain(app, request) end
  local upgrade, refusal = handshake.read(request, header, app.options.serializer ~= nil)
  if not upgrade then return refusal end
  refusal = turn_away(handle)
  if refusal then return refusal end
  local socket = Socket.new(app, conn, upgrade.vsn)
  local is_in, response = connect(app, socket, request, header, upgrade)
  if not is_in then return response end
  handle.sockets[conn] = socket
  handle.counts.opened = handle.counts.opened + 1
  log.debug("server: connected", { connection = socket.number, vsn = upgrade.vsn })
end

local function answer(handle, conn, request)
  local response = decide_about(handle, conn, request)
  if response then
    local status, meter = response:match "^%S+ (%d+)", handle.app.meter
    if meter then meter:count("responses", status) end
    log.debug("server: request answered", { method = request.method, path = request.path, status = status })
    if request.method == "HEAD" then return handshake.without_body(response) end
  end
  return response
end

-- With a code the client's close frame came, and ours went: before it, or as the answer.
local function count_end(handle, code)
  local outcome = code and "closed" or "lost"
  handle.counts[outcome] = handle.counts[outcome] + 1
end

-- What core.http_server calls.
local function handlers_of(handle)
  local sockets = handle.sockets
  return {
    request = function(conn, request) return answer(handle, conn, request) end,
    message = function(conn, bytes, is_binary) sockets[conn]:receive(bytes, is_binary) end,
    refused = function(conn, code, why)
      local fields = { connection = sockets[conn].number, code = code, reason = why }
      log.info("server: closes a connection", fields)
    end,
    closed = function(conn, code)
      local socket = sockets[conn]
      sockets[conn] = nil
      if not socket then return end
      count_end(handle, code)
      socket:finish "closed"
      log.debug("server: disconnected", { connection = socket.number })
    end,
    starved = function(why) log.warn("server: who connects has to wait", { reason = why }) end,
    stopped = function()
      handle.app.handles[handle] = nil
      handle.is_over = true
      for _, on_stopped in ipairs(handle.on_stopped) do handle.app:protect("stop", handle, on_stopped) end
    end,
    failed = function(name, traceback) handle.app.options.report(name, traceback, {}) end,
  }
end

local known = { host = "string", port = "integer" }

local function check_settings(settings)
  for key, value in pairs(settings) do
    local kind = math.type(value) == "integer" and "integer" or type(value)
    if not known[key] then
      error(("listen: unknown setting %s"):format(tostring(key)), 4)
    elseif kind ~= known[key] then
      error(("listen: %s: expected %s, got %s"):format(key, known[key], kind), 4)
    end
  end
  local port = settings.port or 0
  if port < 0 or port > 65535 then error(("listen: port: %d is not from 0 to 65535"):format(port), 4) end
end

function Handle.open(app, settings)
  check_settings(settings)
  local handle = setmetatable({
    app = app, sockets = {}, on_stopped = {}, counts = { opened = 0, closed = 0, lost = 0 },
  }, Handle)
  local host, port = settings.host or loopback, settings.port or 0
  local options = app.options
  local server, text = core.http_server({
    host = host, port = port, subprotocol = subprotocol,
    idle_timeout_msec = options.idle_timeout_msec, max_connections = options.max_connections,
    max_message_bytes = options.max_message_bytes, max_queue_bytes = options.max_queue_bytes,
  }, handlers_of(handle))
  if not server then return nil, show.cannot_listen(show.address(host, port), text) end
  handle.server, handle.host, handle.port = server, host, server:port()
  app.handles[handle] = true
  return handle
end

--- The connections.
---@return slipstream.ServerSocket[]
function Handle:connected()
  check.self(self, Handle.__name)
  local list = {}
  for _, socket in pairs(self.sockets) do list[#list + 1] = socket end
  return list
end

---@class slipstream.ServerStats
---@field opened integer connections that were accepted
---@field open integer those that live
---@field closed integer those that ended with the closing handshake
---@field lost integer those that ended without it

--- Counts connections, those of refused requests not among them.
---@return slipstream.ServerStats
function Handle:stats()
  check.self(self, Handle.__name)
  local counts = self.counts
  return { opened = counts.opened, open = open_count(self), closed = counts.closed, lost = counts.lost }
end

-- Keeps what is to be called when all is over; calls it at once when it is.
local function when_stopped(handle, on_stopped)
  if handle.is_over and on_stopped then return on_stopped() end
  handle.on_stopped[#handle.on_stopped + 1] = on_stopped
end

--- Shuts down in good order: listens no more, closes sockets with 1012 when they have a channel joined
-- and 1000 when not.
---@param on_stopped (fun())? called when all is over
function Handle:stop(on_stopped)
  check.self(self, Handle.__name)
  check.is_optional(1, on_stopped, "function")
  when_stopped(self, on_stopped)
  if self.is_stopping then return end
  self.is_stopping = true
  for _, socket in ipairs(self:connected()) do socket:drain() end
  self.server:stop()
end

--- Ends at once, as a killed process does: TCP ends without close frames.
---@param on_stopped (fun())? called when all is over
function Handle:kill(on_stopped)
  check.self(self, Handle.__name)
  check.is_optional(1, on_stopped, "function")
  when_stopped(self, on_stopped)
  self.is_stopping = true
  for _, socket in ipairs(self:connected()) do socket:drop() end
  self.server:close()
end

return Handle
