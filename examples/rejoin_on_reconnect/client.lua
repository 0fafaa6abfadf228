-- A reader of the news, who follows topics as it is told to. When the connection is lost they come back by
-- themselves, and with them the items that were missed. README.md walks through it.

local slipstream = require "slipstream"
local args = ...
local Reader = slipstream.client()

function Reader:init(uri)
  self:assign { last_read = {} } -- topic → number of the last item
  assert(self:connect { uri = uri })
end

-- Reading.

function Reader:read(topic, item)
  self.assigns.last_read[topic] = item.number
  print(topic, item.number, item.text)
end

function Reader:catch_up(topic, response)
  print("joined", topic, "missed: " .. #response.missed)
  for _, item in ipairs(response.missed) do self:read(topic, item) end
end

function Reader:handle_message(topic, _, item)
  self:read(topic, item)
end

-- Called for the joins after a reconnect: the first one is awaited, in requests.follow.
function Reader:handle_join(topic, response)
  self:catch_up(topic, response)
  self:tell_when_all_are_back()
end

function Reader:handle_disconnect(reason)
  print("disconnected", reason.kind)
  return slipstream.default.handle_disconnect(self, reason) -- reconnects, and joins again
end

-- What it can be told to do.
local requests = {}

-- The params are a function, so that each join asks for what was missed until then.
function requests:follow(topic)
  self.assigns.last_read[topic] = 0
  self:join(topic, function() return { after = self.assigns.last_read[topic] } end)
  self:catch_up(topic, assert(self:await_join(topic)))
  return "reply", "followed"
end

function requests:unfollow(topic)
  self.assigns.last_read[topic] = nil
  self:leave(topic)
  self:await_leave(topic)
  return "reply", "unfollowed"
end

function requests:publish(topic)
  return "reply", (self:await_reply(self:push(topic, "publish", { text = "all is well" })))
end

-- What is pushed while the connection is away fails at once.
function requests:lose_connection(topic)
  local status, reason = self:await_reply(self:push(topic, "cut"))
  print("pushed", status, reason.kind)
  local ref, why = self:push(topic, "publish", { text = "is anybody there?" })
  print("pushed", ref, why)
  return "reply", "lost"
end

function requests:await_all(_, from)
  self:assign("asks_for_all", from)
  self:tell_when_all_are_back()
end

function Reader:tell_when_all_are_back()
  if not self.assigns.asks_for_all then return end
  for topic in pairs(self.assigns.last_read) do
    if not self:joined(topic) then return end
  end
  slipstream.reply(self.assigns.asks_for_all, "joined again")
end

function Reader:handle_call(request, from)
  local name, topic = table.unpack(request)
  return requests[name](self, topic, from)
end

-- The story.

local reader = assert(slipstream.start(Reader, args.uri))

local function tell(name, topic)
  print("*", name, topic or "", assert(reader:call { name, topic }))
end

tell("follow", "news:world")
tell("follow", "news:sport")
tell("follow", "news:weather")
tell("publish", "news:sport")
tell("unfollow", "news:weather")
tell("lose_connection", "news:world")
tell("await_all")
tell("publish", "news:sport")
tell("unfollow", "news:sport")
reader:stop()
