-- Two people chat in room:lobby. Ann comes first and brings Bob along; then the server is stopped and
-- started again, and both go on. README.md walks through it.

local slipstream = require "slipstream"
local Person = slipstream.client { restart = "temporary" } -- when a story ends, it is not told again

local LOBBY = "room:lobby"

local function say(person, ...)
  print(("%-3s | "):format(person.assigns.user) .. string.format(...))
end

local function shout(person, body)
  assert(person:push(LOBBY, "shout", { body = body }))
end

function Person:init(args)
  self:assign { user = args.user or "ann", uri = args.uri }
  assert(self:connect { uri = args.uri })
end

function Person:handle_connect()
  if self.assigns.lost then return end -- the lobby is joined again without a word of ours
  say(self, "connected")
  if self.assigns.user == "ann" then
    self:join("room:secret", { user = "ann" })
  else
    self:join(LOBBY, { user = self.assigns.user })
  end
end

-- A join was refused. The default would ask again and again; Ann takes the hint.
function Person:handle_topic_close(topic, reason)
  if reason.kind ~= "failed_to_join" then
    return slipstream.default.handle_topic_close(self, topic, reason)
  end
  say(self, "%s does not let me in: %s", topic, reason.response.reason)
  self:join(LOBBY, { user = self.assigns.user })
end

function Person:handle_join(topic, response)
  if self.assigns.lost then return self:gather_again(response.users) end
  say(self, "joined %s; people here: %d", topic, response.users)
  if self.assigns.user == "ann" then
    self:push(topic, "ping", {})
  else
    shout(self, "hello Ann!")
  end
end

function Person:handle_reply(_, status, response)
  if not response.pong then return end -- the replies to what is shouted are empty
  say(self, "my ping was answered: %s, pong = %s", status, response.pong)
  slipstream.start(Person, { user = "bob", uri = self.assigns.uri })
end

-- What the server tells all who are in the room.
local events = {}

function events:shout(payload)
  if payload.user == self.assigns.user then return end -- one hears oneself, too
  say(self, "%s says: %s", payload.user, payload.body)
  if payload.body == "hello Ann!" then
    shout(self, "hello Bob! They are about to restart the server.")
  elseif payload.body == "are you still there?" then
    say(self, "I lost the server, too (%s), and am back", tostring(self.assigns.lost))
    shout(self, "of course. Bye!")
    return "stop", "normal"
  end
end

function events:joined(payload)
  if self.assigns.lost then self:gather_again(payload.users) end
end

function events:left(payload)
  if payload.user ~= "bob" or self.assigns.is_back == nil then return end
  say(self, "%s has left; people here: %d", payload.user, payload.users)
  self:leave(LOBBY)
end

function Person:handle_message(_, event, payload)
  local handle = events[event]
  if handle then return handle(self, payload) end
end

function Person:handle_leave(topic)
  say(self, "left %s", topic)
  return "stop", "normal"
end

-- The first reason is the one to tell; those after it say that the server is not back yet.
function Person:handle_disconnect(reason)
  self.assigns.lost = self.assigns.lost or reason
  return slipstream.default.handle_disconnect(self, reason)
end

-- Whoever of the two is back first, Ann speaks when both are.
function Person:gather_again(people)
  if self.assigns.user ~= "ann" or people < 2 then return end
  self.assigns.is_back = true
  say(self, "lost the server (%s), connected and joined again", tostring(self.assigns.lost))
  say(self, "people here: %d", people)
  shout(self, "are you still there?")
end

return Person
