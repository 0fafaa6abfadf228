--- Said: what recorded clients did, as the verbs of a scenario's sockets.

local check = require "slipstream.check"
local head = require "slipstream.record.head"
local legs = require "slipstream.scenario.replay.leg"
local literal = require "slipstream.scenario.replay.literal"
local upgrade = require "slipstream.scenario.replay.upgrade"
local value = require "slipstream.scenario.replay.value"
local writers = require "slipstream.scenario.replay.writer"

local arguments, quote = writers.arguments, literal.string
local finish, reply_to, response_of, status_of = legs.finish, legs.reply_to, legs.response_of, legs.status_of

local M = {}

-- Verbs.

local verbs = {}

-- What is joined a second time without params gets those of the first.
local function join_of(leg, topic, params)
  local is_again = leg.asked[topic]
  leg.asked[topic] = true
  if is_again and writers.is_empty(params) then return ("%s:join(%s, {})"):format(leg.name, quote(topic)) end
  return leg.name .. ":join" .. arguments(topic, nil, params)
end

-- Why no socket would send that.
local function fault_of_join(leg, it, message, reply)
  if not reply then return "a join without an answer" end
  if leg.joined[message.topic] then return "joins what is joined" end
  if it.opcode == "binary" or type(message.payload) ~= "table" then return "joins with odd params" end
end

function verbs.phx_join(writer, leg, it, message)
  local topic, reply = message.topic, reply_to(leg, message.ref)
  local fault = fault_of_join(leg, it, message, reply)
  if fault then return writer:leave_out(leg, it, fault) end
  reply.is_taken, leg.is_in_gap = true, false
  local call = join_of(leg, topic, message.payload)
  if status_of(reply) ~= "ok" then
    return writer:add(("t.has_error(function() %s end)"):format(call))
  end
  leg.joined[topic] = message.ref
  writer:expect(call, response_of(reply), legs.RESPONSE)
end

function verbs.phx_leave(writer, leg, it, message)
  if not leg.joined[message.topic] then return writer:leave_out(leg, it, "leaves what is not joined") end
  local reply = reply_to(leg, message.ref)
  if reply then reply.is_taken = true end
  leg.joined[message.topic], leg.is_in_gap = nil, false
  writer:add(("%s:leave(%s)"):format(leg.name, quote(message.topic)))
end

-- The reply comes before any client says something else.
local function is_prompt(writer, it, reply)
  return reply.number < (writer.next_said[it.number] or math.huge)
end

local function fault_of_push(leg, it, message)
  if not leg.joined[message.topic] then return "a push to what is not joined" end
  if it.opcode == "binary" and leg.recorded.vsn == 1 then return "binary, which vsn 1 does not know" end
end

local function push(writer, leg, it, message)
  local fault = fault_of_push(leg, it, message)
  if fault then return writer:leave_out(leg, it, fault) end
  leg.is_in_gap = false
  local reply, args = reply_to(leg, message.ref), arguments(message.topic, message.event, message.payload)
  if reply and status_of(reply) == "ok" and is_prompt(writer, it, reply) then
    reply.is_taken = true
    return writer:expect(leg.name .. ":request" .. args, response_of(reply), legs.RESPONSE)
  end
  if not reply then return writer:add(leg.name .. ":push" .. args) end
  reply.pushed = ("pushed[%d]"):format(it.number)
  writer.has_pushed = true
  writer:add(("%s = %s:push%s"):format(reply.pushed, leg.name, args))
end

-- Connections.

--- Beyond so many, sockets are in a table: Lua has 200 local variables in a function.
M.MOST_LOCALS = 150

local function name_leg(writer, leg, wish)
  writer.count = writer.count + 1
  local is_free = wish and not writer.names[wish]
  leg.name = is_free and wish or ("socket_%d"):format(writer.count)
  if writer.count > M.MOST_LOCALS then leg.name = ("sockets[%d]"):format(writer.count) end
  writer.names[leg.name] = true
end

local function connect(writer, leg, it)
  local message = head.read((it.data or ""):match "^.-\r\n\r\n" or "")
  local _, target = head.request(message or { line = "" })
  local path, params = (target or ""):match "^[^?]*", upgrade.params(target or "")
  local is_elsewhere = writer.path and path ~= writer.path or not path:find "/websocket$"
  if leg.name or not target or is_elsewhere or not upgrade.is_usual(message, params) then
    return writer:leave_out(leg, it, "a request that the scenario's sockets do not make")
  end
  local call = upgrade.call(message, params)
  if leg.status ~= 101 then
    return writer:add(("t.has_error(function() %s end) -- %d"):format(call, leg.status or 0))
  end
  name_leg(writer, leg, upgrade.name(params))
  writer:add(("%s%s = %s"):format(writer.count > M.MOST_LOCALS and "" or "local ", leg.name, call))
end

local clients = {}

clients.http = connect

function clients.close(writer, leg, it)
  local code = type(it.data) == "table" and it.data.code
  local is_given = code and code ~= 1000 and check.may_close(code) -- 1000 is what a socket gives by itself
  finish(writer, leg, (":disconnect(%s)"):format(is_given and code or ""))
end

function clients.eof(writer, leg) finish(writer, leg, ":disconnect()") end

clients.rst = clients.eof

function clients.ping() end -- those are the network's
clients.pong = clients.ping

local function is_plain(it)
  return (it.opcode == "text" or it.opcode == "binary") and it.fin ~= false and not it.rsv1 and not it.len
    and it.masked == nil
end

-- A field of a binary message has a byte for its length, also where the server makes it of our ref.
local MOST_REF <const> = 255

local function is_usual(message)
  return type(message.topic) == "string" and type(message.event) == "string"
    and #tostring(message.ref or "") <= MOST_REF
end

-- Any other frame.
local function say(writer, leg, it)
  local message = is_plain(it) and value.of_message(it.opcode, it.data, leg.recorded.vsn, true)
  if not message or not is_usual(message) then
    return writer:leave_out(leg, it, "what the scenario's sockets do not say")
  end
  if value.is_heartbeat(message) then return end -- sockets have their own
  return (verbs[message.event] or push)(writer, leg, it, message)
end

--- Writes a line of a client.
---@param writer slipstream.EmitWriter
---@param leg slipstream.EmittedLeg
---@param it slipstream.RecordedLine
function M.write(writer, leg, it)
  local step = clients[it.opcode]
  if step then return step(writer, leg, it) end
  if leg.name and not leg.is_over then return say(writer, leg, it) end
end

return M
