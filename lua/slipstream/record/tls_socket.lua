--- Tls_socket: a TCP socket with TLS on it, which has those methods of luv's sockets that a relay uses, so
-- that what is written for the one goes with the other.

local core = require "slipstream.core"
local uv = require "luv"

---@class slipstream.TlsSocket
local Socket = {}
Socket.__index = Socket

local M = {}

--- Makes one that is not connected.
---@param tls userdata settings, of core.tls
---@param host string whom the certificate must be for
---@return slipstream.TlsSocket? socket, string? err
function M.new(tls, host)
  local engine, text = core.tls_engine(tls, host)
  if not engine then return nil, text end
  return setmetatable({ tcp = uv.new_tcp(), engine = engine, state = "shaking", plain = "" }, Socket)
end

-- Sends what the engine has for the server.
local function send(socket, done)
  local bytes = socket.engine:take()
  if bytes ~= "" then return socket.tcp:write(bytes, done) end
  return true
end

-- The handshake went well, or failed; once.
local function answer(socket, err)
  local connected = socket.connected
  socket.connected = nil
  if connected then connected(err) end
end

-- Hands on what was read: bytes, then the end.
local function deliver(socket)
  local on_bytes = socket.on_bytes
  if not on_bytes then return end
  if socket.plain ~= "" then
    local bytes = socket.plain
    socket.plain = ""
    on_bytes(nil, bytes)
  end
  if socket.ending and socket.on_bytes then
    socket.on_bytes = nil
    on_bytes(socket.ending.err, nil)
  end
end

local function finish(socket, err)
  socket.ending = socket.ending or { err = err }
  socket.tcp:read_stop()
  answer(socket, err or "the server ended the connection during the TLS handshake")
  deliver(socket)
end

local function receive(socket, err, bytes)
  if not bytes then return finish(socket, err) end
  local plain, state = socket.engine:feed(bytes)
  send(socket)
  if not plain then return finish(socket, state) end
  socket.plain = socket.plain .. plain
  if state ~= "shaking" then answer(socket) end
  if socket.tcp:is_closing() then return end
  deliver(socket)
  if state == "over" then finish(socket) end
end

--- Connects, and shakes hands.
function Socket:connect(address, port, connected)
  self.connected = connected
  return self.tcp:connect(address, port, function(err)
    if err then return answer(self, err) end
    self.engine:feed ""
    send(self)
    self.tcp:read_start(function(...) receive(self, ...) end)
  end)
end

function Socket:read_start(on_bytes)
  self.on_bytes = on_bytes
  if not self.ending then self.tcp:read_start(function(...) receive(self, ...) end) end
  if self.plain ~= "" or self.ending then self:_later() end
end

-- Never from inside of the call.
function Socket:_later()
  local timer = uv.new_timer()
  timer:start(0, 0, function()
    timer:close()
    if not self.tcp:is_closing() then deliver(self) end
  end)
end

function Socket:read_stop()
  self.on_bytes = nil
  self.tcp:read_stop()
end

function Socket:write(bytes, written)
  local ok, text = self.engine:write(bytes)
  if not ok then return nil, text end
  return send(self, written)
end

--- Says close_notify, then FIN.
function Socket:shutdown(done)
  self.engine:finish()
  send(self)
  return self.tcp:shutdown(done)
end

function Socket:nodelay(is_on) return self.tcp:nodelay(is_on) end

function Socket:is_closing() return self.tcp:is_closing() end

function Socket:close(done)
  self.on_bytes, self.connected = nil, nil
  if not self.tcp:is_closing() then self.tcp:close(done) end
end

function Socket:close_reset(done)
  self.on_bytes, self.connected = nil, nil
  return self.tcp:close_reset(done)
end

return M
