--- The keys of a configuration: what each may be.

local core = require "slipstream.core"
local keys = require "slipstream.keys"
local nearest = require "slipstream.nearest"
local proxies = require "slipstream.proxy"
local query = require "slipstream.query"
local whole_of = require("slipstream.check").whole

local M = {}
local MAX_MSEC = 2 ^ 31 - 1 | 0
local MAX_STEPS = 32
-- SLIP_BUFFERED_PUSHES_MAX of src/core/limits.h.
local MAX_BUFFERED = 10000

-- Checkers: nil when the value is good, else what is wrong with it. Values are not shown: they may be
-- secret.

local function expected(what, value)
  return ("%s expected, got %s"):format(what, math.type(value) == "float" and "float" or type(value))
end

--- What is wrong with a value that is not what was expected.
---@param what string
---@param value any
---@return string
M.expected = expected

local function integer(least, most)
  return function(value)
    local given = whole_of(value)
    if not given then return expected("integer", value) end
    if given < least or given > most then
      return ("must be from %d to %d, got %d"):format(least, most, given)
    end
  end
end

local function msec(least) return integer(least, MAX_MSEC) end

local bytes = integer(1, math.maxinteger)

local function boolean(value)
  if type(value) ~= "boolean" then return expected("boolean", value) end
end

local function share(value)
  if type(value) ~= "number" then return expected("number", value) end
  if not (value >= 0 and value <= 1) then return ("must be from 0 to 1, got %s"):format(value) end
end

local check_step = msec(0)

local function steps(value)
  if type(value) ~= "table" then return expected("list of integers", value) end
  if #value < 1 or #value > MAX_STEPS then return ("must have 1 to %d steps"):format(MAX_STEPS) end
  for index, step in ipairs(value) do
    local text = check_step(step)
    if text then return ("[%d]: %s"):format(index, text) end
  end
end

-- Many clients have the same URI, and each looks at it several times.
local parts_of = setmetatable({}, { __mode = "v" })

--- The parts of a URI, as core.uri_read answers them, and the `vsn` of its query.
---@param text string
---@return table? parts, string? err
function M.read_uri(text)
  local parts, fault = parts_of[text], nil
  if not parts then
    parts, fault = core.uri_read(text)
    if parts then parts.vsn = query.find(parts.query, "vsn") end
    parts_of[text] = parts
  end
  return parts, fault
end

local function uri(value)
  if type(value) ~= "string" then return expected("string", value) end
  local parts, text = M.read_uri(value)
  if not parts then return text end
end

local function table_or_function(value)
  if type(value) ~= "table" and type(value) ~= "function" then return expected("table or function", value) end
end

-- CR or LF would begin a second request.
local function sendable(value)
  if type(value) ~= "string" then return expected("string", value) end
  if value:find("[%z\1-\8\10-\31\127]") then return "must not have control characters" end
end

local function some_text(value)
  if value == "" then return "must not be empty" end
  return sendable(value)
end

-- What the handshake itself says.
local own_headers = {
  host = true, upgrade = true, connection = true, ["content-length"] = true, ["transfer-encoding"] = true,
}

local function header(name, value)
  if type(name) ~= "string" then return "a list of {name, value}, or a map of strings expected" end
  if not name:find("^[%w!#$%%&'*+.^_`|~-]+$") then return "not a header name (a token of RFC 9110)" end
  local lower = name:lower()
  if own_headers[lower] or lower:find("^sec%-websocket%-") then
    return name .. ": the handshake sets this one"
  end
  local text = sendable(value)
  return text and name .. ": " .. text
end

