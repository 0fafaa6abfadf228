-- Ann speaks on one server, Bob listens on another one, and a repeater stands between them. README.md walks
-- through it; what is worth copying is in repeater.lua.

local slipstream = require "slipstream"
local repeater = require "repeater"
local args = ...

local ROOM = "room:lobby"

local function enter(uri, user)
  local socket = assert(slipstream.connect { uri = uri })
  socket:join(ROOM, { user = user })
  assert(socket:await_join(ROOM))
  return socket
end

local function say(socket, text)
  assert(socket:await_reply(socket:push(ROOM, "shout", { body = text })))
end

local function hear(socket)
  local payload = assert(socket:await_message(ROOM, "shout"))
  return ("%s: %s"):format(payload.user, payload.body)
end

local ann, bob = enter(args.uri, "ann"), enter(args.there, "bob")
local pair = repeater.start(args.uri, args.there)

for _, text in ipairs { "hello over there", "can you hear me?" } do
  say(ann, text)
  print("ann hears", hear(ann))
  print("bob hears", hear(bob))
end

say(bob, "yes, but you do not hear me")
print("bob hears", hear(bob))
local payload, why = ann:await_message(ROOM, "shout", nil, 50)
print("ann hears", payload, why)

repeater.stop(pair)
