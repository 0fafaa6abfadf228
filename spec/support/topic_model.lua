-- Topic_model: how the topics of a client stand, and what its script and its server must hear, over any
-- number of connections: the rules of docs/api.md and of the protocol, as phoenix.js settles the races.
--
-- It is told what the script asks for, what the server does, and that time passes; it tells what the
-- callbacks hear (`told`) and what goes over the wire (`sent`), in lines of text. It shares no code with
-- the client.
--
--   topic   closed, waiting (for the link, its back-off or its turn), joining, joined, leaving
--
-- What it shares with the connection is in model_link.lua, and the order of things in model_turn.lua.
local link = require "spec.support.model_link"

local NEVER = math.huge

local M = { numbers = link.numbers }

local numbers, requests = link.numbers, link.requests
local received, replied, timed_out = link.received, link.replied, link.timed_out

local Model = setmetatable({}, link)
Model.__index = Model

-- `next_answer(callback)` says what the script does in that callback: a request, a list; false: nothing;
-- nil: what is the default.
-- `stays_away`: topics do not come back with the connection.
function M.new(next_answer, stays_away)
  local model = {
    now = 0, told = {}, sent = {}, asked = 0, next_ref = 1, next_answer = next_answer,
    stays_away = stays_away,
  }
  setmetatable(model, Model):begin()
  return model
end

-- What the script asks for is answered in a word.
function Model:request(name, ...) return tostring(requests[name](self, ...)) end

-- The defaults of the callbacks.
local defaults = {}

function defaults.handle_disconnect(self, reason)
  if reason ~= "closed_by_client" then self:request "reconnect" end
end

function defaults.handle_topic_close(self, topic, reason)
  if reason ~= "channel_closed" then self:request("rejoin", topic) end
end

function Model:tell(callback, ...)
  table.insert(self.told, table.concat({ callback, ... }, " "))
  local answer = self.next_answer(callback)
  if answer == nil and defaults[callback] then return defaults[callback](self, ...) end
  if not answer then return end
  table.insert(self.told, ("%s: %s"):format(table.concat(answer, " "), self:request(table.unpack(answer))))
end

-- Topics.

function Model:find(key, value)
  for place, topic in ipairs(self.topics) do
    if topic[key] == value then return topic, place end
  end
end

local function enter(topic, state)
  if state ~= "waiting" then topic.is_asked, topic.rejoin_due = false, NEVER end
  topic.state = state
end

-- The script's part of a join: its params. Nobody asks for them when it is not wanted any more.
function Model:ask_params(name)
  local topic = self:find("name", name)
  if not topic or not topic.is_asked or self.link ~= "open" then return end
  local params = self.params[name]
  if params == "fresh" then
    self.asked = self.asked + 1
    params = self.asked
  end
  topic.join_ref = self:send("phx_join", name, nil, params)
  self:await("join", topic.join_ref, topic.join_ref, numbers.join_timeout_msec)
  if not self.is_join_unheard then self.quiet_since, self.is_join_unheard = self.now, true end
  enter(topic, "joining")
end

function Model:want(topic)
  topic.rejoin_due = NEVER
  if self.link ~= "open" or topic.is_asked then return end
  topic.is_asked = true
  self:later(self.ask_params, self, topic.name)
end

function Model:ends_leaving(topic)
  self:expire(topic.join_ref, "channel_closed")
  enter(topic, "closed")
  self:later(self.tell, self, "handle_leave", topic.name)
  topic.is_forgotten = true
end

function Model:closes(topic, reason)
  if topic.state == "leaving" then return self:ends_leaving(topic) end
  enter(topic, "closed")
  self:expire(topic.join_ref, reason)
  self:later(self.tell, self, "handle_topic_close", topic.name, reason)
end

function Model:send_leave(topic)
  if self.link == "open" then return self:send("phx_leave", topic.name, topic.join_ref) end
end

-- With the link.
function Model:loses(topic)
  local state = topic.state
  local is_in = state == "joining" or state == "joined"
  if is_in then enter(topic, self.stays_away and "closed" or "waiting") end
  if state == "leaving" then self:ends_leaving(topic) end
  topic.is_asked, topic.rejoin_due, topic.rejoins = false, NEVER, 0
