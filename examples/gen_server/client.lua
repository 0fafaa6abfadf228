-- A scribe writes down what is said in room:lobby. It is a client of the room's server and, to the script
-- at the end of this file, a process that can be called, cast to and sent to. README.md walks through it.

local slipstream = require "slipstream"
local args = ...
local Scribe = slipstream.client()

local ROOM = "room:lobby"

function Scribe:init(uri)
  self:assign { lines = {}, readers = {} }
  assert(self:connect { uri = uri })
  self:join(ROOM, { user = "scribe" })
end

-- From the server.

function Scribe:handle_message(_, event, payload)
  if event ~= "shout" then return end
  table.insert(self.assigns.lines, payload.body)
  for _, reader in ipairs(self.assigns.readers) do slipstream.reply(reader, payload.body) end
  self.assigns.readers = {}
end

-- Calls: the caller waits for the reply.
local requests = {}

function requests:lines()
  return "reply", self.assigns.lines
end

function requests:say(text)
  if not self:await_join(ROOM) then return "reply", "not joined" end
  local status, reason = self:await_reply(self:push(ROOM, "shout", { body = text }))
  return "reply", status or reason
end

-- Replied to in handle_message, when there is a next line.
function requests:next_line(_, reader)
  table.insert(self.assigns.readers, reader)
end

function Scribe:handle_call(request, from)
  local name, value = table.unpack(request)
  return requests[name](self, value, from)
end

-- Casts: nobody waits.
local orders = {}

function orders:forget()
  self:assign("lines", {})
end

function orders:say_later(text)
  self:send_after(20, { "say", text })
end

function Scribe:handle_cast(order)
  local name, value = table.unpack(order)
  orders[name](self, value)
end

-- Messages: what others sent, and what the timers bring.
function Scribe:handle_info(message)
  local name, text = table.unpack(message)
  if name == "say" then self:push(ROOM, "shout", { body = text }) end
end

function Scribe:terminate(reason)
  print("the scribe ends:", reason)
  self:disconnect()
end

-- What others do with it.

local scribe = assert(slipstream.start(Scribe, args.uri, { name = "scribe" }))
print("called:", scribe:call { "say", "hello, everybody" })
print("called:", scribe:call { "say", "is anybody here?" })

local lines = scribe:call { "lines" }
print("lines:", table.concat(lines, " | "))
table.insert(lines, "never said") -- in our copy only
print("by name:", table.concat(slipstream.call("scribe", { "lines" }), " | "))

scribe:cast { "forget" }
print("forgotten:", #scribe:call { "lines" })

scribe:cast { "say_later", "tea is ready" }
print("from a timer:", scribe:call { "next_line" })
scribe:send { "say", "thank you" }
print("from a message:", scribe:call { "next_line" })

local line, why = scribe:call({ "next_line" }, 50)
print("nobody speaks:", line, why)

scribe:stop()
scribe:await_end()
line, why = scribe:call { "lines" }
print("nobody there:", line, why)
