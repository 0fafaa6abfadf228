--- Upgrade: the request that a recorded client made, as the call of a scenario that makes the same.

local head = require "slipstream.record.head"
local keys = require "slipstream.keys"
local literal = require "slipstream.scenario.replay.literal"
local query = require "slipstream.query"
local redact = require "slipstream.record.redact"

local M = {}

--- The name that a variable may have, of what says who it is.
---@param params table<string, string>
---@return string?
function M.name(params)
  for _, key in ipairs { "user", "name", "user_id" } do
    if params[key] and literal.is_name(params[key]) then return params[key] end
  end
end

-- What is secret comes from the environment.
local function secret(name)
  local variable = name:upper():gsub("%W+", "_"):gsub("^_+", ""):gsub("_+$", "")
  if literal.is_name(variable) then return "t.env." .. variable end
  return ("t.env[%s]"):format(literal.string(variable))
end

local function fields_of(map)
  local fields = {}
  for place, name in ipairs(keys.sorted(map)) do
    local key = literal.is_name(name) and name or "[" .. literal.string(name) .. "]"
    local text = redact.is_redacted(map[name]) and secret(name) or literal.string(map[name])
    fields[place] = key .. " = " .. text
  end
  return fields[1] and "{ " .. table.concat(fields, ", ") .. " }"
end

--- The params of a request.
---@param target string
---@return table<string, string>
function M.params(target)
  local params = {}
  for name, text in (target:match "%?(.*)$" or ""):gmatch "([^&=]+)=([^&]*)" do
    params[query.unescape_part(name)] = query.unescape_part(text)
  end
  return params
end

local own_headers = {
  host = true, upgrade = true, connection = true, ["user-agent"] = true, ["accept-encoding"] = true,
  ["accept-language"] = true, ["cache-control"] = true, pragma = true, accept = true,
}

local function headers_of(message)
  local headers, token = {}, nil
  for _, field in ipairs(message.fields) do
    local name = field[1]:lower()
    if name == "sec-websocket-protocol" and redact.is_redacted(field[2]) then
      token = "t.env.AUTH_TOKEN"
    elseif not own_headers[name] and not name:find "^sec%-" then
      headers[field[1]] = field[2]
    end
  end
  return headers, token
end

--- The call that makes the same connection.
---@param message slipstream.HttpHead
---@param params table<string, string>
---@return string
function M.call(message, params)
  local headers, token = headers_of(message)
  local parts, own = {}, {}
  for name, text in pairs(params) do
    if name ~= "vsn" then own[name] = text end
  end
  local own_fields, header_fields = fields_of(own), fields_of(headers)
  if own_fields then parts[#parts + 1] = "params = " .. own_fields end
  if header_fields then parts[#parts + 1] = "headers = " .. header_fields end
  if token then parts[#parts + 1] = "auth_token = " .. token end
  if not (params.vsn or ""):find "^2%." then parts[#parts + 1] = 'vsn = "1.0.0"' end
  return "t:connect" .. (parts[1] and " { " .. table.concat(parts, ", ") .. " }" or "()")
end

-- Fields that the upgrade of any client has, and no client would have otherwise.
local needed = {
  upgrade = "^[Ww]eb[Ss]ocket$", connection = "[Uu]pgrade", ["sec-websocket-key"] = "^%S+$",
  ["sec-websocket-version"] = "^13$",
}

--- Whether a socket of a scenario would make it: an upgrade as it ought to be, to a known version of messages
-- and with no subprotocol but that of a token.
---@param message slipstream.HttpHead
---@param params table<string, string>
---@return boolean
function M.is_usual(message, params)
  for name, pattern in pairs(needed) do
    if not (head.get(message, name) or ""):find(pattern) then return false end
  end
  local protocols = head.get(message, "sec-websocket-protocol")
  if protocols and not protocols:find "base64url%.bearer%.phx" then return false end
  local vsn = params.vsn or "1.0.0"
  return message.line:find "^GET .* HTTP/1%.1$" ~= nil and vsn:find "^[12]%.0%.0$" ~= nil
end

return M
