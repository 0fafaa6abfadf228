--- Value: what a server said as a value that can be compared and shown: a message by the names of its fields,
-- whatever its format.

local core = require "slipstream.core"

local M = {}

-- The fields of binary messages by their kind, each with a byte of length in front.
local layouts = {
  [0] = { "join_ref", "topic", "event" },
  [1] = { "join_ref", "ref", "topic", "status" },
  [2] = { "topic", "event" },
}

-- What a client sends.
local push_layout = { "join_ref", "ref", "topic", "event" }

local function read_binary(bytes, layout)
  if not layout or #bytes < 1 + #layout then return nil end
  local message, at = {}, 2 + #layout
  for place, name in ipairs(layout) do
    local last = at + bytes:byte(1 + place) - 1
    if last > #bytes then return nil end
    message[name], at = bytes:sub(at, last), last + 1
  end
  message.payload = setmetatable({ bytes = bytes:sub(at) }, core.binary_mt)
  if message.status then
    message.event = "phx_reply"
    message.payload, message.status = { status = message.status, response = message.payload }, nil
  end
  return message
end

-- A list of five is a message of vsn 2; anything else, vsn 1's object among it, is compared as it is.
local function read_text(text, vsn)
  local value = core.json.decode(text)
  if value == nil then return { text = text } end
  if vsn == 2 and type(value) == "table" and #value == 5 then
    return { join_ref = value[1], ref = value[2], topic = value[3], event = value[4], payload = value[5] }
  end
  if vsn == 1 and type(value) == "table" and value.topic and value.event then return value end
  return { json = value }
end

--- The value of a message, from the server unless `layout` is that of the client's.
---@param opcode string text or binary
---@param data string
---@param vsn integer
---@param is_clients boolean?
---@return table
function M.of_message(opcode, data, vsn, is_clients)
  if opcode == "text" then return read_text(data, vsn) end
  local layout = layouts[data:byte(1)]
  if is_clients then layout = data:byte(1) == 0 and push_layout or nil end
  return read_binary(data, layout) or { binary = setmetatable({ bytes = data }, core.binary_mt) }
end

--- The value of what a server said.
---@param item slipstream.ReplayItem
---@param vsn integer
---@return table
function M.of(item, vsn)
  if item.kind == "message" then return M.of_message(item.opcode, item.data, vsn) end
  if item.kind == "http" then return { status = item.status } end
  if item.kind == "raw" then return { bytes = item.data } end
  if item.kind == "close" then return { close = { code = item.code, reason = item.reason } } end
  return { ending = true }
end

--- Whether it answers a heartbeat, which is nobody's business.
---@param value table
---@return boolean
function M.is_heartbeat(value)
  return value.topic == "phoenix"
end

return M
