--- Lines: what the server of a test knows of one client: its connection, what it has sent, which of that
-- waits for an answer, and what it has joined.

local connections = require "slipstream.test.connection"
local match = require "slipstream.match"

---@class slipstream.test.Sent what a client has sent
---@field at integer msec since the test began
---@field kind "join"|"leave"|"push"|"disconnect"
---@field topic string?
---@field event string?
---@field payload any?
---@field ref integer?
---@field code integer? of a disconnect, like `text`; none: without a close frame
---@field text string?

---@class slipstream.test.Line
---@field client slipstream.Client
---@field socket slipstream.Socket the life of the client whose connection it is
---@field connection slipstream.test.Connection?
---@field sent slipstream.test.Sent[] what nobody has asserted yet
---@field private open table<integer, table> messages that wait for an answer, by ref
---@field private joined table<string, any> the join_ref of each joined topic
---@field private answers_heartbeats boolean
local Line = {}
Line.__index = Line

local M = {}

--- Makes one for a client that has not connected yet.
---@param client slipstream.Client
---@return slipstream.test.Line
function M.new(client)
  return setmetatable({
    client = client, socket = client._socket, sent = {}, open = {}, joined = {}, answers_heartbeats = true,
  }, Line)
end

--- Takes the dial of the client, if it waits: a new connection, of which nothing is known.
---@return slipstream.test.Connection?
function Line:take_dial()
  local socket = self.client._socket
  if not socket._core then return nil end
  local connection = connections.take(self.client._host, socket._core, socket._config.serializer)
  if not connection then return nil end
  self.connection, self.socket = connection, socket
  self.sent, self.open, self.joined = {}, {}, {}
  return connection
end

--- Whether the server answers heartbeats.
---@param answers boolean
function Line:set_heartbeats(answers) self.answers_heartbeats = answers end

--- Whether frames can be sent to the client.
---@return boolean
function Line:is_open()
  return self.connection ~= nil and self.connection.is_open
end

-- What the client sends.

local kinds = { phx_join = "join", phx_leave = "leave" }

local function sent_of(message)
  if message.is_close then return { kind = "disconnect", code = message.code, text = message.text } end
  return {
    kind = kinds[message.event] or "push", topic = message.topic, event = message.event,
    payload = message.payload, ref = math.tointeger(tonumber(message.ref)) or message.ref,
  }
end

local function note(self, message, now)
  if self.answers_heartbeats and message.topic == "phoenix" and message.event == "heartbeat" then
    return self:answer(message, "ok")
  end
  local sent = sent_of(message)
  sent.at = now
  table.insert(self.sent, sent)
  if sent.ref ~= nil then self.open[sent.ref] = message end
end

--- Reads what has come.
---@param now integer msec since the test began
---@return boolean has_news
function Line:gather(now)
  if not self.connection then return false end
  local list = self.connection:receive()
  for _, message in ipairs(list) do note(self, message, now) end
  return #list > 0
end

local function is_like(sent, wanted)
  if sent.kind ~= wanted.kind then return false end
  for _, field in ipairs { "topic", "event", "payload" } do
    if wanted[field] ~= nil and not match.matches(wanted[field], sent[field]) then return false end
  end
  return true
end

--- Takes the first that is as wanted; patterns that are absent match everything.
---@param wanted { kind: string, topic: any, event: any, payload: any }
---@return slipstream.test.Sent?
function Line:take(wanted)
  for place, sent in ipairs(self.sent) do
    if is_like(sent, wanted) then return table.remove(self.sent, place) end
  end
end

--- Whether the life of the client whose connection it is has failed.
---@return boolean
function Line:has_failed()
  local ending = self.socket._ending
  return ending and ending.is_failure or false
end

-- What the server sends.

--- Answers a message of the client's.
---@param message table
---@param status string
---@param response any
function Line:answer(message, status, response)
  self.connection:send {
    kind = "reply", join_ref = message.join_ref, ref = message.ref, topic = message.topic,
    event = "phx_reply", status = status, payload = response,
  }
  if message.event == "phx_join" and status == "ok" then self.joined[message.topic] = message.join_ref end
end

--- Takes the message of a ref that waits for an answer.
---@param ref integer
---@return table?
function Line:take_open(ref)
  local message = self.open[ref]
  self.open[ref] = nil
  return message
end

--- Whether the client has joined a topic, as the server sees it.
---@param topic string
---@return boolean
function Line:has_joined(topic)
  return self.joined[topic] ~= nil
end

--- Sends an event to a joined topic.
---@param topic string
---@param event string
---@param payload any
function Line:push(topic, event, payload)
  self.connection:send {
    kind = "push", join_ref = self.joined[topic], topic = topic, event = event, payload = payload,
  }
end

--- Ends the client's channel: "phx_close" or "phx_error".
---@param topic string
---@param event string
---@param payload any
function Line:end_channel(topic, event, payload)
  local join_ref = self.joined[topic]
  self.joined[topic] = nil
  self.connection:send {
    kind = "push", join_ref = join_ref, ref = join_ref, topic = topic, event = event, payload = payload,
  }
end

return M
