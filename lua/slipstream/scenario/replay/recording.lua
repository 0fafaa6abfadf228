--- Recording: a file that `slipstream record` has written, or one like it, ready to be played again.

local frame = require "slipstream.record.frame"
local head = require "slipstream.record.head"
local line = require "slipstream.record.line"
local source = require "slipstream.source"

local M = {}

---@class slipstream.Recording
---@field path string
---@field lines slipstream.RecordedLine[] of clients and servers, without notes
---@field connections slipstream.RecordedConnection[] by their first lines
---@field by_name table<integer|string, slipstream.RecordedConnection>

---@class slipstream.RecordedConnection
---@field name integer|string
---@field vsn integer 1 or 2, the format of its messages
---@field lines slipstream.RecordedLine[]

local ELLIPSIS <const> = "…"

-- Others than ours mark what they have cut short by an ellipsis as well.
local function strip(it)
  if it.len and type(it.data) == "string" and it.data:sub(-#ELLIPSIS) == ELLIPSIS then
    it.data = it.data:sub(1, -#ELLIPSIS - 1)
  end
end

local function vsn_of(request)
  local text = request.opcode == "http" and request.data or ""
  local _, target = head.request { line = text:match "^[^\r\n]*" }
  return (target or ""):find "[?&]vsn=2%." and 2 or 1 -- as Phoenix has it
end

local function connection_of(recording, it)
  local connection = recording.by_name[it.conn]
  if not connection then
    connection = { name = it.conn, vsn = vsn_of(it), lines = {} }
    recording.by_name[it.conn] = connection
    table.insert(recording.connections, connection)
  end
  return connection
end

local function add(recording, it)
  if it.dir == "note" then return end
  strip(it)
  table.insert(recording.lines, it)
  table.insert(connection_of(recording, it).lines, it)
end

-- Whether the recording says itself what in it is hex.
local function is_ours(header)
  return type(header.recorder) == "string" and header.recorder:find "^slipstream" ~= nil
end

-- An empty line is none.
local function read_line(json, says_hex)
  if json:find "%S" then return line.read(json, says_hex) end
end

--- Reads the text of one.
---@param path string for what is wrong with it
---@param text string
---@return slipstream.Recording? recording, string? err "talk.jsonl:12: data: hex expected"
function M.read(path, text)
  local recording = { path = path, lines = {}, connections = {}, by_name = {} }
  local number, says_hex = 0, false
  for json in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    local it, fault = read_line(json, says_hex)
    if fault then return nil, ("%s:%d: %s"):format(path, number, fault) end
    if it and it.header then
      says_hex = is_ours(it)
    elseif it then
      it.number = number
      add(recording, it)
    end
  end
  if #recording.lines == 0 then return nil, path .. ": nothing was recorded in it" end
  return recording
end

--- Reads a file.
---@param path string
---@return slipstream.Recording? recording, string? err
function M.load(path)
  local text, fault = source.read(path)
  if not text then return nil, fault end
  return M.read(path, text)
end

-- What the server said.

---@class slipstream.ReplayItem
---@field kind "http"|"message"|"close"|"end"|"raw"
---@field opcode string? of a message: text or binary
---@field data string? its bytes, or its text
---@field len integer? of the whole, when that was cut short
---@field status integer? of an answer
---@field code integer? of a close frame
---@field reason string?
---@field number integer? the line that it was recorded in

local to_item = {}

function to_item.http(it)
  return { kind = "http", status = math.tointeger(tonumber((it.data or ""):match "^HTTP/%S+ (%d+)")) or 0 }
end

function to_item.close(it)
  local data = it.data
  if type(data) == "string" then
    local code, reason = frame.read_close(data)
    return { kind = "close", code = code, reason = reason }
  end
  return { kind = "close", code = data and data.code, reason = data and data.reason }
end

to_item.eof = function() return { kind = "end" } end
to_item.rst = to_item.eof

local is_nothing = { ping = true, pong = true } -- the network's business, as heartbeats are

local function check(it)
  if it.rsv1 or it.rsv2 or it.rsv3 then return nil, "it was compressed, which nobody can compare" end
  if frame.is_data[it.opcode] or to_item[it.opcode] then return true end
  return nil, ("%s: bytes that are no message cannot be compared"):format(it.error or it.opcode)
end

-- Frames make messages: how they are cut is the server's affair.
local function add_frame(items, open, it)
  open = open or { kind = "message", opcode = it.opcode, parts = {} }
  table.insert(open.parts, it.data or "")
  open.len = it.len or open.len
  if it.fin == false then return open end
  open.data, open.parts, open.number = table.concat(open.parts), nil, it.number
  table.insert(items, open)
end

--- What the server said on a connection, in its order.
---@param connection slipstream.RecordedConnection
---@return slipstream.ReplayItem[]? items, string? err, integer? line
function M.items(connection)
  local items, open = {}, nil
  for _, it in ipairs(connection.lines) do
    if it.dir == "s2c" and not is_nothing[it.opcode] then
      local ok, fault = check(it)
      if not ok then return nil, fault, it.number end
      if frame.is_data[it.opcode] then
        open = add_frame(items, open, it)
      else
        local item = to_item[it.opcode](it)
        item.number = it.number
        table.insert(items, item)
      end
    end
  end
  return items
end

return M
