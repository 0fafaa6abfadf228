-- Topic_server: what a server knows of one connection in a random story (topic_run.lua): the requests that
-- came and the channels that there are; and what it has to say, right or wrong.
--
-- What it says is answered twice: as the model is told of it, and as text on the wire.
local core = require "slipstream.core"
local ws = require "spec.support.ws"

local M = {}

local Server = {}
Server.__index = Server

-- `channels`: the join_ref of each topic that is joined here.
function M.new()
  return setmetatable({ requests = {}, channels = {}, has_closed = false }, Server)
end

-- What the client sends.

local seen = {}

function seen.phx_join(self, request)
  assert(not self.channels[request.topic], "joined twice: " .. request.topic)
  self.channels[request.topic] = request.ref
end

function seen.phx_leave(self, request)
  if self.channels[request.topic] == request.join_ref then self.channels[request.topic] = nil end
end

local function number(text) return text ~= core.null and math.tointeger(tonumber(text)) or nil end

local function read_text(self, payload)
  local parts = assert(core.json.decode(payload))
  local request = { join_ref = number(parts[1]), ref = number(parts[2]), topic = parts[3], event = parts[4] }
  local extra = parts[5].n or request.event == "phx_join" and "-" or nil
  table.insert(self.requests, request)
  if seen[request.event] then seen[request.event](self, request) end
  return table.concat({ request.event, request.topic, request.join_ref or "-", request.ref, extra }, " ")
end

-- A frame in a line, as the model tells it.
function Server:read(frame)
  assert(not self.has_closed, "a frame followed the close frame")
  if frame.opcode == "text" then return read_text(self, frame.payload) end
  assert(frame.opcode == "close", frame.opcode)
  self.has_closed = true
  return "close " .. ws.read_close(frame.payload)
end

-- What the server says. `x`, from 0 to 1, chooses.

local function choose(list, x) return list[1 + math.floor(x * #list)] end

-- Only the first answer to a join counts.
local function reply(self, request, status)
  local is_refusal = status ~= "ok" and not request.is_answered
  if is_refusal and self.channels[request.topic] == request.ref then self.channels[request.topic] = nil end
  request.is_answered = true
  local text = '["%s","%d","%s","phx_reply",{"status":"%s","response":{}}]'
  return { "reply", request.ref, status },
    text:format(request.join_ref or "-", request.ref, request.topic, status)
end

local function unanswered(self)
  local list = {}
  for _, request in ipairs(self.requests) do
    if not request.is_answered then list[#list + 1] = request end
  end
  return list
end

function Server:count_unanswered() return #unanswered(self) end

-- To the request that waits longest; nil when none does.
function Server:answer(status)
  local request = unanswered(self)[1]
  if request then return reply(self, request, status) end
end

-- To any request, answered or not.
function Server:reply(x, status)
  local request = choose(self.requests, x)
  if request then return reply(self, request, status) end
end

-- A message of any join that there was, most often of a late one; phx_close and phx_error end it.
function Server:push(x, event)
  local joins = {}
  for _, request in ipairs(self.requests) do
    if request.event == "phx_join" then table.insert(joins, 1, request) end
  end
  local join = choose(joins, x * x)
  if not join then return end
  local is_end = event ~= "new"
  if is_end and self.channels[join.topic] == join.ref then self.channels[join.topic] = nil end
  local ref = is_end and ('"%d"'):format(join.ref) or "null"
  return { "push", join.ref, join.topic, event },
    ('["%d",%s,"%s","%s",{}]'):format(join.ref, ref, join.topic, event)
end

function Server:broadcast(topic) -- luacheck: no self
  return { "push", nil, topic, "new" }, ('[null,null,"%s","new",{}]'):format(topic)
end

return M