end

function Model:status(name)
  local topic = self:find("name", name)
  if not topic or topic.is_forgotten then return nil end
  local visible = { waiting = "requested", joining = "requested", leaving = "closed" }
  return visible[topic.state] or topic.state
end

-- Requests of the script.

function requests.join(self, name, params)
  self.params[name] = params or self.params[name] or "-"
  local topic = self:find("name", name)
  if not topic then
    topic = { name = name, state = "closed", join_ref = 0, rejoins = 0, rejoin_due = NEVER }
    table.insert(self.topics, topic)
  end
  if topic.state == "joining" or topic.state == "joined" then return true end
  if topic.state == "leaving" then self:ends_leaving(topic) end
  topic.is_forgotten = false
  enter(topic, "waiting")
  self:want(topic)
  return true
end

function requests.rejoin(self, name)
  local topic = self:find("name", name)
  if not topic or topic.is_forgotten then return "never_joined" end
  if topic.state ~= "closed" then return true end
  enter(topic, "waiting")
  local waits = numbers.rejoin_after_msec
  topic.rejoins = topic.rejoins + 1
  topic.rejoin_due = self.now + waits[math.min(topic.rejoins, #waits)]
  return true
end

function requests.leave(self, name)
  local topic = self:find("name", name)
  if not topic then return true end
  if topic.state == "closed" then topic.is_forgotten = true end
  if topic.state == "waiting" then self:ends_leaving(topic) end
  if topic.state == "joining" or topic.state == "joined" then
    local ref = self:send_leave(topic)
    if ref then self:await("leave", ref, topic.join_ref, numbers.join_timeout_msec) end
    enter(topic, "leaving")
  end
  return true
end

function requests.push(self, name)
  local topic = self:find("name", name)
  if self.link ~= "open" then return "not_connected" end
  if not topic or topic.state ~= "joined" then return "not_joined" end
  local ref = self:send("ping", name, topic.join_ref)
  self:await("push", ref, topic.join_ref, numbers.push_timeout_msec)
  return ref
end

-- What the server does.

-- What the server does.

function replied.push(self, entry, status) self:tell("handle_reply", entry.ref, status) end

function replied.leave(self, entry)
  local topic = self:find("join_ref", entry.join_ref)
  if topic and topic.state == "leaving" then self:ends_leaving(topic) end
end

function replied.join(self, entry, status)
  local topic = self:find("join_ref", entry.join_ref)
  if not topic or topic.state ~= "joining" and topic.state ~= "leaving" then return end
  if status ~= "ok" then return self:closes(topic, "failed_to_join") end
  if topic.state == "leaving" then return end -- it crossed our leave, which is answered as well
  enter(topic, "joined")
  topic.rejoins = 0
  self:later(self.tell, self, "handle_join", topic.name)
end

local endings = { phx_close = "channel_closed", phx_error = "channel_error" }

-- Of a former join, or when there is none: dropped.
function received.push(self, join_ref, name, event)
  local topic = self.link == "open" and self:find("name", name)
  if not topic or join_ref and join_ref ~= topic.join_ref then return end
  local is_in = topic.state == "joining" or topic.state == "joined"
  if endings[event] and (is_in or topic.state == "leaving") then
    self:closes(topic, endings[event])
  elseif not endings[event] and is_in then
    self:tell("handle_message", name, event)
  end
end

-- Time.

function timed_out.push(self, entry)
  local text = entry.why and "error " .. entry.why or "timeout"
  self:tell("handle_reply", entry.ref, text)
end

function timed_out.leave(self, entry)
  local topic = self:find("join_ref", entry.join_ref)
  if not entry.why and topic and topic.state == "leaving" then self:ends_leaving(topic) end
end

-- Only while it is joining: who leaves waits for the leave.
function timed_out.join(self, entry)
  local topic = self:find("join_ref", entry.join_ref)
  if entry.why or not topic or topic.state ~= "joining" then return end
  self:send_leave(topic) -- the join may yet succeed
  self:closes(topic, "join_timeout")
end

function timed_out.back_off(self, topic) self:want(topic) end

return M
