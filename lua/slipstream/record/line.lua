--- Line: a line of a recording: what was sent, which way, when. docs/scenarios.md tells of the format.

local core = require "slipstream.core"
local frame = require "slipstream.record.frame"

local M = {}

---@class slipstream.RecordedLine
---@field dir "c2s"|"s2c"|"note"
---@field t_ms number since the recording began
---@field conn integer|string of which connection
---@field opcode string a frame's name or number; "http", "eof", "rst", "raw"
---@field data string|{ code: integer, reason: string }|nil bytes; of a close frame its code, nil: it had none
---@field fin boolean? false: more of the message follows
---@field rsv1 boolean? of a frame; rsv2, rsv3 as well
---@field masked boolean? where it is not as it ought to be for its side
---@field len integer? of the whole, when `data` was cut short
---@field error string? why it is raw
---@field number integer? in the file

-- Text of these is written as it is, if it can be; bytes of all others in hex.
local has_text = { text = true, continuation = true, http = true, note = true }

local reserved = { rsv1 = 4, rsv2 = 2, rsv3 = 1 }

-- Of frames.

local function close_of(data)
  local code, text = frame.read_close(data)
  if code and utf8.len(text) then return { code = code, reason = text } end
end

--- The fields of a frame that a side sent.
---@param dir "c2s"|"s2c"
---@param it slipstream.Frame
---@return slipstream.RecordedLine
function M.of_frame(dir, it)
  local line = { dir = dir, opcode = it.opcode, data = it.data }
  if it.opcode == "close" and it.fin and it.rsv == 0 and (it.size == 0 or close_of(it.data)) then
    line.data = close_of(it.data)
  end
  if not it.fin then line.fin = false end
  for name, bit in pairs(reserved) do line[name] = it.rsv & bit ~= 0 or nil end
  if it.is_masked ~= (dir == "c2s") then line.masked = it.is_masked end
  if it.size > #it.data then line.len = it.size end
  return line
end

--- The frame of a line that a client sent, for frame.write.
---@param line slipstream.RecordedLine
---@return table
function M.to_frame(line)
  local rsv, data = 0, line.data
  for name, bit in pairs(reserved) do rsv = rsv | (line[name] and bit or 0) end
  if line.opcode == "close" and type(data) ~= "string" then
    data = data and frame.close_payload(data.code, data.reason) or ""
  end
  return { opcode = line.opcode, fin = line.fin, rsv = rsv, is_masked = line.masked, data = data or "" }
end

-- Writing.

local order = { "dir", "t_ms", "conn", "opcode", "len", "fin", "rsv1", "rsv2", "rsv3", "masked", "error" }

-- What was cut short may have been cut within a character.
local function whole_characters(text)
  local _, bad = utf8.len(text)
  return bad and #text - bad < 4 and text:sub(1, bad - 1) or text
end

-- In parts, since it may be long.
local function encode_data(line)
  local data = line.data
  if data == nil then return '"data":', "null" end
  if type(data) == "table" then
    return ('"data":{"code":%d,"reason":'):format(data.code), core.json.encode(data.reason), "}"
  end
  if has_text[line.opcode] and not line.rsv1 then
    if line.len then data = whole_characters(data) end
    local text = core.json.encode(data)
    if text then return '"data":', text end
  end
  return '"hex":true,"data":"', core.to_hex(line.data), '"'
end

--- Its JSON, without the end of the line.
---@param line slipstream.RecordedLine
---@return string
function M.write(line)
  local parts = { "{" }
  for _, name in ipairs(order) do
    local value = line[name]
    if name == "t_ms" then value = math.floor(value * 10 + 0.5) / 10 end
    if value ~= nil then parts[#parts + 1] = ('"%s":%s,'):format(name, core.json.encode(value)) end
  end
  local front, data, back = encode_data(line)
  table.move({ front, data, back or "", "}" }, 1, 4, #parts + 1, parts)
  return table.concat(parts)
end

-- Reading.

local kinds = {
  dir = "string", t_ms = "number", opcode = "string", fin = "boolean", rsv1 = "boolean", rsv2 = "boolean",
  rsv3 = "boolean", masked = "boolean", len = "number", hex = "boolean", error = "string",
}

local directions = { c2s = true, s2c = true, note = true }

local opcodes = {
  http = true, eof = true, rst = true, raw = true, text = true, binary = true, continuation = true,
  close = true, ping = true, pong = true,
}

-- Of which it may be absent, or no bytes.
local has_no_data = { close = true, eof = true, rst = true }

local function is_opcode(opcode)
  return opcodes[opcode] or opcode:find "^%d%d?$" and tonumber(opcode) < 16
end

local function check(line)
  for name, kind in pairs(kinds) do
    local value = line[name]
    if value ~= nil and type(value) ~= kind then return ("%s: %s expected"):format(name, kind) end
  end
  if not directions[line.dir] then return "dir: c2s, s2c or note expected" end
  if line.dir == "note" then return nil end
  if type(line.conn) ~= "string" and math.type(line.conn) ~= "integer" then return "conn: a name expected" end
  if not line.opcode or not is_opcode(line.opcode) then return "opcode: that of a frame expected" end
  if not has_no_data[line.opcode] and type(line.data) ~= "string" then return "data: string expected" end
end

local function check_close(data)
  local code = type(data) == "table" and data.code
  if math.type(code) ~= "integer" or code < 0 or code > 65535 then return "data: a close code expected" end
  if type(data.reason) ~= "string" then return "data: a reason expected" end
end

-- Recordings of others do not say what is in hex: all bytes are, and texts that are no UTF-8.
local function is_hex(line, says_hex)
  if line.hex or not has_text[line.opcode] then return true end
  if says_hex or line.opcode == "http" or line.data:find "%X" then return false end
  return line.rsv1 or #line.data > 2 and #line.data % 2 == 0
end

local function read_data(line, says_hex)
  if type(line.data) == "table" then return check_close(line.data) end
  if type(line.data) ~= "string" or not is_hex(line, says_hex) then return nil end
  line.data = core.from_hex(line.data)
  if not line.data then return "data: hex expected" end
end

--- Reads one; what it says is not trusted.
---@param text string
---@param says_hex boolean whether what is in hex says so
---@return slipstream.RecordedLine|table|nil line or the recording's header
---@return string? err
function M.read(text, says_hex)
  local line, fault = core.json.decode(text)
  if type(line) ~= "table" or getmetatable(line) == core.array_mt then
    return nil, fault or "an object expected"
  end
  if line.header == true then return line end
  for name, value in pairs(line) do
    if value == core.null then line[name] = nil end
  end
  fault = check(line) or line.dir ~= "note" and read_data(line, says_hex)
  if fault then return nil, fault end
  return line
end

return M
