--- Leg: a recorded connection, as it is written: its name, the topics that are joined by now, and what the
-- server said on it.

local core = require "slipstream.core"
local recordings = require "slipstream.scenario.replay.recording"
local value = require "slipstream.scenario.replay.value"

local M = {}

---@class slipstream.EmittedLeg
---@field recorded slipstream.RecordedConnection
---@field name string? its variable, once it is connected
---@field status integer? of the answer to its first request
---@field joined table<string, any> by topics that are joined, the refs of their joins
---@field asked table<string, boolean> by topics that were to be joined
---@field has_gaps boolean? something of it was left out
---@field is_in_gap boolean? that was what the client said last
---@field is_over boolean?

-- A reply has a status and a response; what else claims to be one is none.
local function is_reply(message)
  return message.event == "phx_reply" and type(message.payload) == "table" and message.payload.status ~= nil
end

local function add(leg, item)
  if item.kind == "http" then leg.status = leg.status or item.status end
  local message = item.kind == "message" and not item.len and value.of(item, leg.recorded.vsn)
  if not message or type(message.topic) ~= "string" or type(message.event) ~= "string" then return end
  local entry = { value = message, number = item.number }
  leg.by_line[item.number] = entry
  if is_reply(message) then table.insert(leg.replies, entry) end
end

--- Makes one.
---@param connection slipstream.RecordedConnection
---@return slipstream.EmittedLeg? leg, string? err, integer? line
function M.new(connection)
  local items, fault, number = recordings.items(connection)
  if not items then return nil, fault, number end
  local leg = { recorded = connection, joined = {}, asked = {}, replies = {}, by_line = {} }
  for _, item in ipairs(items) do add(leg, item) end
  return leg
end

---@class slipstream.EmittedMessage
---@field value table
---@field number integer its line
---@field pushed string? the expression that has the ref, when the reply is awaited later
---@field is_taken boolean?

--- The reply to a ref, if it was recorded.
---@param leg slipstream.EmittedLeg
---@param ref any
---@return slipstream.EmittedMessage?
function M.reply_to(leg, ref)
  if ref == nil or ref == core.null then return nil end
  for _, reply in ipairs(leg.replies) do
    if reply.value.ref == ref and not reply.is_taken then return reply end
  end
end

--- What the server said of a push: "ok", "error" or another word.
---@param reply slipstream.EmittedMessage
---@return any
function M.status_of(reply) return reply.value.payload.status end

--- What it answered.
---@param reply slipstream.EmittedMessage
---@return any
function M.response_of(reply) return reply.value.payload.response end

--- Whoever says first that it is over has the word.
---@param writer slipstream.EmitWriter
---@param leg slipstream.EmittedLeg
---@param text string the verb
function M.finish(writer, leg, text)
  if leg.is_over or not leg.name then return end
  leg.is_over, leg.joined = true, {}
  writer:add(leg.name .. text)
end

--- Where these are in a message.
M.PAYLOAD, M.RESPONSE = { "payload" }, { "payload", "response" }

return M