--- Headers in either form as a list; those of a map are in the order of their names.
---@param headers table
---@return string[][]
function M.header_list(headers)
  local list = {}
  for name, value in pairs(headers) do
    list[#list + 1] = math.type(name) == "integer" and type(value) == "table" and value or { name, value }
  end
  if #list ~= #headers then
    table.sort(list, function(a, b) return tostring(a[1]) < tostring(b[1]) end)
    return list
  end
  return headers
end

local function headers(value)
  if type(value) ~= "table" then return expected("table", value) end
  for _, pair in ipairs(M.header_list(value)) do
    if type(pair) ~= "table" then return "a list of {name, value}, or a map of strings expected" end
    local text = header(pair[1], pair[2])
    if text then return text end
  end
end

local function address(value)
  if type(value) ~= "string" then return expected("string", value) end
  if not core.is_address(value) then return "must be an IPv4 or IPv6 address" end
end

local function addresses(value)
  if type(value) == "string" then return address(value) end
  if type(value) ~= "table" then return expected("string or list of strings", value) end
  if #value < 1 then return "must have at least one address" end
  for index, each in ipairs(value) do
    local text = address(each)
    if text then return ("[%d]: %s"):format(index, text) end
  end
end

-- A proxy's URI may hold a password, which `read` does not show.
local function proxy(value)
  if value == false then return nil end
  if type(value) ~= "string" then return expected("string or false", value) end
  local _, fault = proxies.read(value)
  return fault
end

local function one_of(...)
  local choices = { ... }
  return function(value)
    for _, choice in ipairs(choices) do
      if value == choice then return nil end
    end
    local quoted = {}
    for index, choice in ipairs(choices) do quoted[index] = ('"%s"'):format(choice) end
    return ("must be %s"):format(table.concat(quoted, " or "))
  end
end

--- What is wrong with a vsn where Phoenix's own serializers are spoken; nil when nothing is.
---@type fun(value: any): string?
M.phoenix_vsn = one_of("2.0.0", "1.0.0")

-- Another serializer may have one of its own.
local function vsn(value)
  if type(value) ~= "string" or not value:find "^%d+%.%d+%.%d+$" then return M.phoenix_vsn(value) end
end

local function codec(value)
  if type(value) ~= "table" then return expected("table", value) end
  if type(value.encode) ~= "function" or type(value.decode) ~= "function" then
    return "functions encode and decode expected"
  end
end

local MOST_LISTED = 8

local function unknown(key, known)
  local guess = type(key) == "string" and nearest.find(key, known)
  local hint = guess and (", did you mean %s?"):format(guess) or ""
  local names = keys.sorted(known)
  if not guess and #names <= MOST_LISTED then hint = "; there are " .. table.concat(names, ", ") end
  return ("%s: no such key%s"):format(tostring(key), hint)
end

local function check(given, known)
  for _, key in ipairs(keys.sorted(given)) do
    if not known[key] then return unknown(key, known) end
    local text = known[key](given[key])
    if text then return ("%s: %s"):format(key, text) end
  end
end

local tls_keys = {
  ca_file = some_text, cert_file = some_text, key_file = some_text, server_name = some_text,
  min_version = one_of("1.2", "1.3"), verify = boolean, resume = boolean,
}

local function tls(value)
  if type(value) ~= "table" then return expected("table", value) end
  return check(value, tls_keys)
end

-- zlib cannot compress for a window of 8 bits.
local window_bits = integer(9, 15)

local compress_keys = {
  server_no_context_takeover = boolean, client_no_context_takeover = boolean,
  server_max_window_bits = window_bits, client_max_window_bits = window_bits,
  level = integer(1, 9), threshold = integer(0, MAX_MSEC),
}

local function compress(value)
  if type(value) == "boolean" then return nil end
  if type(value) ~= "table" then return expected("boolean or table", value) end
  return check(value, compress_keys)
end

--- What the C side takes as it is.
M.core = {
  heartbeat_interval_msec = msec(0), heartbeat_timeout_msec = msec(1), connect_timeout_msec = msec(1),
  join_timeout_msec = msec(1), push_timeout_msec = msec(1), write_timeout_msec = msec(1),
  stable_after_msec = msec(0), reconnect_after_msec = steps, rejoin_after_msec = steps, jitter = share,
  rejoin_on_reconnect = boolean, max_message_bytes = bytes, max_queue_bytes = bytes,
  max_buffered_pushes = integer(1, MAX_BUFFERED), vsn = vsn, compress = compress,
}

--- What each attempt may say anew, see connect_params.
M.dial = { uri = uri, params = table_or_function, headers = headers, auth_token = some_text }

--- All.
M.all = {
  json = codec, serializer = codec, tls = tls, local_address = addresses, proxy = proxy,
  test_mode = boolean,
}
for key, checker in pairs(M.core) do M.all[key] = checker end
for key, checker in pairs(M.dial) do M.all[key] = checker end

--- nil when all keys are good, else "key: what is wrong".
---@param given table
---@param known table<string, fun(value: any): string?> of those above
---@return string?
M.check = check

return M
