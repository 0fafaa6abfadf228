--- Connections: the server's end of one over the pretended network, with what a Phoenix server does of
-- itself: it answers pings and close frames.

local caller = require("slipstream.frame").caller
local core = require "slipstream.core"
local frames = require "slipstream.record.frame"
local handshake = require "slipstream.server.handshake"
local heads = require "slipstream.record.head"
local query = require "slipstream.query"
local wire = require "slipstream.server.wire"

---@class slipstream.test.Request what the upgrade asked for
---@field line string the first of it
---@field path string
---@field params table those of the query, nested ones as tables
---@field headers table<string, string> by their names in lower case
---@field auth_token string?

---@class slipstream.test.Connection
---@field request slipstream.test.Request? once it was read
---@field is_open boolean frames may be sent
---@field private host userdata
---@field peer userdata
---@field private serializer slipstream.Serializer?
---@field private format slipstream.ServerFormat once the request was read
---@field private is_closing boolean a close frame was sent
---@field private is_over boolean the client's end was told
local Connection = {}
Connection.__index = Connection

local M = {}

--- Takes a dial that waits.
---@param host userdata
---@param client userdata? whose, of `socket._core`; the one that waits longest when absent
---@param serializer slipstream.Serializer? the one that the client has
---@return slipstream.test.Connection? nil: none waits
function M.take(host, client, serializer)
  local peer = host:peer(client)
  return peer and setmetatable({
    host = host, peer = peer, serializer = serializer, is_open = false, is_closing = false, is_over = false,
  }, Connection)
end

-- The upgrade.

local function arguments_of(target)
  local list = {}
  for part in (target:match "%?(.*)$" or ""):gmatch "[^&]+" do list[#list + 1] = query.unescape_part(part) end
  return list
end

local function headers_of(head)
  local headers = {}
  for _, field in ipairs(head.fields) do headers[field[1]:lower()] = heads.get(head, field[1]) end
  return headers
end

local function read_upgrade(head, headers, has_serializer)
  local method, target = heads.request(head)
  local found, refusal = handshake.read({
    method = method, version = head.line:match "%S+$", is_upgrade = heads.is_upgrade(head),
    arguments = arguments_of(target),
  }, function(name) return headers[name] end, has_serializer)
  if not found then error("no upgrade that a server would take: " .. refusal, 0) end
  return found, target
end

--- Lets TCP succeed, and reads the request that comes.
---@return slipstream.test.Request
function Connection:read_request()
  self.peer:accept()
  self.host:advance(0)
  local head = assert(heads.read(self.peer:take()))
  local headers = headers_of(head)
  local found, target = read_upgrade(head, headers, self.serializer ~= nil)
  self.format = self.serializer or found.vsn
  self.request = {
    line = head.line, path = target:match "^[^?]*", params = found.params, headers = headers,
    auth_token = found.auth_token,
  }
  return self.request
end

local function add_frame(self, frame) table.insert(self.frames, frame) end

--- Answers the request with 101.
function Connection:accept()
  local headers = self.request.headers
  local fields = {
    { "Upgrade", "websocket" }, { "Connection", "Upgrade" },
    { "Sec-WebSocket-Accept", core.ws_accept(headers["sec-websocket-key"]) },
  }
  if headers["sec-websocket-protocol"] then table.insert(fields, { "Sec-WebSocket-Protocol", "phoenix" }) end
  self.is_open, self.frames = true, {}
  self.reader = frames.reader(math.maxinteger, function(frame) add_frame(self, frame) end)
  self.peer:send(heads.write { line = "HTTP/1.1 101 Switching Protocols", fields = fields })
end

--- Answers the request with another status.
---@param status integer
---@param headers table? a map or a list of {name, value}
---@param body string?
function Connection:refuse(status, headers, body)
  self.is_over = true
  self.peer:send(handshake.response(status, body, headers))
end

--- Lets TCP fail.
---@param text string what the system says
function Connection:fail(text)
  self.is_over = true
  self.peer:finish("tcp", text)
end

-- Sending.

local function send_frame(self, opcode, data)
  self.peer:send(frames.write({ opcode = opcode, data = data, is_masked = false }, ""))
end

--- Sends a message, as slipstream.server.wire takes it. Raises, at the script's line, when it cannot be sent.
---@param message table
function Connection:send(message)
  local bytes, is_binary = wire.write(self.format, message)
  send_frame(self, is_binary and "binary" or "text", bytes)
end

--- Sends a close frame; the connection ends when the client has answered it.
---@param code integer?
---@param text string?
function Connection:close(code, text)
  self.is_closing = true
  send_frame(self, "close", frames.close_payload(code, text))
end

--- Ends it without a word.
function Connection:drop()
  self.is_open, self.is_over = false, true
  self.peer:finish()
end

-- Receiving.

local read = {}

-- What comes from a script's own serializer may be unreadable, and is told at the line of the test.
local function reading(is_binary)
  return function(self, data)
    local message, fault = wire.read(self.format, data, is_binary)
    if not message then error("cannot read what the client has sent: " .. fault, (caller())) end
    return message
  end
end

read.text, read.binary = reading(false), reading(true)

function read.ping(self, data) send_frame(self, "pong", data) end
function read.pong() end

function read.close(self, data)
  local was_asked_for = self.is_closing
  local code, text = frames.read_close(data)
  if not was_asked_for then self:close(code) end
  self:drop()
  if not was_asked_for then return { is_close = true, code = code, text = text } end
end

-- The client has gone without a close frame.
local function read_end(self, list)
  if self.is_over or not self.peer:closed() then return end
  self.is_open, self.is_over = false, true
  if not self.is_closing then list[#list + 1] = { is_close = true } end
end

--- What has come since the last look: messages, as slipstream.server.wire reads them, and at the end that
-- the client has closed: `is_close`, with `code` and `text` when it said so.
---@return table[]
function Connection:receive()
  local list = {}
  if not self.reader or self.is_over then return list end
  self.reader:feed(self.peer:take())
  for _, frame in ipairs(self.frames) do
    if not self.is_open then break end
    list[#list + 1] = read[frame.opcode](self, frame.data)
  end
  self.frames = {}
  read_end(self, list)
  return list
end

return M
