-- Client_model: what a client must tell of one connection, in lines of text: the rules of
-- docs/api.md and of the recordings.
-- It is told what the client sent and what the server answered, and shares no code with the client.
local show = require("spec.support.recording").show

local Model = {}
Model.__index = Model

local M = {}

-- link: "upgrading" | "open" | "closing" | "gone".
function M.new()
  return setmetatable({ link = "upgrading", topics = {}, pending = {}, told = {}, sent = {} }, Model)
end

function Model:tell(...)
  self.told[#self.told + 1] = table.concat({ ... }, " ")
end

-- The answer to the upgrade: a head as of ws.read_head and its body; `accept`, `offered` and
-- `may_compress` are the key, the subprotocols and the extension that it must agree with.
function Model:upgrade(head, body, accept, offered, may_compress)
  local headers = head.headers
  local protocol = headers["sec-websocket-protocol"]
  local is_agreed = headers["sec-websocket-accept"] == accept
    and (may_compress or not headers["sec-websocket-extensions"])
    and (not protocol or (offered or ""):find(protocol, 1, true))
  if head.status == 101 and is_agreed then
    self.link = "open"
    return self:tell "connected"
  end
  local is_refusal = head.status ~= 101
  self.link = "gone"
  if head.status == 302 then return self:tell("redirected", 302, headers.location) end
  self:tell("disconnected connect_failed upgrade", is_refusal and head.status or "-",
    show(is_refusal and body ~= "" and body or nil))
end

-- What the client did.

function Model:asks_to_join(topic)
  local known = self.topics[topic]
  if known and known.state == "leaving" then self:ends_leaving(topic) end
end

function Model:sent_join(topic, ref)
  self.topics[topic] = { state = "joining", join_ref = ref }
  self.pending[ref] = { kind = "join", topic = topic, join_ref = ref }
end

function Model:sent_leave(topic, ref)
  local known = self.topics[topic]
  known.state = "leaving"
  self.pending[ref] = { kind = "leave", topic = topic, join_ref = known.join_ref }
end

function Model:sent_push(topic, ref)
  self.pending[ref] = { kind = "push", topic = topic, join_ref = self.topics[topic].join_ref }
end

function Model:sent_close(code, text)
  self.link = "closing"
  self.reason = ("closed_by_client %d %s"):format(code, show(text ~= "" and text or nil))
  self.sent[#self.sent + 1] = ("close %d"):format(code)
end

-- Whether the client may ask for this at all.

function Model:may_join(topic)
  local known = self.topics[topic]
  return self.link == "open" and (not known or known.state == "leaving" or known.state == "closed")
end

function Model:may_leave(topic, join_ref)
  local known = self.topics[topic]
  return self.link == "open" and known ~= nil and known.join_ref == join_ref
    and (known.state == "joined" or known.state == "joining")
end

function Model:may_push(topic, join_ref)
  return self:may_leave(topic, join_ref) and self.topics[topic].state == "joined"
end

-- The join_ref of a topic's present join.
function Model:join_ref(topic)
  return self.topics[topic] and self.topics[topic].join_ref
end

-- What ends.

-- Whatever waits for an answer of that join (of all, without one) has had its chance.
function Model:expire(join_ref, reason)
  local refs = {}
  for ref, entry in pairs(self.pending) do
    if not join_ref or entry.join_ref == join_ref then refs[#refs + 1] = ref end
  end
  table.sort(refs)
  for _, ref in ipairs(refs) do
    if self.pending[ref].kind == "push" then self:tell("reply", ref, "error", "-", reason) end
    self.pending[ref] = nil
  end
end

function Model:ends_leaving(topic)
  self:expire(self.topics[topic].join_ref, "channel_closed")
  self.topics[topic] = nil
  self:tell("left", topic)
end

function Model:closes(topic, reason, detail)
  local known = self.topics[topic]
  if known.state == "leaving" then return self:ends_leaving(topic) end
  known.state = "closed"
  self:expire(known.join_ref, reason)
  self:tell("topic_closed", topic, reason, detail or "-")
end

function Model:disconnects(reason)
  self.link = "gone"
  self:expire(nil, "disconnected")
  for topic, known in pairs(self.topics) do
    if known.state == "leaving" then self:tell("left", topic) end
  end
  self:tell("disconnected", reason)
end

-- What the server sent.

local replies = {}

function replies.push(self, _, message, ref)
  self:tell("reply", ref, message.status, show(message.payload), "-")
end

function replies.join(self, entry, message)
  local known = self.topics[entry.topic]
  if message.status ~= "ok" then
    self:closes(entry.topic, "failed_to_join", show(message.payload))
  elseif known.state == "joining" then
    known.state = "joined"
    self:tell("joined", entry.topic, show(message.payload))
  end
end

function replies.leave(self, entry)
  self:ends_leaving(entry.topic)
end

function Model:got_reply(message)
  local ref = math.tointeger(tonumber(message.ref))
  local entry = ref and self.pending[ref]
  if not entry then return self:tell("dropped", show(message.topic), message.event) end
  self.pending[ref] = nil
  replies[entry.kind](self, entry, message, ref)
end

function Model:got_message(message)
  if self.link ~= "open" then return end
  if message.event == "phx_reply" then return self:got_reply(message) end
  local known = self.topics[message.topic]
  local is_current = known and known.state ~= "closed"
    and (not message.join_ref or tonumber(message.join_ref) == known.join_ref)
  if is_current and message.event == "phx_close" then
    self:closes(message.topic, "channel_closed")
  elseif is_current and message.event == "phx_error" then
    self:closes(message.topic, "channel_error", show(message.payload))
  elseif is_current and known.state ~= "leaving" then
    self:tell("message", message.topic, message.event, show(message.payload))
  else
    self:tell("dropped", show(message.topic), message.event)
  end
end

function Model:got_close(code)
  if self.link == "open" then
    self.reason = ("closed_by_remote %d -"):format(code or 1005)
    self.sent[#self.sent + 1] = ("close %s"):format(show(code))
  end
  if self.link ~= "gone" then self:disconnects(self.reason) end
end

function Model:got_ping(data)
  if self.link == "open" then self.sent[#self.sent + 1] = "pong " .. data end
end

-- The stream ended, in good order or by a reset (`text`).
function Model:got_end(text)
  if self.link == "open" then self.reason = "connection_lost - " .. show(text) end
  if self.link ~= "gone" then self:disconnects(self.reason) end
end

return M
