--- Emit: a recording as a scenario to be edited: what clients did as the verbs of sockets, what the server
-- said as what they await. What no socket of ours would say is left out, with a comment.

local core = require "slipstream.core"
local expectation = require "slipstream.scenario.replay.expectation"
local head = require "slipstream.record.head"
local literal = require "slipstream.scenario.replay.literal"
local recordings = require "slipstream.scenario.replay.recording"
local upgrade = require "slipstream.scenario.replay.upgrade"
local value = require "slipstream.scenario.replay.value"

local M = {}

local INDENT <const> = "  "
local WIDTH <const> = 95

local Writer = {}
Writer.__index = Writer

function Writer:add(text) table.insert(self.lines, INDENT .. text) end

-- Says that a line is left out: what the server did because of it cannot be expected.
function Writer:leave_out(leg, it, text)
  leg.has_gaps, leg.is_in_gap = true, it.dir == "c2s"
  self:add(("-- line %d: %s, left out"):format(it.number, text))
end

local function quote(text) return literal.string(text) end

local function is_empty(payload)
  return type(payload) == "table" and next(payload) == nil and getmetatable(payload) == nil
end

-- Nothing for a payload that is empty, as it is when absent.
local function arguments(topic, event, payload)
  local parts = { quote(topic) }
  if event then parts[2] = quote(event) end
  if payload ~= nil and not is_empty(payload) then parts[#parts + 1] = literal.value(payload, INDENT) end
  return "(" .. table.concat(parts, ", ") .. ")"
end

function Writer:compare(expected, call)
  local is_short = #expected + #call <= WIDTH or call:find("\n", 1, true)
  self:add(("t.same(%s,%s%s)"):format(expected, is_short and " " or "\n" .. INDENT .. INDENT, call))
end

-- Expects what a call returns to be as recorded; with something to be ignored, all else of it.
function Writer:expect(call, expected, place)
  local parts = expectation.parts(self.ignored, expected, place, "it")
  if not parts then return self:compare(literal.value(expected, INDENT), call) end
  if #parts == 0 then return self:add(call) end
  self:add "do"
  self:add(INDENT .. "local it = " .. call)
  for _, part in ipairs(parts) do
    self:add(("%st.same(%s, %s)"):format(INDENT, literal.value(part.value, INDENT .. INDENT), part.name))
  end
  self:add "end"
end

-- Replies.

-- The item of a connection that answers this ref, with its value.
local function reply_to(leg, ref)
  if ref == nil or ref == core.null then return nil end
  for _, reply in ipairs(leg.replies) do
    if reply.value.ref == ref and not reply.is_taken then return reply end
  end
end

local function status_of(reply) return reply.value.payload.status end
local function response_of(reply) return reply.value.payload.response end

-- Where these are in a message.
local PAYLOAD <const>, RESPONSE <const> = { "payload" }, { "payload", "response" }

-- Verbs.

local verbs = {}

-- What is joined a second time without params gets those of the first.
local function join_of(leg, topic, params)
  local is_again = leg.asked[topic]
  leg.asked[topic] = true
  if is_again and is_empty(params) then return ("%s:join(%s, {})"):format(leg.name, quote(topic)) end
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
  writer:expect(call, response_of(reply), RESPONSE)
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
    return writer:expect(leg.name .. ":request" .. args, response_of(reply), RESPONSE)
  end
  if not reply then return writer:add(leg.name .. ":push" .. args) end
  reply.pushed = ("pushed[%d]"):format(it.number)
  writer.has_pushed = true
  writer:add(("%s = %s:push%s"):format(reply.pushed, leg.name, args))
end

-- What the server says.

local heard = {}

function heard.phx_reply(writer, leg, _, reply)
  if not reply.pushed then return end
  reply.is_taken = true
  local call = ("%s:await_reply(%s)"):format(leg.name, reply.pushed)
  if expectation.parts(writer.ignored, response_of(reply), RESPONSE, "it") then
    return writer:expect(("select(2, %s)"):format(call), response_of(reply), RESPONSE)
  end
  local expected = literal.value(response_of(reply), INDENT)
  writer:compare(("{ %s, %s }"):format(quote(status_of(reply)), expected), ("{ %s }"):format(call))
end

local function close_topic(writer, leg, it, reply)
  local topic, ref = reply.value.topic, reply.value.join_ref
  local is_former = leg.recorded.vsn == 2 and ref ~= core.null and ref ~= leg.joined[topic]
  if not leg.joined[topic] or is_former then return end
  if leg.has_gaps then return writer:leave_out(leg, it, "the server closes a topic") end
  leg.joined[topic] = nil
  writer:add(("%s:await_close(%s)"):format(leg.name, quote(topic)))
end

heard.phx_close, heard.phx_error = close_topic, close_topic

local function hear_message(writer, leg, it, reply)
  local message = reply.value
  if leg.is_in_gap then return end
  if not leg.joined[message.topic] then
    return writer:leave_out(leg, it, "a message of a topic that is not joined")
  end
  local call = leg.name .. ":await_message"
  if expectation.parts(writer.ignored, message.payload, PAYLOAD, "it") then
    local pattern = expectation.pattern(writer.ignored, message.payload, PAYLOAD)
    return writer:add(call .. arguments(message.topic, message.event, pattern))
  end
  writer:expect(call .. arguments(message.topic, message.event), message.payload, PAYLOAD)
end

-- Connections.

-- Lua has 200 local variables in a function.
local MOST_LOCALS <const> = 150

local function name_leg(writer, leg, wish)
  writer.count = writer.count + 1
  local is_free = wish and not writer.names[wish]
  leg.name = is_free and wish or ("socket_%d"):format(writer.count)
  if writer.count > MOST_LOCALS then leg.name = ("sockets[%d]"):format(writer.count) end
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
  writer:add(("%s%s = %s"):format(writer.count > MOST_LOCALS and "" or "local ", leg.name, call))
end

-- Whoever says first that it is over has the word.
local function finish(writer, leg, text)
  if leg.is_over or not leg.name then return end
  leg.is_over, leg.joined = true, {}
  writer:add(leg.name .. text)
end

local clients, servers = {}, {}

clients.http = connect

-- Codes that a client may give.
local function is_code(code)
  return code > 1000 and code <= 1003 or code >= 1007 and code <= 1014 or code >= 3000 and code <= 4999
end

function clients.close(writer, leg, it)
  local code = type(it.data) == "table" and it.data.code
  finish(writer, leg, (":disconnect(%s)"):format(code and is_code(code) and code or ""))
end

function clients.eof(writer, leg) finish(writer, leg, ":disconnect()") end

clients.rst = clients.eof

function clients.ping() end -- those are the network's
clients.pong = clients.ping

function servers.http() end

function servers.close(writer, leg, it)
  if leg.has_gaps and leg.name and not leg.is_over then
    writer:leave_out(leg, it, "the server ends the connection")
    return finish(writer, leg, ":disconnect()")
  end
  finish(writer, leg, ":await_disconnect()")
end

servers.eof, servers.rst = servers.close, servers.close
servers.ping, servers.pong = clients.ping, clients.ping

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

local function say(writer, leg, it)
  local message = is_plain(it) and value.of_message(it.opcode, it.data, leg.recorded.vsn, true)
  if not message or not is_usual(message) then
    return writer:leave_out(leg, it, "what the scenario's sockets do not say")
  end
  if value.is_heartbeat(message) then return end -- sockets have their own
  return (verbs[message.event] or push)(writer, leg, it, message)
end

local function hear(writer, leg, it)
  local reply = leg.by_line[it.number]
  if not reply or value.is_heartbeat(reply.value) then return end
  return (heard[reply.value.event] or hear_message)(writer, leg, it, reply)
end

-- The whole.

-- A reply has a status and a response; what else claims to be one is none.
local function is_reply(message)
  return message.event == "phx_reply" and type(message.payload) == "table" and message.payload.status ~= nil
end

local function new_leg(connection, items)
  local leg = { recorded = connection, joined = {}, asked = {}, replies = {}, by_line = {} }
  for _, item in ipairs(items) do
    if item.kind == "http" then leg.status = leg.status or item.status end
    local message = item.kind == "message" and not item.len and value.of(item, connection.vsn)
    if message and message.topic then
      local entry = { value = message, number = item.number }
      leg.by_line[item.number] = entry
      if is_reply(message) then table.insert(leg.replies, entry) end
    end
  end
  return leg
end

-- By each client's line that of the next.
local function next_said(recording)
  local map, last = {}, nil
  for _, it in ipairs(recording.lines) do
    if it.dir == "c2s" then
      if last then map[last] = it.number end
      last = it.number
    end
  end
  return map
end

-- That of the first connection that was let in: to it the scenario's sockets connect.
local function path_of(recording, legs)
  for _, connection in ipairs(recording.connections) do
    local _, target = head.request { line = tostring(connection.lines[1].data):match "^[^\r\n]*" }
    if legs[connection.name].status == 101 and target then return target:match "^[^?]*" end
  end
end

local function write_line(writer, legs, it)
  local leg = legs[it.conn]
  local steps = it.dir == "c2s" and clients or servers
  if steps[it.opcode] then return steps[it.opcode](writer, leg, it) end
  if leg.is_over or not leg.name then return end
  return (it.dir == "c2s" and say or hear)(writer, leg, it)
end

local function head_of(writer, path, body)
  local lines = {
    ("-- Written by `slipstream scenario --from %s --emit`."):format(path:match "[^/]*$"),
    'local scenario = require "slipstream.scenario"',
  }
  if body:find("slipstream%.[bna]") then lines[3] = 'local slipstream = require "slipstream"' end
  lines[#lines + 1] = ""
  lines[#lines + 1] = ("scenario(%s, function(t)"):format(quote(path:match "([^/]-)%.?[^/.]*$"))
  if writer.has_pushed then
    lines[#lines + 1] = INDENT .. "local pushed = {} -- by their lines in the recording"
  end
  if writer.count > MOST_LOCALS then lines[#lines + 1] = INDENT .. "local sockets = {}" end
  return table.concat(lines, "\n")
end

--- Writes a recording as Lua.
---@param recording slipstream.Recording
---@param ignored slipstream.Ignored what is not to be compared
---@return string? lua, string? err
function M.write(recording, ignored)
  local writer = setmetatable({
    lines = {}, ignored = ignored, names = { t = true, pushed = true, sockets = true }, count = 0,
    next_said = next_said(recording),
  }, Writer)
  local legs = {}
  for _, connection in ipairs(recording.connections) do
    local items, fault, number = recordings.items(connection)
    if not items then return nil, ("%s:%d: %s"):format(recording.path, number, fault) end
    legs[connection.name] = new_leg(connection, items)
  end
  writer.path = path_of(recording, legs)
  for _, it in ipairs(recording.lines) do write_line(writer, legs, it) end
  local body = table.concat(writer.lines, "\n")
  return head_of(writer, recording.path, body) .. "\n" .. body .. "\nend)\n"
end

return M
