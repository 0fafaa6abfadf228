-- Replay: plays one recorded connection to our client. What the recorded client sent ours is made to
-- send through its API, and the refs that it chose take the place of the recorded ones in what the
-- server said, which reaches it cut at random places. A model says what it must tell of it.
local client_model = require "spec.support.client_model"
local core = require "slipstream.core"
local recording = require "spec.support.recording"
local ws = require "spec.support.ws"

local show = recording.show
local M = {}

local Replay = {}
Replay.__index = Replay

-- The client's events, as the model words them.
local handlers = {}

function handlers.connect_due(self)
  assert(self.client:dial { uri = "ws://127.0.0.1:4000" .. self.target, protocols = self.protocols })
end

function handlers.redirected(self, status, location) self:tell("redirected", status, location) end

function handlers.connected(self) self:tell "connected" end

function handlers.disconnected(self, reason)
  if reason.kind == "connect_failed" then
    self:tell("disconnected connect_failed", reason.stage, show(reason.status), show(reason.body))
  else
    self:tell("disconnected", reason.kind, reason.code or "-", show(reason.text))
  end
end

function handlers.join_due(self, topic)
  local payload, is_binary = table.unpack(self.join_params)
  assert(self.client:send_join(topic, payload, is_binary))
end

function handlers.joined(self, topic, response) self:tell("joined", topic, show(response)) end

function handlers.topic_closed(self, topic, reason)
  local detail = { failed_to_join = show(reason.response), channel_error = show(reason.payload) }
  self:tell("topic_closed", topic, reason.kind, detail[reason.kind] or "-")
end

function handlers.left(self, topic) self:tell("left", topic) end

function handlers.message(self, topic, event, payload)
  self:tell("message", topic, event, show(payload))
end

function handlers.reply(self, ref, status, response, reason)
  self:tell("reply", ref, status, show(response), reason and reason.kind or "-")
end

function handlers.dropped(self, topic, event) self:tell("dropped", show(topic), event) end

function handlers.failed(self, name, traceback) self:tell("failed", name, traceback) end

