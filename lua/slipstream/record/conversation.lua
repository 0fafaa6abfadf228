--- Conversation: one connection of a client with a server, seen from between: hears the bytes of both ways,
-- says which to pass on, and tells of lines of a recording. Pure: it knows no socket and no file.
--
-- All bytes go through as they came, but the heads of requests: Host becomes the server's, and compression
-- is taken out of the offer, so that there are no frames which nobody can read. What cannot be read is told
-- as raw bytes, with the reason, and goes through as well.

local frame = require "slipstream.record.frame"
local head = require "slipstream.record.head"
local line = require "slipstream.record.line"
local redact = require "slipstream.record.redact"

-- One way of it.
local Way = {}
Way.__index = Way

---@class slipstream.Conversation
local Conversation = {}
Conversation.__index = Conversation

local M = {}

---@class slipstream.ConversationOptions
---@field authority string of the server: its host, and its port where that is not the scheme's
---@field most integer the most bytes of a message that are recorded
---@field keeps_secrets boolean?
---@field tell fun(line: slipstream.RecordedLine)

local function new_way(conversation, dir)
  local way = setmetatable({ conversation = conversation, dir = dir, state = "head", held = "" }, Way)
  way.reader = frame.reader(conversation.options.most, function(it)
    conversation.options.tell(line.of_frame(dir, it))
  end)
  return way
end

--- Makes one.
---@param options slipstream.ConversationOptions
---@return slipstream.Conversation
function M.new(options)
  local self = setmetatable({ options = options }, Conversation)
  self.up, self.down = new_way(self, "c2s"), new_way(self, "s2c")
  return self
end

function Way:tell(opcode, data, more)
  local it = more or {}
  it.dir, it.opcode, it.data = self.dir, opcode, data
  local most = self.conversation.options.most
  if data and #data > most then it.data, it.len = data:sub(1, most), it.len or #data end
  self.conversation.options.tell(it)
end

-- Heads.

-- An offer without permessage-deflate; nil when nothing else is in it.
local function without_compression(offer)
  local kept = {}
  for extension in offer:gmatch "[^,]+" do
    local name = extension:match "^%s*([^%s;]*)"
    if name:lower() ~= "permessage-deflate" then kept[#kept + 1] = extension:match "^%s*(.-)%s*$" end
  end
  return kept[1] and table.concat(kept, ", ")
end

-- The request as the server shall have it.
local function for_server(request, authority)
  return head.map(request, function(name, value)
    if name == "host" then return authority end
    if name == "sec-websocket-extensions" then return without_compression(value) end
    return value
  end)
end

-- A message is whole: its head is told with what it had of a body.
function Way:tell_message()
  local shown = self.conversation.options.keeps_secrets and self.message or redact.head(self.message)
  local text = head.write(shown)
  local most = self.conversation.options.most
  local len = #self.body > 0 and self.kept > most and #text + self.kept or nil
  self:tell("http", text .. table.concat(self.body), { len = len })
  self.message, self.body = nil, nil
end

function Conversation:requested(request)
  self.wants_socket = head.is_upgrade(request)
end

-- What the client has sent before the answer was passed on at once, so it is too late for its Host.
function Conversation:answered(answer)
  local up, status = self.up, head.status(answer)
  if status < 200 and status ~= 101 then return end -- the answer is still to come
  local early = up.state == "early" and table.concat(up.early) or ""
  if status == 101 and self.wants_socket then
    self.down.state = "frames"
    if up.state == "early" then up.state = "frames" end
    if early ~= "" then up:read_frames(early) end
  elseif up.state == "early" then
    up.state = early == "" and "head" or "raw"
    if early ~= "" then up:tell("raw", early, { error = "sent before the answer, which was no upgrade" }) end
  end
end

-- States: each takes bytes, puts what goes through into `out`, and answers those that are left.

local states = {}

-- Its bytes are told as they are from now on.
function Way:give_up(text)
  self.state, self.fault = "raw", text
end

function states.raw(way, bytes, out)
  out[#out + 1] = bytes
  way:tell("raw", bytes, { error = way.fault })
  way.fault = nil
  return ""
end

-- Where a head is followed by what cannot be measured, it goes on until the end.
local function begin_body(way, size)
  way.body, way.left = {}, size
  way.state = size and "body" or "rest"
end

local function begin_message(way, message)
  way.message = message
  local status = head.status(message)
  local has_no_body = status and (status < 200 or status == 204 or status == 304)
  begin_body(way, has_no_body and 0 or head.body_size(message))
  if way.dir == "c2s" then way.conversation:requested(message) end
end

local function end_message(way)
  local message = way.message
  way:tell_message()
  way.state = "head"
  if way.dir == "s2c" then
    way.conversation:answered(message)
  elseif way.conversation.wants_socket then
    way.state, way.early = "early", {}
  end
end

function states.head(way, bytes, out)
  bytes = way.held .. bytes
  way.held = ""
  local size = head.size(bytes)
  if not size and #bytes <= head.MOST then
    way.held = bytes
    return ""
  end
  local message = size and head.read(bytes:sub(1, size))
  if not message then
    way:give_up(size and "no head of HTTP" or "no head of HTTP in its first 64 KiB")
    return bytes
  end
  if way.dir == "c2s" then message = for_server(message, way.conversation.options.authority) end
  out[#out + 1] = way.dir == "c2s" and head.write(message) or bytes:sub(1, size)
  begin_message(way, message)
  if way.left == 0 then end_message(way) end
  return bytes:sub(size + 1)
end

local function add_to_body(way, bytes, out)
  out[#out + 1] = bytes
  way.kept = (#way.body > 0 and way.kept or 0) + #bytes
  if way.kept <= way.conversation.options.most then table.insert(way.body, bytes) end
end

function states.body(way, bytes, out)
  local part = bytes:sub(1, way.left)
  add_to_body(way, part, out)
  way.left = way.left - #part
  if way.left == 0 then end_message(way) end
  return bytes:sub(#part + 1)
end

function states.rest(way, bytes, out)
  add_to_body(way, bytes, out)
  return ""
end

-- After the request for a socket: what it is depends on the answer.
function states.early(way, bytes, out)
  way.kept = (#way.early > 0 and way.kept or 0) + #bytes
  if way.kept > head.MOST then
    way:give_up "more than 64 KiB were sent before the answer"
    states.raw(way, table.concat(way.early), {})
    return bytes
  end
  out[#out + 1] = bytes
  table.insert(way.early, bytes)
  return ""
end

function Way:read_frames(bytes)
  local rest = self.reader:feed(bytes)
  if not rest then return end
  self:give_up(self.reader.fault)
  states.raw(self, rest, {})
end

function states.frames(way, bytes, out)
  out[#out + 1] = bytes
  way:read_frames(bytes)
  return ""
end

--- Hears bytes of that way.
---@param bytes string
---@return string bytes those to be passed on
function Way:hear(bytes)
  local out = {}
  while bytes ~= "" do bytes = states[self.state](self, bytes, out) end
  return table.concat(out)
end

-- Ends.

local function tell_rest(way)
  if way.message then way:tell_message() end
  local rest, text = way.reader:rest()
  if way.held ~= "" then rest, text = way.held, "the end came within a head of HTTP" end
  if rest then way:tell("raw", rest, { error = text }) end
  way.held = ""
end

--- Nothing more comes that way.
---@param is_reset boolean? by RST
function Way:finish(is_reset)
  if self.is_over then return end
  self.is_over = true
  tell_rest(self)
  self:tell(is_reset and "rst" or "eof")
end

return M
