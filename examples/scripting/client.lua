-- A conversation with a server, from top to bottom: each line waits for its answer. There is no client
-- module and no callback. README.md walks through it.

local slipstream = require "slipstream"
local args = ...

local ROOM = "room:lobby"

-- Connect and join.
local socket = assert(slipstream.connect { uri = args.uri })
assert(socket:await_connect())
socket:join(ROOM, { user = "ann" })
local response = assert(socket:await_join(ROOM))
print("joined", response.topic, "as", response.user)

-- A push and its reply.
local status, reply = socket:await_reply(socket:push(ROOM, "ping"))
print("ping", status, reply.pong)

-- The reply says no: that is an answer like any other.
status, reply = socket:await_reply(socket:push(ROOM, "shout", { body = 42 }))
print("shout 42", status, reply.reason)

-- Messages: the first one that matches, whatever else has come before it.
for _, word in ipairs { "one", "two", "three" } do
  socket:push(ROOM, "shout", { body = word })
end
local payload, topic, event = socket:await_message(ROOM, "shout", { body = "two" })
print("heard", topic, event, payload.body)
print("heard", socket:await_message(ROOM, "shout").body, "which had waited")

local function is_long(message) return #message.body > 3 end
print("heard", socket:await_message(ROOM, slipstream.any, is_long).body)

-- Nothing comes: nil, and why.
payload, topic = socket:await_message(ROOM, "shout", nil, 50)
print("silence", payload, topic)

-- A refused join: nil, and the reason.
socket:join "room:secret"
local _, reason = socket:await_join "room:secret"
print("refused", reason.kind, reason.response.reason)

-- Goodbye.
socket:leave(ROOM)
socket:await_leave(ROOM)
print("left", socket:joined(ROOM))
socket:disconnect()
print("bye", socket:await_disconnect())
