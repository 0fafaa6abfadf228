--- Serializers of a script's own, as the core asks them (src/script/serializer_lua.h), and as the embedded
-- server does:
--
--     encode(message) → bytes [, is_binary]       text, unless is_binary is true
--     decode(bytes, is_binary) → message
--
-- Both may answer nil and a text instead, as functions of others do, or raise.
--
-- A message is a table with `join_ref`, `ref`, `topic`, `event` and `payload`, as Phoenix's serializers have
-- it: a reply has the event "phx_reply", and { status, response } as its payload. What they raise, and what
-- is no message, is told in words.

local core = require "slipstream.core"
local text_of = require("slipstream.traceback").text_of

local M = {}

local function is_null(value) return value == nil or value == core.null end

-- nil, or what is wrong with what was returned.
local function fault_of_bytes(bytes, is_binary)
  if bytes == nil and type(is_binary) == "string" then
    return "serializer.encode: " .. is_binary
  elseif type(bytes) ~= "string" then
    return ("serializer.encode returned a %s, not a string of bytes"):format(type(bytes))
  elseif not is_binary and not utf8.len(bytes) then
    return "serializer.encode returned text that is not UTF-8; `return bytes, true` sends bytes"
  end
end

--- The bytes of a message, and whether they are binary; nil and what is wrong.
---@param serializer slipstream.Serializer
---@param message slipstream.Message
---@return string? bytes, boolean|string is_binary_or_fault
function M.encode(serializer, message)
  local ok, bytes, is_binary = pcall(serializer.encode, message)
  if not ok then return nil, "serializer.encode: " .. text_of(bytes) end
  local fault = fault_of_bytes(bytes, is_binary)
  if fault then return nil, fault end
  return bytes, is_binary and true or false
end

local function is_ref(value)
  return is_null(value) or type(value) == "string" or math.type(value) == "integer"
end

-- nil, or what is wrong with a message that a server or a client has sent, or with why there is none.
local function fault_of(message, text)
  if message == nil and type(text) == "string" then return text end
  if type(message) ~= "table" then return ("it returned a %s, not a message"):format(type(message)) end
  for _, name in ipairs { "topic", "event" } do
    if type(message[name]) ~= "string" then
      return ("%s is a %s, not a string"):format(name, type(message[name]))
    end
  end
  for _, name in ipairs { "join_ref", "ref" } do
    if not is_ref(message[name]) then return ("%s is a %s"):format(name, type(message[name])) end
  end
end

--- A message out of bytes; nil and what is wrong.
---@param serializer slipstream.Serializer
---@param bytes string
---@param is_binary boolean
---@return slipstream.Message? message, string? fault
function M.decode(serializer, bytes, is_binary)
  local ok, message, fault = pcall(serializer.decode, bytes, is_binary)
  if ok then fault = fault_of(message, fault) else fault = text_of(message) end
  if fault then return nil, "serializer.decode: " .. fault end
  return message
end

--- The JSON text of a value, by a library of the script's own; nil and what is wrong.
---@param json { encode: function, decode: function }
---@param value any
---@param what string how the fault names the value
---@return string? text, string? fault
function M.json(json, value, what)
  local ok, text, fault = pcall(json.encode, value)
  if ok and type(text) == "string" then return text end
  if not ok then
    fault = text_of(text)
  elseif text ~= nil or type(fault) ~= "string" then
    fault = ("json.encode returned a %s, not a string"):format(type(text))
  end
  return nil, what .. ": " .. fault
end

-- For the core.

local function text_of_ref(ref)
  if not is_null(ref) then return tostring(ref) end
end

-- What is not packed is the "{}" of a message of the client's own.
local function payload_of(payload, is_packed)
  if is_packed then return (core.unpack(payload)) end
  return {}
end

-- The parts of a message that came.
local function parts_of(message)
  local payload, status = message.payload, nil
  if message.event == "phx_reply" then
    if type(payload) ~= "table" or type(payload.status) ~= "string" then
      return false, "serializer.decode: the payload of a phx_reply has no status"
    end
    status, payload = payload.status, payload.response
  end
  return true, text_of_ref(message.join_ref), text_of_ref(message.ref), message.topic, message.event, status,
    payload
end

--- What the core asks of a serializer.
---@param serializer slipstream.Serializer
---@return { encode: function, decode: function }
function M.for_core(serializer)
  return {
    encode = function(join_ref, ref, topic, event, payload, is_packed)
      payload = payload_of(payload, is_packed)
      return M.encode(serializer,
        { join_ref = join_ref, ref = ref, topic = topic, event = event, payload = payload })
    end,
    decode = function(bytes, is_binary)
      local message, fault = M.decode(serializer, bytes, is_binary)
      if not message then return false, fault end
      return parts_of(message)
    end,
  }
end

--- A payload as the core keeps it until it is sent; nil and what in it cannot be sent. `nil` is {}.
---@param value any
---@param what string how the fault names it
---@return string? packed, string? fault
function M.pack(value, what)
  if value == nil then value = {} end
  local packed, fault = core.pack(value)
  if packed then return packed end
  return nil, what .. ": " .. fault:gsub("passed to another worker", "sent")
end

return M
