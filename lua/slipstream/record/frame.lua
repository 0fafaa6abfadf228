--- Frame: WebSocket frames of either side, as they are on the wire (RFC 6455 section 5.2): fragments, masks,
-- reserved bits and opcodes and all.
--
-- The core's reader hands out messages of a good server, and judges; who records wants what was there.

local core = require "slipstream.core"

local M = {}

local names = {
  [0] = "continuation", [1] = "text", [2] = "binary", [8] = "close", [9] = "ping", [10] = "pong",
}

local numbers = {}
for number, name in pairs(names) do numbers[name] = number end

--- The opcodes of frames that messages are made of.
M.is_data = { text = true, binary = true, continuation = true }

---@class slipstream.Frame
---@field opcode string its name, or a number for what has none
---@field fin boolean
---@field rsv integer 0 to 7; 4 is the bit of compression
---@field is_masked boolean
---@field size integer of the payload
---@field data string the payload, at most so much of it as the reader keeps, its mask taken off

---@class slipstream.FrameReader
---@field fault string? it reads no more
local Reader = {}
Reader.__index = Reader

--- Makes one that keeps at most so many bytes of a payload, and tells each frame as it is whole.
---@param most integer
---@param tell fun(frame: slipstream.Frame)
---@return slipstream.FrameReader
function M.reader(most, tell)
  return setmetatable({ most = most, tell = tell, head = "" }, Reader)
end

-- How long the header is by what there is of it: it says so itself by its second byte.
local function head_size(head)
  if #head < 2 then return 2 end
  local second = head:byte(2)
  local short = second & 0x7f
  local long = short == 127 and 8 or short == 126 and 2 or 0
  return 2 + long + (second & 0x80 ~= 0 and 4 or 0)
end

local function payload_size(head)
  local short = head:byte(2) & 0x7f
  if short < 126 then return short end
  return (string.unpack(short == 126 and ">I2" or ">i8", head, 3))
end

local function payload_of(reader)
  local data = table.concat(reader.parts)
  return reader.key and core.ws_mask(data, reader.key) or data
end

local function finish(reader)
  local frame = reader.frame
  frame.data = payload_of(reader)
  reader.frame, reader.parts = nil, nil
  reader.tell(frame)
end

local function begin(reader, head)
  local first, size = head:byte(1), payload_size(head)
  if size < 0 then
    reader.fault = "a frame of more than 63 bits of length"
    return
  end
  local is_masked = head:byte(2) & 0x80 ~= 0
  reader.key = is_masked and head:sub(-4) or nil
  reader.frame = {
    opcode = names[first & 15] or tostring(first & 15), fin = first & 0x80 ~= 0, rsv = first >> 4 & 7,
    is_masked = is_masked, size = size,
  }
  reader.parts, reader.left, reader.kept, reader.head = {}, size, 0, ""
  if size == 0 then finish(reader) end
end

-- Each answers the place behind what it has read.

local function read_head(reader, bytes, at)
  local missing = head_size(reader.head) - #reader.head
  reader.head = reader.head .. bytes:sub(at, at + missing - 1)
  local size = head_size(reader.head)
  if #reader.head == size then begin(reader, reader.head) end
  return math.min(at + missing, #bytes + 1)
end

local function read_payload(reader, bytes, at)
  local count = math.min(reader.left, #bytes - at + 1)
  local kept = math.min(count, reader.most - reader.kept)
  if kept > 0 then table.insert(reader.parts, bytes:sub(at, at + kept - 1)) end
  reader.kept, reader.left = reader.kept + kept, reader.left - count
  if reader.left == 0 then finish(reader) end
  return at + count
end

--- Reads them as far as they go.
---@param bytes string
---@return string? rest what cannot be read, with what there was of its frame: there is a `fault` from now on
function Reader:feed(bytes)
  local at = 1
  while at <= #bytes do
    at = (self.frame and read_payload or read_head)(self, bytes, at)
    if self.fault then return self.head .. bytes:sub(at) end
  end
end

--- What there is of a frame that is not whole, when nothing more comes.
---@return string? bytes nil when there is none
---@return string? text what is missing
function Reader:rest()
  local frame = self.frame
  if frame then
    local text = "the end came within a frame (%s): %d of %d bytes"
    return payload_of(self), text:format(frame.opcode, frame.size - self.left, frame.size)
  elseif self.head ~= "" then
    return self.head, "the end came within the header of a frame"
  end
end

local function length_of(size, is_masked)
  local bit = is_masked and 0x80 or 0
  if size < 126 then return string.char(bit | size) end
  if size < 1 << 16 then return string.pack(">BI2", bit | 126, size) end
  return string.pack(">BI8", bit | 127, size)
end

--- The bytes of a frame, under this key unless it is not to be masked.
---@param frame { opcode: string, fin: boolean?, rsv: integer?, is_masked: boolean?, data: string }
---@param key string four bytes
---@return string
function M.write(frame, key)
  local opcode = numbers[frame.opcode] or math.tointeger(tonumber(frame.opcode)) & 15
  local first = (frame.fin == false and 0 or 0x80) | (frame.rsv or 0) << 4 | opcode
  local is_masked = frame.is_masked ~= false
  local head = string.char(first) .. length_of(#frame.data, is_masked)
  if not is_masked then return head .. frame.data end
  return head .. key .. core.ws_mask(frame.data, key)
end

--- Reads the payload of a close frame: nil for an empty one and for what is none.
---@param data string
---@return integer? code, string? text
function M.read_close(data)
  if #data < 2 then return nil end
  return string.unpack(">I2", data), data:sub(3)
end

--- The payload of a close frame.
---@param code integer? none: an empty one
---@param text string?
---@return string
function M.close_payload(code, text)
  return code and string.pack(">I2", code) .. (text or "") or ""
end

return M
