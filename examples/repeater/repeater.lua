-- Repeats what is said in a room of one server in the room of the same name on another one. Two clients,
-- since each has one connection: the listener hears on the first server and the speaker speaks on the second.

local slipstream = require "slipstream"
local Listener, Speaker = slipstream.client(), slipstream.client()

local ROOM = "room:lobby"

function Listener:init(args)
  self:assign("speaker", args.speaker)
  assert(self:connect { uri = args.uri })
  self:join(ROOM, { user = "listener" })
end

function Listener:handle_message(topic, event, payload)
  if event ~= "shout" then return end -- who comes and goes is that room's own affair
  self.assigns.speaker:cast { topic = topic, event = event, payload = payload }
end

function Speaker:init(args)
  assert(self:connect { uri = args.uri })
  self:join(ROOM, { user = "repeater" })
end

function Speaker:handle_cast(message)
  local ref, why = self:push(message.topic, message.event, message.payload)
  if not ref then slipstream.log.warn("not repeated", { reason = why }) end
end

-- Both can be asked whether they are in their room; the answer comes when they are.
local function tell_when_joined(self)
  return "reply", self:await_join(ROOM) ~= nil
end

Listener.handle_call, Speaker.handle_call = tell_when_joined, tell_when_joined

local repeater = {}

-- Starts both and waits until both are in their rooms.
function repeater.start(from_uri, to_uri)
  local speaker = assert(slipstream.start(Speaker, { uri = to_uri }))
  local listener = assert(slipstream.start(Listener, { uri = from_uri, speaker = speaker }))
  assert(speaker:call "are you there?")
  assert(listener:call "are you there?")
  return { listener = listener, speaker = speaker }
end

-- Ends both, the listener first: what it has passed on is still said.
function repeater.stop(pair)
  pair.listener:stop()
  pair.listener:await_end()
  pair.speaker:stop()
end

return repeater
