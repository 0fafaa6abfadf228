-- Ws: a raw RFC 6455 peer for specs, either role: frames as legal or illegal as asked for, a parser
-- that judges nothing, both halves of the upgrade. Pure: it holds no socket.
local sha1 = require "spec.support.sha1"

local M = {}

M.opcodes = { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 }

local names = {}
for name, number in pairs(M.opcodes) do names[number] = name end

-- The nonce of RFC 6455 section 1.3 and its answer.
M.key = "dGhlIHNhbXBsZSBub25jZQ=="
M.answer_to_key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

local function xor(text, mask)
  local out, size = {}, #text
  local word = string.unpack("<I4", mask)
  local padded = text .. ("\0"):rep(-size % 4)
  for at = 1, size, 4 do
    out[#out + 1] = string.pack("<I4", string.unpack("<I4", padded, at) ~ word)
  end
  return table.concat(out):sub(1, size)
end

-- The length in its shortest form, or in the form of 7, 16 or 64 bits.
local function length_field(size, form)
  form = form or size < 126 and 7 or size < 65536 and 16 or 64
  if form == 7 then return size, "" end
  if form == 16 then return 126, string.pack(">I2", size) end
  return 127, string.pack(">I8", size)
end

-- The bytes of a frame: opcode (name or number, default text), payload, fin (default true), rsv
-- (0..7), mask (true, four bytes, or nothing for the server role), length (a lie), length_form.
function M.frame(frame)
  local payload = frame.payload or ""
  local opcode = M.opcodes[frame.opcode or "text"] or frame.opcode
  local mask = frame.mask == true and "\x12\x34\x56\x78" or frame.mask or nil
  local first = (frame.fin == false and 0 or 0x80) | (frame.rsv or 0) << 4 | opcode
  local short, long = length_field(frame.length or #payload, frame.length_form)
  local head = string.char(first, short | (mask and 0x80 or 0)) .. long
  if not mask then return head .. payload end
  return head .. mask .. xor(payload, mask)
end

function M.close_payload(code, text)
  if not code then return "" end
  return string.pack(">I2", code) .. (text or "")
end

local function read_size(buffer)
  local short = buffer:byte(2) & 0x7f
  if short < 126 then return short, 3 end
  local format, after = ">I2", 5
  if short == 127 then format, after = ">I8", 11 end
  if #buffer < after - 1 then return nil end
  return string.unpack(format, buffer, 3), after
end

-- The first frame of the buffer and what follows it; nil when it is not whole yet.
local function read_frame(buffer)
  if #buffer < 2 then return nil end
  local first, second = buffer:byte(1, 2)
  local size, at = read_size(buffer)
  local is_masked = second & 0x80 ~= 0
  local data = at and at + (is_masked and 4 or 0)
  if not size or #buffer < data + size - 1 then return nil end
  local payload = buffer:sub(data, data + size - 1)
  if is_masked then payload = xor(payload, buffer:sub(at, at + 3)) end
  return {
    opcode = names[first & 15] or first & 15, fin = first & 0x80 ~= 0, rsv = first >> 4 & 7,
    is_masked = is_masked, payload = payload,
  }, buffer:sub(data + size)
end

-- Of a close frame's payload: code or nil, text.
function M.read_close(payload)
  if #payload < 2 then return nil, "" end
  return string.unpack(">I2", payload), payload:sub(3)
end

local Parser = {}
Parser.__index = Parser

function M.parser()
  return setmetatable({ pieces = {}, size = 0, wanted = 2 }, Parser)
end

-- Takes bytes; answers the list of frames that they complete.
function Parser:feed(bytes)
  local frames = {}
  self.pieces[#self.pieces + 1] = bytes
  self.size = self.size + #bytes
  if self.size < self.wanted then return frames end
  local buffer = table.concat(self.pieces)
  local frame, rest = read_frame(buffer)
  while frame do
    frames[#frames + 1], buffer = frame, rest
    frame, rest = read_frame(buffer)
  end
  local size, at = 0, 3
  if #buffer >= 2 then size, at = read_size(buffer) end
  self.pieces, self.size, self.wanted = { buffer }, #buffer, size and at - 1 + size or 10
  return frames
end

-- Whether nothing is half read.
function Parser:is_empty()
  return self.size == 0
end

-- The head of an HTTP message, up to the empty line: { line=, headers= (names in lower case) } and
-- what follows it; nil when it is not whole yet.
function M.read_head(bytes)
  local stop, after = bytes:find("\r\n\r\n", 1, true)
  if not stop then return nil end
  local head = { headers = {} }
  for line in bytes:sub(1, stop + 1):gmatch "(.-)\r\n" do
    local name, value = line:match "^([^:]+):%s*(.-)%s*$"
    if head.line and name then
      head.headers[name:lower()] = value
    else
      head.line = head.line or line
    end
  end
  head.status = tonumber(head.line:match "^HTTP/%S+ (%d+)")
  return head, bytes:sub(after + 1)
end

local base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64_encode(bytes)
  local out = {}
  for at = 1, #bytes, 3 do
    local chunk = bytes:sub(at, at + 2)
    local bits = string.unpack(">I3", chunk .. ("\0"):rep(3 - #chunk))
    for i = 0, 3 do
      local place = (bits >> 18 - 6 * i & 63) + 1
      out[#out + 1] = i <= #chunk and base64:sub(place, place) or "="
    end
  end
  return table.concat(out)
end

-- Sec-WebSocket-Accept for a Sec-WebSocket-Key.
function M.accept(key)
  return base64_encode(sha1(key .. "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
end

-- The client's request: path, host, key, headers (a list of lines).
function M.request(request)
  request = request or {}
  local lines = {
    ("GET %s HTTP/1.1"):format(request.path or "/"), "Host: " .. (request.host or "127.0.0.1"),
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " .. (request.key or M.key),
    "Sec-WebSocket-Version: 13",
  }
  for _, line in ipairs(request.headers or {}) do lines[#lines + 1] = line end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- The server's answer to it; headers: a list of further lines.
function M.response(key, headers)
  local lines = {
    "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Accept: " .. M.accept(key),
  }
  for _, line in ipairs(headers or {}) do lines[#lines + 1] = line end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

return M
