-- Recording: what a real Phoenix server and its client said to each other, one scenario a file of
-- JSON lines (spec/replay/recordings), made ready to be played again. The first line tells of the
-- scenario. Each other line has `conn`, the name of a connection; `dir`, c2s or s2c (else it is a
-- note); `opcode`, a frame's or http, eof, rst; and `data`, in hex for what is not text.
local core = require "slipstream.core"
local uv = require "luv"

local M = { root = "spec/replay/recordings" }

local function from_hex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- What closes a message whose long string the recorder cut short.
local closing = { c2s = '"}]', s2c = '"},"status":"ok"}]' }

-- A long message was recorded as its beginning, its size and an ellipsis: its filler is one letter.
local function restore(line)
  local start = line.data:gsub("…$", "")
  local missing = line.len - #start - #closing[line.dir]
  return start .. start:sub(-1):rep(missing) .. closing[line.dir]
end

local is_text = { text = true, continuation = true }

-- Text is in hex where it is none: compressed, or no UTF-8.
local function is_hex(line)
  if line.opcode == "http" or type(line.data) ~= "string" or line.data:find "%X" then return false end
  return not is_text[line.opcode] or line.rsv1 or #line.data > 2 and #line.data % 2 == 0
end

local function read_line(text)
  local line = assert(core.json.decode(text))
  if line.data == core.null then line.data = nil end
  if line.len then line.data = restore(line) end
  if is_hex(line) then line.data = from_hex(line.data) end
  return line
end

