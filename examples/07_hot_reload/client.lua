-- A bot in room:lobby, which answers what it is asked. What it says is in answers.lua; both may be edited
-- while it is in the room. README.md walks through it.

local answers = require "answers"
local slipstream = require "slipstream"

local Bot = slipstream.client()

Bot.version = "1"

function Bot:init(args)
  self:assign("questions", 0)
  assert(self:connect { uri = args.uri })
end

function Bot:handle_connect() self:join("room:lobby", { user = "bot" }) end

function Bot.handle_join(_, topic) print("in " .. topic) end

function Bot:handle_message(topic, event, payload)
  if event ~= "shout" or payload.user == "bot" then return end
  self:update("questions", function(count) return count + 1 end)
  self:push(topic, "shout", { body = answers.to(payload.body) })
end

return Bot
