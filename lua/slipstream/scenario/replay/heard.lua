--- Heard: what a recorded server said, as what a scenario's sockets await.

local core = require "slipstream.core"
local expectation = require "slipstream.scenario.replay.expectation"
local legs = require "slipstream.scenario.replay.leg"
local literal = require "slipstream.scenario.replay.literal"
local value = require "slipstream.scenario.replay.value"
local writers = require "slipstream.scenario.replay.writer"

local arguments, quote = writers.arguments, literal.string
local finish, response_of, status_of = legs.finish, legs.response_of, legs.status_of
local PAYLOAD <const>, RESPONSE <const> = legs.PAYLOAD, legs.RESPONSE

local M = {}

-- Messages.

local heard = {}

function heard.phx_reply(writer, leg, _, reply)
  if not reply.pushed then return end
  reply.is_taken = true
  local call = ("%s:await_reply(%s)"):format(leg.name, reply.pushed)
  if expectation.parts(writer.ignored, response_of(reply), RESPONSE, "it") then
    return writer:expect(("select(2, %s)"):format(call), response_of(reply), RESPONSE)
  end
  local expected = literal.value(response_of(reply), writers.INDENT)
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

-- The connection.

local servers = {}

function servers.http() end -- it is told with the request

function servers.ping() end -- the network's
servers.pong = servers.ping

function servers.close(writer, leg, it)
  if leg.has_gaps and leg.name and not leg.is_over then
    writer:leave_out(leg, it, "the server ends the connection")
    return finish(writer, leg, ":disconnect()")
  end
  finish(writer, leg, ":await_disconnect()")
end

servers.eof, servers.rst = servers.close, servers.close

--- Writes a line of the server.
---@param writer slipstream.EmitWriter
---@param leg slipstream.EmittedLeg
---@param it slipstream.RecordedLine
function M.write(writer, leg, it)
  local step = servers[it.opcode]
  if step then return step(writer, leg, it) end
  local message = leg.by_line[it.number]
  if leg.is_over or not leg.name or not message or value.is_heartbeat(message.value) then return end
  return (heard[message.value.event] or hear_message)(writer, leg, it, message)
end

return M
