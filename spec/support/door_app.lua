-- Door_app: an app whose clients tell it what to do to them.
--
--   connect with token = "bad"           → 403 "who are you?"
--   join "door:<any>" with anything      → { seat = how many there are }; "door:locked" is refused
--   push "say", anything                 → all others there get it as "said"; no reply
--   push "echo", anything                → the same, as the reply
--   push "deny", anything                → { reason = "no" }, an error
--   push "silence"                       → no reply
--   push "crash", "shut"                 → the channel crashes, or is closed
--   push "bye", "drop"                   → the connection is closed with 4001, or lost
local server = require "slipstream.server"

local events = {}

function events.say(channel, payload) channel:broadcast_from("said", payload) end
function events.echo(_, payload) return "reply", "ok", payload end
function events.deny() return "reply", "error", { reason = "no" } end
function events.silence() end
function events.crash() error "as asked" end
function events.shut() return "stop", "normal" end
function events.bye(channel) channel.socket:close(4001, "bye") end
function events.drop(channel) channel.socket:drop() end

local locked = { join = function() return "error", { reason = "locked" } end, handle_in = function() end }

local door = { handle_in = function(channel, event, payload) return events[event](channel, payload) end }

function door.join(channel, topic)
  return "ok", { seat = #(channel.app.topics[topic] or {}) + 1 }
end

local M = {}

function M.new()
  local function connect(_, params)
    if params.token ~= "bad" then return true end
    return nil, 403, "who are you?"
  end
  return server.new({ connect = connect, report = function() end })
    :channel("door:locked", locked):channel("door:*", door)
end

return M
