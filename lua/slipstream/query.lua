--- Queries of URIs: nested params as Phoenix reads them.

local keys = require "slipstream.keys"

local M = {}

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function to_text(value)
  local kind = type(value)
  if kind == "string" or kind == "number" or kind == "boolean" then return tostring(value) end
end

local function is_key(key) return type(key) == "string" or math.type(key) == "integer" end

local add_pairs

-- A list is a[]=1&a[]=2, a map a[b]=1.
local function add_value(out, name, value, depth)
  if type(value) == "table" then return add_pairs(out, name, value, depth + 1) end
  local text = to_text(value)
  if not text then return nil, ("%s: cannot put a %s into a query"):format(name, type(value)) end
  out[#out + 1] = escape(name) .. "=" .. escape(text)
  return true
end

local function key_name(prefix, key)
  if type(key) ~= "string" then return prefix .. "[]" end
  return prefix and ("%s[%s]"):format(prefix, key) or key
end

local DEEPEST = 32

function add_pairs(out, prefix, map, depth)
  if depth > DEEPEST then return nil, prefix .. ": nested too deep" end
  for _, key in ipairs(keys.sorted(map)) do
    if not is_key(key) then return nil, prefix .. ": keys must be strings or a list" end
    local ok, text = add_value(out, key_name(prefix, key), map[key], depth)
    if not ok then return nil, text end
  end
  return true
end

--- The params as text for a query: `{ a = { b = "c" } }` as `a[b]=c`, escaped.
---@param params table<string, any>
---@return string? query, string? err
function M.encode(params)
  local out = {}
  for key in pairs(params) do
    if type(key) ~= "string" then return nil, ("keys must be strings, got a %s"):format(type(key)) end
  end
  local ok, text = add_pairs(out, nil, params, 0)
  if not ok then return nil, text end
  return table.concat(out, "&")
end

--- A text with what is escaped in it as %XX.
---@param text string
---@return string
function M.unescape(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- A name or a value as it stands in a query.
---@param text string
---@return string
function M.unescape_part(text) return M.unescape((text:gsub("+", " "))) end

--- The first value of a name in a query, as it stands there.
---@param query string?
---@param name string
---@return string?
function M.find(query, name)
  for pair in (query or ""):gmatch("[^&]+") do
    local key, value = pair:match("^([^=]*)=?(.*)$")
    if key == name then return value end
  end
end

--- The URI with more behind its query; what is there stays as it is.
---@param uri string
---@param more string
---@return string
function M.append(uri, more)
  if more == "" then return uri end
  local query = uri:match("%?(.*)$")
  local joint = not query and "?" or (query == "" or query:sub(-1) == "&") and "" or "&"
  return uri .. joint .. more
end

return M