-- All recordings: a sorted list of names such as "phoenix-1.8.12-cowboy/join_ok".
function M.list()
  local names = {}
  local function look(folder)
    local entries = assert(uv.fs_scandir(M.root .. folder))
    for name, kind in uv.fs_scandir_next, entries do
      if kind == "directory" then look(folder .. "/" .. name) end
      local scenario = name:match "^(.*)%.jsonl$"
      if scenario then names[#names + 1] = (folder .. "/" .. scenario):sub(2) end
    end
  end
  look ""
  table.sort(names)
  return names
end

-- The lines of a recording, without the first, which tells of it.
function M.lines(name)
  local list = {}
  for text in io.lines(("%s/%s.jsonl"):format(M.root, name)) do
    local line = read_line(text)
    if not line.header then list[#list + 1] = line end
  end
  return list
end

-- The recorder noted what a compressed message was before.
local function note_inflated(list, note)
  local dir, text = tostring(note.data):match "^(%w+) inflated: (.*)$"
  for i = #list, 1, -1 do
    if dir and list[i].dir == dir and list[i].rsv1 then
      list[i].inflated = list[i].inflated or text
      return
    end
  end
end

-- The line as if it had not been compressed.
function M.plain(line)
  return line.inflated and { dir = line.dir, opcode = line.opcode, data = line.inflated } or line
end

-- The connections of a recording in the order of their opening: { name=, [1]=line, … } with the
-- lines { dir=, opcode=, data= (bytes, or { code=, reason= }), inflated= (of compressed ones) } of both
-- directions.
function M.connections(name)
  local list, by_name = {}, {}
  for _, line in ipairs(M.lines(name)) do
    if line.dir == "c2s" or line.dir == "s2c" then
      if not by_name[line.conn] then
        by_name[line.conn] = { name = line.conn }
        list[#list + 1] = by_name[line.conn]
      end
      table.insert(by_name[line.conn], line)
    elseif by_name[line.conn] then
      note_inflated(by_name[line.conn], line)
    end
  end
  return list
end

-- Messages.

local function present(value)
  if value ~= core.null then return value end
end

local function read_text(vsn, text)
  local value = core.json.decode(text)
  if type(value) ~= "table" then return nil end
  if vsn == 2 then
    value = { join_ref = value[1], ref = value[2], topic = value[3], event = value[4], payload = value[5] }
  end
  if type(value.event) ~= "string" or value.payload == nil then return nil end
  local message = {
    join_ref = present(value.join_ref), ref = present(value.ref),
    topic = present(value.topic), event = value.event, payload = value.payload,
  }
  if message.event == "phx_reply" then
    message.status, message.payload = message.payload.status, message.payload.response
  end
  return message
end

-- The fields of the binary kinds, in order; each has a byte of length at the front.
local fields = {
  c2s = { [0] = { "join_ref", "ref", "topic", "event" } },
  s2c = {
    [0] = { "join_ref", "topic", "event" },
    [1] = { "join_ref", "ref", "topic", "status" },
    [2] = { "topic", "event" },
  },
}

local function read_binary(dir, bytes)
  local names = #bytes > 0 and fields[dir][bytes:byte(1)]
  if not names or #bytes < 1 + #names then return nil end
  local message = { kind = bytes:byte(1) }
  local at = 2 + #names
  for i, name in ipairs(names) do
    local size = bytes:byte(1 + i)
    message[name] = bytes:sub(at, at + size - 1)
    at = at + size
  end
  if at > #bytes + 1 then return nil end
  if message.status then message.event = "phx_reply" end
  message.payload = setmetatable({ bytes = bytes:sub(at) }, core.binary_mt)
  return message
end

-- The message of a line: { join_ref, ref, topic, event, status (of a reply), payload }; nil when it
-- is none, which some scenarios send on purpose.
function M.read_message(vsn, line)
  if line.opcode == "binary" then return read_binary(line.dir, line.data) end
  return read_text(vsn, line.data)
end

-- Changes a ref in JSON by `rename` and keeps its type.
local function rename_json(text, rename)
  local quote, ref = text:match '^("?)(.*)"?$'
  ref = ref:gsub('"$', "")
  if text == "null" then return text end
  return quote .. rename(ref) .. quote
end

local function rename_text(vsn, text, rename)
  if vsn == 2 then
    local join_ref, ref, rest = text:match "^%[([^,]*),([^,]*),(.*)$"
    return ("[%s,%s,%s"):format(rename_json(join_ref, rename), rename_json(ref, rename), rest)
  end
  local front, ref, topic = text:match '^(.*,"ref":)([^,]*)(,"topic":"[^"]*"})$'
  return front .. rename_json(ref, rename) .. topic
end

local function rename_binary(bytes, rename)
  local message = read_binary("s2c", bytes)
  local lengths, values = {}, {}
  for i, name in ipairs(fields.s2c[message.kind]) do
    local value = message[name]
    if name == "join_ref" or name == "ref" then value = rename(value) end
    lengths[i], values[i] = string.char(#value), value
  end
  return string.char(message.kind) .. table.concat(lengths) .. table.concat(values) .. message.payload.bytes
end

-- The line of a server with other refs: rename(ref) gives the new one.
function M.with_refs(vsn, line, rename)
  local data
  if line.opcode == "binary" then
    data = rename_binary(line.data, rename)
  else
    data = rename_text(vsn, line.data, rename)
  end
  return { dir = line.dir, opcode = line.opcode, data = data }
end

-- Values as text that is the same for the same value: keys sorted, long strings cut.
function M.show(value)
  if value == nil then return "-" end
  if value == core.null then return "null" end
  if type(value) == "string" then
    return #value > 100 and ("%q… (%d bytes)"):format(value:sub(1, 40), #value) or ("%q"):format(value)
  end
  if type(value) ~= "table" then return tostring(value) end
  local kind = getmetatable(value)
  if kind == core.binary_mt then return "binary " .. M.show(value.bytes) end
  local parts = {}
  if kind == core.array_mt then
    for i, item in ipairs(value) do parts[i] = M.show(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, item in pairs(value) do parts[#parts + 1] = ("%s:%s"):format(M.show(key), M.show(item)) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

-- Chance.

-- A generator of its own, so that a failure comes again: roll(n) is a number from 1 to n.
function M.dice(seed)
  local state = 0
  for i = 1, #seed do state = (state * 31 + seed:byte(i)) & 0xffffffff end
  return function(n)
    state = (state * 6364136223846793005 + 1442695040888963407)
    return (state >> 33) % n + 1
  end
end

-- The pieces of a stream cut at random places, single bytes among them.
function M.cut(bytes, roll)
  local pieces, at = {}, 1
  while at <= #bytes do
    local size = roll(3) == 1 and 1 or roll(roll(2) == 1 and 16 or 4096)
    pieces[#pieces + 1] = bytes:sub(at, at + size - 1)
    at = at + size
  end
  return pieces
end

return M
