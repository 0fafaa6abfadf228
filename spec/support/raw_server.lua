-- Raw_server: a peer on 127.0.0.1, or on a unix socket, that sends any bytes at any time, for what a polite
-- server never does. It judges nothing; what the client sends it keeps, as the head of a request and as
-- frames.
local loop = require "spec.support.loop"
local uv = require "luv"
local ws = require "spec.support.ws"

local M = {}

local Connection = {}
Connection.__index = Connection

local Server = {}
Server.__index = Server

-- Listens on a port of its own: server.port.
function M.listen()
  local server = setmetatable({ tcp = uv.new_tcp(), accepted = {} }, Server)
  assert(server.tcp:bind("127.0.0.1", 0))
  server.port = server.tcp:getsockname().port
  assert(server.tcp:listen(8, function() server:take() end))
  return server
end

-- Listens on a unix socket instead; `close` removes its file.
function M.listen_at(path)
  local server = setmetatable({ tcp = uv.new_pipe(false), accepted = {} }, Server)
  assert(server.tcp:bind(path))
  assert(server.tcp:listen(8, function() server:take() end))
  return server
end

-- A port where nobody listens.
function M.free_port()
  local server = M.listen()
  server:close()
  return server.port
end

function Server:take()
  local tcp = self.port and uv.new_tcp() or uv.new_pipe(false)
  assert(self.tcp:accept(tcp))
  if self.port then tcp:nodelay(true) end
  local connection = setmetatable({
    tcp = tcp, parser = ws.parser(), bytes = "", frames = {},
  }, Connection)
  connection:read()
  self.accepted[#self.accepted + 1] = connection
end

-- The next connection, waited for.
function Server:accept()
  local count = self.taken or 0
  assert(loop.wait(function() return self.accepted[count + 1] end), "nobody connected")
  self.taken = count + 1
  return self.accepted[count + 1]
end

function Server:close()
  for _, connection in ipairs(self.accepted) do loop.close(connection.tcp) end
  loop.close(self.tcp)
end

-- The next connection, upgraded; `headers` are further lines of the answer, `frames` follow it in the
-- same write.
function Server:open(headers, frames)
  local connection = self:accept()
  connection:send(ws.response(connection:key(), headers) .. (frames or ""))
  return connection
end

-- What the client sends.

function Connection:read()
  self.tcp:read_start(function(err, bytes)
    if not bytes then
      self.ended = err or "eof"
    elseif self.request then
      self:read_frames(bytes)
    else
      self:read_request(bytes)
    end
  end)
end

function Connection:read_request(bytes)
  self.bytes = self.bytes .. bytes
  local request, rest = ws.read_head(self.bytes)
  if not request then return end
  self.request = request
  self:read_frames(rest)
end

function Connection:read_frames(bytes)
  for _, frame in ipairs(self.parser:feed(bytes)) do self.frames[#self.frames + 1] = frame end
end

-- From here on the kernel's buffers fill up.
function Connection:stop_reading() self.tcp:read_stop() end

-- The Sec-WebSocket-Key of the request, which is waited for.
function Connection:key()
  assert(loop.wait(function() return self.request end), "no whole request")
  return self.request.headers["sec-websocket-key"]
end

-- The next frame, waited for; `msec` as of loop.wait.
function Connection:frame(msec)
  assert(loop.wait(function() return self.frames[1] end, msec), "no frame came")
  return table.remove(self.frames, 1)
end

-- How the client ended its stream: "eof" or an error such as "ECONNRESET"; nil when it does not.
function Connection:ending()
  loop.wait(function() return self.ended end)
  return self.ended
end

-- What it is sent.

function Connection:send(bytes) assert(self.tcp:write(bytes)) end

-- Each byte in a write of its own, and as far as it is in our hands in a packet of its own.
function Connection:send_bytewise(bytes)
  for i = 1, #bytes do
    self.tcp:write(bytes:sub(i, i))
    uv.run "nowait"
  end
end

function Connection:send_frame(frame) self:send(ws.frame(frame)) end

-- FIN: nothing more will be sent, reading goes on.
function Connection:finish() self.tcp:shutdown() end

-- RST.
function Connection:reset()
  self.tcp:close_reset()
  uv.run "nowait"
end

return M
