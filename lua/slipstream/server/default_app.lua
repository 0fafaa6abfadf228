-- Default_app: what `slipstream serve` serves without a file: an echo and chat room.
--
--   join "room:<any>" with { user = "ann" }    → { topic, user, users = how many are in the room }
--   join "room:secret"                         → refused: { reason = "unauthorized" }
--   push "echo", anything                      → the same, as the reply
--   push "ping", anything                      → { pong = true }
--   push "shout", { body = "hi" }              → {}; all in the room get "shout" { user, body }
--   push anything else                         → an error: { reason = "unknown event" }
--
-- Who comes and who goes is told to the others: "joined" and "left" { user, users }. Nobody need have a name:
-- `user` is not there then.
--
--   join "presence:<any>" with { user = "ann" }  → {}; she is tracked, as Phoenix.Presence does it
--   push "status" { status = "away" } there      → {}; that is in her meta
local server = require "slipstream.server"

local M = {}

local function user_of(params)
  return type(params) == "table" and type(params.user) == "string" and params.user or nil
end

local function count_in(app, topic)
  return #(app.topics[topic] or {})
end

local function tell_others(channel, event)
  channel:broadcast_from(event, {
    user = channel.assigns.user, users = count_in(channel.app, channel.topic),
  })
end

local events = {}

function events.echo(_, payload)
  return "reply", "ok", payload
end

function events.ping()
  return "reply", "ok", { pong = true }
end

function events.shout(channel, payload)
  if type(payload) ~= "table" or type(payload.body) ~= "string" then
    return "reply", "error", { reason = "body must be a string" }
  end
  channel:broadcast("shout", { user = channel.assigns.user, body = payload.body })
  return "reply", "ok"
end

local room = {}

function room.join(channel, topic, params)
  channel.assigns.user = user_of(params)
  return "ok", {
    topic = topic, user = channel.assigns.user, users = count_in(channel.app, topic) + 1,
  }
end

function room.joined(channel)
  tell_others(channel, "joined")
end

function room.handle_in(channel, event, payload)
  local handle = events[event]
  if not handle then return "reply", "error", { reason = "unknown event" } end
  return handle(channel, payload)
end

function room.terminate(channel)
  tell_others(channel, "left")
end

local secret = {
  join = function() return "error", { reason = "unauthorized" } end,
  handle_in = function() end,
}

local presence = {}

function presence.join(channel, _, params)
  channel.assigns.user = user_of(params)
  if not channel.assigns.user then return "error", { reason = "a user is wanted" } end
  return "ok"
end

function presence.joined(channel)
  channel:track(channel.assigns.user)
end

function presence.handle_in(channel, event, payload)
  if event ~= "status" or type(payload) ~= "table" then
    return "reply", "error", { reason = "only a status is wanted" }
  end
  channel:update(channel.assigns.user, { status = payload.status })
  return "reply", "ok"
end

-- The application; `options` as server.new takes them.
function M.new(options)
  return server.new(options):channel("room:secret", secret):channel("room:*", room)
    :channel("presence:*", presence)
end

return M
