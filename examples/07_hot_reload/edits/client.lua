-- The second version: it counts by user who asks. Those who are connected already have one number for all.

local answers = require "answers"
local slipstream = require "slipstream"

local Bot = slipstream.client()

Bot.version = "2"

function Bot:init(args)
  self:assign("questions", {})
  assert(self:connect { uri = args.uri })
end

function Bot:code_change(old_version)
  if old_version == Bot.version then return end -- saved again, or a file that it requires
  local count = self.assigns.questions
  self:assign("questions", { ["people before"] = count })
  print(("version %s -> %s, after %d questions"):format(old_version, Bot.version, count))
end

function Bot:handle_connect() self:join("room:lobby", { user = "bot" }) end

function Bot.handle_join(_, topic) print("in " .. topic) end

function Bot:handle_message(topic, event, payload)
  if event ~= "shout" or payload.user == "bot" then return end
  local asked = self.assigns.questions
  asked[payload.user] = (asked[payload.user] or 0) + 1
  self:push(topic, "shout", { body = self:say(answers.to(payload.body), payload.user) })
end

function Bot:say(answer, user)
  local asked = self.assigns.questions
  return ("%s (%s asked %d, people before %d; connections: %d)"):format(answer, user, asked[user],
    asked["people before"] or 0, self:stats().connects)
end

return Bot
