-- Phoenix: the server's side of a story over the pretended network, in the server's verbs:
--
--   local host, server, clock = phoenix.pretend()
--   slipstream.start(Module, args, { host = host })
--   server:accept()
--   server:expect_join("room:1"):reply("ok")
--   server:drop()
--   clock:advance(10)
--
-- Nothing moves but by these calls, so the order of things is the spec's. It is the test kit's way to be a
-- server (slipstream.test), but for what a good one never does.
local connections = require "slipstream.test.connection"
local core = require "slipstream.core"
local kit = require "slipstream.test.kit"
local log = require "slipstream.log"
local wire = require "slipstream.server.wire"
local ws = require "spec.support.ws"

local M = {}

local Server = {}
Server.__index = Server

local Clock = {}
Clock.__index = Clock

local Request = {}
Request.__index = Request

-- Lets the client do what there is to do now.
local function settle(self) self.host:advance(0) end

-- The host, its server and its clock. What is logged from now on is kept in `server.logged`.
function M.pretend(seed)
  local host = assert(core.pretend(seed))
  local server = setmetatable({ host = host, inbox = {}, logged = {} }, Server)
  log.set_sink(function(_, entry) table.insert(server.logged, entry) end)
  return host, server, setmetatable({ host = host }, Clock)
end

function Clock:advance(msec) self.host:advance(msec) end

-- Ends the story, wherever it stands: nothing of it is known any more, no client and no name.
M.close = kit.close

-- Connections.

function Server:was_dialled()
  settle(self)
  return self.host:waiting() > 0
end

-- Takes the dial that waits longest.
function Server:take_dial()
  settle(self)
  self.connection = assert(connections.take(self.host), "nobody dialled")
  self.peer, self.parser, self.inbox = self.connection.peer, ws.parser(), {}
  return self.peer
end

-- Lets TCP succeed, and reads the request.
function Server:read_request()
  self:take_dial()
  self.request = self.connection:read_request()
  return self.request
end

function Server:accept()
  local request = self:read_request()
  self.connection:accept()
  settle(self)
  return request
end

function Server:refuse(status, body)
  self:read_request()
  body = body or ""
  self:send_raw(("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s"):format(status, #body, body))
end

function Server:redirect(location)
  self:read_request()
  self:send_raw(("HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"):format(location))
end

-- The connection ends without a word.
function Server:drop()
  self.peer:finish()
  settle(self)
end

function Server:send_raw(bytes)
  assert(self.peer:send(bytes))
  settle(self)
end

function Server:send_frame(frame) self:send_raw(ws.frame(frame)) end

function Server:send_close(code, text)
  self:send_frame { opcode = "close", payload = ws.close_payload(code, text) }
end

-- Messages.

function Server:send(join_ref, ref, topic, event, payload)
  self:send_frame {
    payload = wire.write(2, {
      kind = "push", join_ref = join_ref, ref = ref, topic = topic, event = event, payload = payload,
    }),
  }
end

function Server:broadcast(topic, event, payload) self:send(nil, nil, topic, event, payload) end

-- Frames that came since the last look.
local function gather(self)
  settle(self)
  for _, frame in ipairs(self.parser:feed(self.peer:take())) do self.inbox[#self.inbox + 1] = frame end
end

function Server:next_frame()
  gather(self)
  return table.remove(self.inbox, 1)
end

-- The next message must be that one.
function Server:expect(topic, event)
  local frame = assert(self:next_frame(), ("nothing came instead of %s to %s"):format(event, topic))
  assert(frame.opcode == "text", ("a %s frame came instead of %s to %s"):format(frame.opcode, event, topic))
  local message = assert(wire.read(2, frame.payload, false))
  assert(message.topic == topic and message.event == event,
    ("%s to %s came instead of %s to %s"):format(message.event, message.topic, event, topic))
  message.server = self
  return setmetatable(message, Request)
end

function Server:expect_join(topic) return self:expect(topic, "phx_join") end

function Server:expect_leave(topic) return self:expect(topic, "phx_leave") end

function Server:expect_heartbeat() return self:expect("phoenix", "heartbeat") end

-- The next frame must be a close; answers its code and text.
function Server:expect_close()
  local frame = assert(self:next_frame(), "no close frame came")
  assert(frame.opcode == "close", ("a %s frame came instead of a close"):format(frame.opcode))
  return ws.read_close(frame.payload)
end

function Server:is_silent()
  gather(self)
  return #self.inbox == 0
end

-- What the server does about a request.

function Request:reply(status, response)
  local payload = { status = status, response = response or {} }
  self.server:send(self.join_ref, self.ref, self.topic, "phx_reply", payload)
  return self
end

function Request:push(event, payload)
  self.server:send(self.join_ref, nil, self.topic, event, payload)
  return self
end

-- The channel of this join crashes, or stops in good order.
function Request:crash() self.server:send(self.join_ref, self.join_ref, self.topic, "phx_error", {}) end

function Request:close() self.server:send(self.join_ref, self.join_ref, self.topic, "phx_close", {}) end

return M