function Replay:tell(...)
  self.told[#self.told + 1] = table.concat({ ... }, " ")
end

-- The client's frames.

local function control_line(frame)
  if frame.opcode ~= "close" then return frame.opcode .. " " .. frame.payload end
  return "close " .. show(ws.read_close(frame.payload))
end

-- Takes what the client wrote; answers its data frames, of which it sends none unasked.
function Replay:take_frames()
  self.host:advance(0)
  local data = {}
  for _, frame in ipairs(self.parser:feed(self.peer:take())) do
    assert(frame.is_masked and frame.fin and frame.rsv == 0, "an illegal frame")
    if frame.opcode == "text" or frame.opcode == "binary" then
      data[#data + 1] = frame
    else
      self.sent[#self.sent + 1] = control_line(frame)
    end
  end
  return data
end

-- The one message that the client has sent: it says what the recorded one does, under refs of its
-- own, which are remembered for what the server answers.
function Replay:expect_message(recorded, opcode)
  local frames = self:take_frames()
  assert(#frames == 1, ("one message expected, got %d"):format(#frames))
  local sent = recording.read_message(self.vsn, { dir = "c2s", opcode = opcode, data = frames[1].payload })
  for _, field in ipairs { "topic", "event", "payload" } do
    local ours, theirs = show(sent[field]), show(recorded[field])
    assert(frames[1].opcode == opcode and ours == theirs, ("sent %s instead of %s"):format(ours, theirs))
  end
  local join_ref = sent.event == "phx_join" and sent.ref or tostring(self.model:join_ref(sent.topic))
  assert(self.vsn == 1 or sent.join_ref == join_ref, "the join_ref is not the topic's")
  self.refs[tostring(recorded.ref)] = sent.ref
  self.made = self.made + 1
  return math.tointeger(tonumber(sent.ref))
end

-- Refs of what our client did not send must not look like its own.
function Replay:rename(ref)
  return self.refs[ref] or ref:find "^%d" and ("9000" .. ref):sub(1, 255) or ref
end

-- What our client is made to send.

local function payload_of(message)
  if getmetatable(message.payload) == core.binary_mt then return message.payload.bytes, true end
  return assert(core.json.encode(message.payload)), false
end

-- The recorded join_ref in our client's numbers; in vsn 1 there is none, and the present one is meant.
function Replay:our_join_ref(message)
  if self.vsn == 1 then return self.model:join_ref(message.topic) end
  return math.tointeger(tonumber(self.refs[tostring(message.join_ref)]))
end

function Replay:join(message, opcode)
  if not self.model:may_join(message.topic) then return end
  self.join_params = { payload_of(message) }
  self.model:asks_to_join(message.topic)
  assert(self.client:join(message.topic))
  self.model:sent_join(message.topic, self:expect_message(message, opcode))
end

function Replay:leave(message, opcode)
  if not self.model:may_leave(message.topic, self:our_join_ref(message)) then return end
  assert(self.client:leave(message.topic))
  self.model:sent_leave(message.topic, self:expect_message(message, opcode))
end

function Replay:push(message, opcode)
  if not self.model:may_push(message.topic, self:our_join_ref(message)) then return end
  local payload, is_binary = payload_of(message)
  local ref = assert(self.client:push(message.topic, message.event, payload, is_binary))
  assert(self:expect_message(message, opcode) == ref, "the push has another ref")
  self.model:sent_push(message.topic, ref)
end

function Replay:send_message(line)
  local message = recording.read_message(self.vsn, recording.plain(line))
  local is_odd = line.rsv1 and not line.inflated or line.fin == false or line.masked == false
  if is_odd or not message or self.vsn == 1 and line.opcode == "binary" then return end
  local send = ({ phx_join = self.join, phx_leave = self.leave })[message.event] or self.push
  send(self, message, line.opcode)
end

function Replay:send_close(line)
  local close = line.data
  if self.model.link ~= "open" or not close or close.code == 1005 then return end
  self.model:sent_close(close.code, close.reason)
  assert(self.client:disconnect(close.code, close.reason))
  self.made = self.made + 1
end

-- What the server said.

-- Gives the client what has gathered, in pieces.
function Replay:flush()
  local pieces = recording.cut(table.concat(self.stream), self.roll)
  self.stream = {}
  for _, piece in ipairs(pieces) do
    if not self.peer:send(piece) then break end
  end
  assert(#self:take_frames() == 0, "a message that nobody asked for")
end

function Replay:gather(bytes) self.stream[#self.stream + 1] = bytes end

-- Now and then a message goes in two fragments.
function Replay:gather_message(line)
  local data = line.data
  local cut = self.roll(4) == 1 and self.roll(#data + 1) - 1
  local rsv = line.rsv1 and 4
  if not cut then return self:gather(ws.frame { opcode = line.opcode, payload = data, rsv = rsv }) end
  self:gather(ws.frame { opcode = line.opcode, payload = data:sub(1, cut), fin = false, rsv = rsv })
  self:gather(ws.frame { opcode = "continuation", payload = data:sub(cut + 1) })
end

local receive = {}

function receive.text(self, line)
  if self.model.link == "gone" then return end
  local plain = recording.plain(line)
  local renamed = recording.with_refs(self.vsn, plain, function(ref) return self:rename(ref) end)
  self.model:got_message(recording.read_message(self.vsn, renamed))
  if plain == line then return self:gather_message(renamed) end
  assert(renamed.data == plain.data, "other refs in a compressed message, which stays as it is")
  self.unpacked = self.unpacked + 1
  self:gather_message(line)
end

receive.binary = receive.text

function receive.ping(self, line)
  self.model:got_ping(line.data)
  self:gather(ws.frame { opcode = "ping", payload = line.data })
end

function receive.pong(self, line)
  self:gather(ws.frame { opcode = "pong", payload = line.data })
end

function receive.close(self, line)
  local close = line.data or {}
  self.model:got_close(close.code)
  self:gather(ws.frame { opcode = "close", payload = ws.close_payload(close.code, close.reason) })
end

function receive.eof(self, _, text)
  self:flush()
  self.model:got_end(text)
  if not self.peer:closed() then self.peer:finish("", text) end
  self.host:advance(0)
end

function receive.rst(self, line) receive.eof(self, line, "connection reset by peer") end

-- The recorded answer, with the accept key for our client's key where the recorded one was right.
function receive.http(self, line)
  local head, body = ws.read_head(line.data)
  local accept, recorded = ws.accept(self.key), head.headers["sec-websocket-accept"]
  local bytes = line.data
  if recorded and recorded == ws.accept(self.recorded_key) then
    local at, stop = bytes:find(recorded, 1, true)
    bytes = bytes:sub(1, at - 1) .. accept .. bytes:sub(stop + 1)
  end
  self.model:upgrade(ws.read_head(bytes), body, accept, self.protocols, self.compress ~= false)
  self:gather(bytes)
end

-- The play.

-- What the recorded client offered of permessage-deflate, as our client takes it; false: nothing. Ours
-- sends all as it is, so that it can be read here.
local function compress_of(request)
  local offer = request.headers["sec-websocket-extensions"]
  if not offer then return false end
  return {
    client_no_context_takeover = offer:find "client_no_context_takeover" ~= nil,
    server_no_context_takeover = offer:find "server_no_context_takeover" ~= nil,
    server_max_window_bits = math.tointeger(tonumber(offer:match "server_max_window_bits=(%d+)")),
    threshold = 2 ^ 31 - 1 | 0,
  }
end

local function start(connection, roll)
  local request = ws.read_head(connection[1].data)
  local target = request.line:match "^%u+ (%S+) HTTP"
  local self = setmetatable({
    roll = roll, vsn = target:find "vsn=2" and 2 or 1, target = target,
    protocols = request.headers["sec-websocket-protocol"],
    recorded_key = request.headers["sec-websocket-key"],
    host = core.pretend(1), parser = ws.parser(), model = client_model.new(),
    compress = compress_of(request),
    refs = {}, told = {}, sent = {}, stream = {}, made = 0, skipped = 0, unpacked = 0,
  }, Replay)
  self.client = self.host:client(handlers, self, { vsn = self.vsn .. ".0.0", compress = self.compress })
  return self
end

function Replay:dial()
  assert(self.client:connect())
  self.host:advance(0)
  self.peer = assert(self.host:peer(), "nothing was dialled")
  self.peer:accept()
  self.host:advance(0)
  local ours = assert(ws.read_head(self.peer:take()))
  assert(ours.line == ("GET %s HTTP/1.1"):format(self.target), ours.line)
  assert(ours.headers["sec-websocket-protocol"] == self.protocols, "other subprotocols offered")
  self.key = ours.headers["sec-websocket-key"]
end

function Replay:play(line)
  if line.dir == "s2c" then return receive[line.opcode](self, line) end
  self:flush()
  local made = self.made
  if self.model.link == "open" then
    if line.opcode == "text" or line.opcode == "binary" then self:send_message(line) end
    if line.opcode == "close" then self:send_close(line) end
  end
  self.skipped = self.skipped + 1 - (self.made - made)
end

-- Plays a connection. Answers { told, sent, is_connected, closed, model, made, skipped, unpacked }: what
-- the client told, the control frames that it sent, where it stands; the model that says what should be;
-- how much of what the recorded client sent ours was made to send; how many messages came compressed.
function M.play(connection, roll)
  local self = start(connection, roll)
  self:dial()
  for i = 2, #connection do self:play(connection[i]) end
  self:flush()
  self.is_connected = self.client:connected()
  self.closed = self.peer:closed()
  self.host:close()
  return self
end

return M
