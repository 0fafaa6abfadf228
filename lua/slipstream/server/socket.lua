-- Socket: one client's connection and the channels that it joined: what Phoenix.Socket does with a
-- message.
local check = require "slipstream.check"
local Channel = require "slipstream.server.channel"
local log = require "slipstream.log"
local wire = require "slipstream.server.wire"

---@class slipstream.ServerSocket
---@field assigns table
---@field params table those of the query
---@field id any what the app's `id` has answered
---@field vsn integer|string 1 or 2; with a serializer of the app's own any other text
---@field format slipstream.ServerFormat
local Socket = {}
Socket.__index = Socket
Socket.__name = "slipstream.server.socket"

local undecodable, going_away, restarting, normal = 1011, 1001, 1012, 1000

local last_number = 0

function Socket.new(app, conn, vsn)
  last_number = last_number + 1
  return setmetatable({
    number = last_number, -- for the log
    app = app, conn = conn, vsn = vsn, format = app.options.serializer or vsn,
    channels = {}, count = 0, is_open = true, assigns = {},
  }, Socket)
end

-- A peer that takes nothing until its queue is full is let go, so that it costs no more memory.
function Socket:send(bytes, is_binary)
  if not self.is_open then return end
  local sent, _, code = self.conn:send(bytes, is_binary)
  local meter = self.app.meter
  if meter and sent then meter:sent(#bytes) end
  if not sent and code == "queue_full" then self:drop() end
end

-- Ends the channels; the connection is closed or about to be.
function Socket:finish(reason)
  if not self.is_open then return end
  self.is_open = false
  for _, channel in ipairs(self:joined()) do channel:finish(reason) end
end

--- The channels that it joined.
---@return slipstream.Channel[]
function Socket:joined()
  check.self(self, Socket.__name)
  local list = {}
  for _, channel in pairs(self.channels) do list[#list + 1] = channel end
  return list
end

--- Closes with a close frame and ends TCP behind it.
---@param code integer? 1000
---@param text string? at most 123 bytes of it are sent
function Socket:close(code, text)
  check.self(self, Socket.__name)
  check.is_close_code(1, code)
  check.is_optional(2, text, "string")
  if text and not utf8.len(text) then check.fail(2, "UTF-8 expected") end
  self:finish "closed"
  self.conn:close(code or normal, text)
end

--- Ends TCP at once, as when the process dies.
function Socket:drop()
  check.self(self, Socket.__name)
  self:finish "closed"
  self.conn:drop()
end

--- Closes with 1001, as `app:disconnect` does.
function Socket:disconnect()
  self:close(going_away)
end

-- As when the server is shut down in good order.
function Socket:drain()
  self:close(self.count > 0 and restarting or normal)
end

function Socket:remember(channel)
  self.channels[channel.topic] = channel
  self.count = self.count + 1
end

function Socket:forget(channel)
  if self.channels[channel.topic] ~= channel then return end
  self.channels[channel.topic] = nil
  self.count = self.count - 1
end

local function reply(socket, message, join_ref, status, response)
  socket:send(wire.write(socket.format, {
    kind = "reply", join_ref = join_ref, ref = message.ref, topic = message.topic,
    event = "phx_reply", status = status, payload = response,
  }))
end

local refusals = {
  unmatched_topic = "unmatched topic", too_many_channels = "too many channels joined",
  refused = "its join returned an error or raised one",
}

local function tell_refusal(socket, message, kind)
  local meter = socket.app.meter
  if meter then meter:count("refused", kind) end
  log.debug("server: join refused",
    { connection = socket.number, topic = message.topic, reason = refusals[kind] })
end

local function refuse_unmatched(socket, message)
  reply(socket, message, nil, "error", { reason = "unmatched topic" })
end

-- Calls join; answers the status and response of the reply.
local function ask_to_join(channel, message)
  local app = channel.app
  local is_ok, status, response = app:protect("join", channel, function()
    local status, response = channel.handlers.join(channel, message.topic, message.payload)
    if status ~= "ok" and status ~= "error" then
      error(('join returned %s; it must return "ok" or "error"'):format(tostring(status)), 0)
    end
    return status, response
  end)
  if is_ok then return status, response end
  return "error", { reason = "join crashed" }
end

local function admit(socket, channel)
  channel.is_joined = true
  socket:remember(channel)
  socket.app:subscribe(channel)
  local meter = socket.app.meter
  if meter then meter:count("joins", channel.pattern) end
  log.debug("server: joined", { connection = socket.number, topic = channel.topic })
end

local function join(socket, message, old)
  local handlers, pattern = socket.app:match(message.topic)
  if not handlers then
    tell_refusal(socket, message, "unmatched_topic")
    return refuse_unmatched(socket, message)
  end
  if old then
    old:finish "duplicate"
  elseif socket.count >= socket.app.options.max_joins then
    tell_refusal(socket, message, "too_many_channels")
    return reply(socket, message, message.join_ref, "error", { reason = "too many channels joined" })
  end
  local channel = Channel.new(socket, handlers, pattern, message)
  local status, response = ask_to_join(channel, message)
  if status == "ok" and socket.is_open then admit(socket, channel) end
  if status == "error" then tell_refusal(socket, message, "refused") end
  local is_sent = socket.app:protect("join", channel,
    reply, socket, message, message.join_ref, status, response)
  if not is_sent then channel:stop "crash" end
  -- The old channel says goodbye only now, as Phoenix does.
  if old then old:say_closed "phx_close" end
  if channel.is_joined and handlers.joined
    and not socket.app:protect("joined", channel, handlers.joined, channel) then
    channel:stop "crash"
  end
end

local function route(socket, message)
  if message.topic == "phoenix" and message.event == "heartbeat" then
    return reply(socket, message, nil, "ok")
  end
  local channel = socket.channels[message.topic]
  if message.event == "phx_join" then return join(socket, message, channel) end
  if channel then
    local is_stale = message.join_ref ~= nil and message.join_ref ~= channel.given_ref
    if is_stale then return end -- without a reply, as 1.8 does
    if message.event == "phx_leave" then return channel:leave(message) end
    return channel:receive(message)
  end
  if message.event == "phx_leave" then return reply(socket, message, message.join_ref, "ok") end
  refuse_unmatched(socket, message)
end

-- A frame of the client's. What cannot be decoded, or not be answered, closes the socket.
function Socket:receive(bytes, is_binary)
  if not self.is_open then return end
  local meter = self.app.meter
  if meter then meter:received(#bytes) end
  local message, fault = wire.read(self.format, bytes, is_binary)
  if not message and self.app.options.serializer then self.app.options.report("serializer", fault, {}) end
  if not message or not self.app:protect("socket", message, route, self, message) then
    self:close(undecodable)
  end
end

return Socket
