--- Values in a few words for people: a table as JSON has it, cut short, and without secrets.

local core = require "slipstream.core"
local redact = require("slipstream.secret").redact

local M = {}

-- At most so many bytes of a value, and entries of a table, stand in one line.
local MOST_BYTES, MOST_ENTRIES = 200, 50

--- One line of bounded length, cut between characters.
---@param text string
---@return string
function M.shorten(text)
  text = text:gsub("%c+", " ")
  if #text <= MOST_BYTES then return text end
  local last = MOST_BYTES
  while last > MOST_BYTES - 4 and text:find("^[\x80-\xbf]", last + 1) do last = last - 1 end
  return text:sub(1, last) .. "…"
end

--- The value; of a text that is no UTF-8, which JSON has no way to say, what is ASCII.
---@param value any
---@return any
function M.utf8(value)
  if type(value) ~= "string" or utf8.len(value) then return value end
  return (value:gsub("[\x80-\xff]", "?"))
end

--- Whether its entries are to be shown: an object has a text of its own, and may have secrets.
---@param value any
---@return boolean
function M.is_plain(value)
  if type(value) ~= "table" then return false end
  local meta = debug.getmetatable(value)
  return meta == nil or meta == core.array_mt
end

--- What `tostring` says; of a table that is no object what is in it, as JSON; and of JSON's null its name.
---@param value any
---@return string
function M.text(value)
  if M.is_plain(value) then return M.json(value) end
  if value == core.null then return "null" end
  local ok, text = pcall(tostring, value)
  return ok and text or ("a %s that cannot be shown"):format(type(value))
end

--- One line of bounded length, in quotes.
---@param text string
---@return string
function M.quote(text)
  return '"' .. M.shorten(text):gsub('["\\]', "\\%0") .. '"'
end

local function add(out, text)
  out[#out + 1] = text
  out.size = out.size + #text
end

local function is_full(out) return out.size > MOST_BYTES end

local add_value

local function add_list(out, list)
  add(out, "[")
  for place, value in ipairs(list) do
    if is_full(out) then break end
    if place > 1 then add(out, ",") end
    add_value(out, value)
  end
  add(out, "]")
end

-- A table that is a key of itself would have no end.
local function name_of(key)
  return type(key) == "table" and "a table" or M.text(key)
end

-- In an order that is the same every time, unless there are very many.
local function some_keys(map)
  local keys = {}
  for key in next, map do
    if #keys == MOST_ENTRIES then break end
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return name_of(a) < name_of(b) end)
  return keys
end

local function add_map(out, map)
  add(out, "{")
  for place, key in ipairs(some_keys(map)) do
    if is_full(out) then break end
    add(out, (place > 1 and "," or "") .. M.quote(name_of(key)) .. ":")
    add_value(out, redact(key, rawget(map, key)))
  end
  add(out, "}")
end

-- A table within itself ends when the line is full.
local function add_table(out, value)
  if is_full(out) then return add(out, "…") end
  local is_list = rawlen(value) > 0 or debug.getmetatable(value) == core.array_mt
  local add_all = is_list and add_list or add_map
  return add_all(out, value)
end

function add_value(out, value)
  if M.is_plain(value) then return add_table(out, value) end
  if type(value) == "string" then return add(out, M.quote(value)) end
  local is_word = type(value) == "number" or type(value) == "boolean" or value == core.null
  return add(out, is_word and M.text(value) or M.quote(M.text(value)))
end

--- The value as JSON has it, in one line of bounded length; what JSON does not know as its text.
---@param value any
---@return string
function M.json(value)
  local out = { size = 0 }
  add_value(out, value)
  return M.shorten(table.concat(out))
end

--- A host as URIs have it: an IPv6 address in brackets.
---@param host string
---@return string
function M.host(host) return host:find(":", 1, true) and ("[%s]"):format(host) or host end

--- A host and a port: "127.0.0.1:4000", "[::1]:4000".
---@param host string
---@param port integer
---@return string
function M.address(host, port) return ("%s:%d"):format(M.host(host), port) end

--- Why luv failed, in words: its text without the code at the beginning and the path at the end.
---@param text string as `"ENOENT: no such file or directory: /a"`
---@return string
function M.fault(text) return text:match "^[%u%d_]+: ([^:]+)" or text end

--- Why nobody can listen there.
---@param where string an address, or the path of a socket
---@param err string may be of libuv
---@return string
function M.cannot_listen(where, err) return ("cannot listen at %s: %s"):format(where, M.fault(err)) end

--- A noun for so many: "scenario", "scenarios", "entries".
---@param count number
---@param noun string
---@return string
function M.plural(count, noun) return count == 1 and noun or noun:gsub("y$", "ie") .. "s" end

--- So many: "1 scenario", "2 scenarios".
---@param count integer
---@param noun string
---@return string
function M.count(count, noun) return ("%d %s"):format(count, M.plural(count, noun)) end

local units = { "bytes", "KiB", "MiB", "GiB" }

--- A number of bytes for people: "512 bytes", "1.5 MiB".
---@param bytes number
---@return string
function M.bytes(bytes)
  local size, place = bytes, 1
  while size >= 1024 and units[place + 1] do size, place = size / 1024, place + 1 end
  return (place == 1 and "%.0f %s" or "%.1f %s"):format(size, units[place])
end

return M
