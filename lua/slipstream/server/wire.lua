-- Wire: a client's frame to a message and a server's message to a frame, as Phoenix's serializers do
-- it. Text goes through the JSON of the core, because a server echoes refs in the JSON type in which
-- they came, and even a topic may be null.
local core = require "slipstream.core"
local frame = require "slipstream.frame"
local serializers = require "slipstream.serializer"

local M = {}

local function is_array(value)
  return type(value) == "table" and getmetatable(value) == core.array_mt
end

local function present(value)
  if value ~= core.null then return value end
end

local function is_binary_payload(payload)
  return type(payload) == "table" and getmetatable(payload) == core.binary_mt
end

local read_text = {}

read_text[2] = function(value)
  if not is_array(value) or #value < 5 then return nil, "not an array of five" end
  return {
    join_ref = present(value[1]), ref = present(value[2]),
    topic = value[3], event = value[4], payload = value[5],
  }
end

read_text[1] = function(value)
  if type(value) ~= "table" or is_array(value) then return nil, "not an object" end
  for _, key in ipairs { "topic", "event", "payload", "ref" } do
    if value[key] == nil then return nil, "no " .. key end
  end
  return {
    join_ref = present(value.join_ref), ref = present(value.ref),
    topic = value.topic, event = value.event, payload = value.payload,
  }
end

local function read_binary(vsn, bytes)
  if vsn == 1 then return nil, "binary in vsn 1.0.0" end
  local message, fault = core.message_read(bytes, true, vsn)
  if not message then return nil, fault end
  message.payload = setmetatable({ bytes = message.payload or "" }, core.binary_mt)
  -- Fields of no length are empty strings, which match no join.
  message.join_ref, message.ref = message.join_ref or "", message.ref or ""
  return message
end

-- How a connection speaks, by which `read` and `write` go: its vsn, or the app's own serializer.
---@alias slipstream.ServerFormat integer|slipstream.Serializer

-- Answers { join_ref, ref, topic, event, payload }, or nil and what is wrong.
function M.read(format, bytes, is_binary)
  if type(format) == "table" then return serializers.decode(format, bytes, is_binary) end
  if is_binary then return read_binary(format, bytes) end
  local value, fault = core.json.decode(bytes)
  if value == nil then return nil, fault end
  return read_text[format](value)
end

local write_text = {}

write_text[2] = function(message, payload)
  local null = core.null
  local parts = { message.join_ref, message.ref, message.topic, message.event, payload }
  for i = 1, 5 do
    if parts[i] == nil then parts[i] = null end
  end
  return setmetatable(parts, core.array_mt)
end

write_text[1] = function(message, payload)
  local ref = message.ref
  if ref == nil then ref = core.null end
  return { topic = message.topic, event = message.event, ref = ref, payload = payload }
end

-- Where a value stands in a message, and what its place is to who sends it.
local places = {
  { "^payload%[5%]%.response", "response" }, { "^payload%[5%]", "payload" }, { "^payload%[4%]", "event" },
  { "^payload%[3%]", "topic" }, { "^payload%.payload%.response", "response" },
  { "^payload%.payload", "payload" }, { "^payload%.event", "event" }, { "^payload%.topic", "topic" },
}

local function own_words(fault)
  for _, place in ipairs(places) do
    local words, count = fault:gsub(place[1], place[2])
    if count > 0 then return words end
  end
  return fault
end

local function write_binary(vsn, message, payload)
  local bytes, text = core.message_write {
    vsn = vsn, kind = message.kind, is_binary = true, payload = payload.bytes,
    join_ref = message.join_ref, ref = message.ref, topic = message.topic,
    event = message.event, status = message.status,
  }
  if not bytes then return nil, "cannot send a binary message: " .. text end
  return bytes, true
end

local function with_status(message, payload)
  if message.kind ~= "reply" then return payload end
  return { status = message.status, response = payload }
end

local function write_own(serializer, message, payload)
  local bytes, is_binary = serializers.encode(serializer, {
    join_ref = message.join_ref, ref = message.ref, topic = message.topic, event = message.event,
    payload = with_status(message, payload),
  })
  if not bytes then return nil, "cannot send: " .. is_binary end
  return bytes, is_binary
end

local function write_json(vsn, message, payload)
  local bytes, fault = core.json.encode(write_text[vsn](message, with_status(message, payload)))
  if not bytes then return nil, "cannot send: " .. own_words(fault) end
  return bytes, false
end

-- Answers nil and what is wrong when the message cannot be written.
local function write(format, message, payload)
  if type(format) == "table" then return write_own(format, message, payload) end
  if is_binary_payload(payload) then return write_binary(format, message, payload) end
  return write_json(format, message, payload)
end

-- Answers the bytes and whether they are binary; raises when the message cannot be written, which is
-- a crash of the channel, as in Phoenix. `message`: kind "push" | "reply" | "broadcast", join_ref,
-- ref, topic, event, status, payload (of a reply: the response).
function M.write(format, message)
  local payload = message.payload
  if payload == nil then payload = {} end
  local bytes, is_binary = write(format, message, payload)
  if not bytes then error(is_binary, (frame.caller())) end
  return bytes, is_binary
end

return M
