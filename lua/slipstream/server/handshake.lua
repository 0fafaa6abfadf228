-- Handshake: HTTP requests and the answers to them: what a request asks for, why it is refused.
-- The wording is Cowboy's.

local base64 = require "slipstream.base64"

local M = {}

local vsns = { ["1.0.0"] = 1, ["2.0.0"] = 2 }
local token_prefix = "base64url.bearer.phx."
local longest_key = 127 -- libwebsockets' limit; the header of any client has 24 bytes

local phrases = {
  [200] = "OK", [204] = "No Content",
  [301] = "Moved Permanently", [302] = "Found", [303] = "See Other", [307] = "Temporary Redirect",
  [308] = "Permanent Redirect",
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [405] = "Method Not Allowed", [429] = "Too Many Requests", [431] = "Request Header Fields Too Large",
  [500] = "Internal Server Error", [503] = "Service Unavailable",
}

-- The bytes of a response. `headers` maps names to values, or is a list of { name, value }.
function M.response(status, body, headers)
  body = body or ""
  local lines = { ("HTTP/1.1 %d %s"):format(status, phrases[status] or "Status") }
  for name, value in pairs(headers or {}) do
    if type(value) == "table" then name, value = value[1], value[2] end
    if tostring(name):find "[%c:]" or tostring(value):find "[\r\n]" then
      error(("header %s: a line break would start another header"):format(name), 0)
    end
    lines[#lines + 1] = ("%s: %s"):format(name, value)
  end
  lines[#lines + 1] = ("content-length: %d"):format(#body)
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

-- The response to a HEAD: what it would be to a GET, without the body (RFC 9110 section 9.3.2).
function M.without_body(response)
  return (response:match "^.-\r\n\r\n")
end

-- Sets params[a][b] for "a[b]", and adds to the list params[a] for "a[]".
local function set_param(params, key, value)
  local root, rest = key:match "^([^%[]+)(.*)$"
  if not root then return end
  local place = root
  for part in rest:gmatch "%[([^%]]*)%]" do
    if type(params[place]) ~= "table" then params[place] = {} end
    params = params[place]
    place = part == "" and #params + 1 or part
  end
  params[place] = value
end

-- The parameters of a query, nested ones as tables.
function M.params(arguments)
  local params = {}
  for _, argument in ipairs(arguments) do
    local key, value = argument:match "^([^=]*)=?(.*)$"
    set_param(params, key, value)
  end
  return params
end

-- The list of offered subprotocols: whether "phoenix" is among them, and the token that phoenix.js
-- hides there.
local function read_protocols(text)
  local is_phoenix, token = false, nil
  for name in text:gmatch "[^,%s]+" do
    if name == "phoenix" then is_phoenix = true end
    if name:sub(1, #token_prefix) == token_prefix then token = base64.decode(name:sub(#token_prefix + 1)) end
  end
  return is_phoenix, token
end

local function bad(text)
  return M.response(400, text)
end

-- What is wrong with it as an upgrade by RFC 6455 section 4.2.1; nil when nothing is.
local function fault_of(request, header)
  local connection, version = header "connection", header "sec-websocket-version"
  local key = header "sec-websocket-key" or ""
  if request.version ~= "HTTP/1.1" then
    return ("HTTP version %s unsupported"):format(request.version)
  elseif not request.is_upgrade then
    return "'upgrade' header must contain 'websocket', got []"
  elseif not (connection or ""):lower():find("upgrade", 1, true) then
    return ("'connection' header must contain 'upgrade', got [%s]"):format(connection or "")
  elseif key == "" then
    return "'sec-websocket-key' header is absent"
  elseif #key > longest_key then
    return ("'sec-websocket-key' header is longer than %d bytes"):format(longest_key)
  elseif version ~= "13" then
    return ('\'sec-websocket-version\' header must equal \'13\', got ["%s"]'):format(version or "")
  elseif not header "host" then
    return "'host' header is absent"
  end
end

-- Answers { params, vsn, auth_token } of a well-formed upgrade, whose vsn may be any text where there is a
-- serializer for it, or nil and the response that refuses it.
function M.read(request, header, has_serializer)
  if request.method ~= "GET" then return nil, bad "" end
  local fault = fault_of(request, header)
  if fault then return nil, bad(fault) end
  local params = M.params(request.arguments)
  local vsn = vsns[params.vsn or "1.0.0"] or has_serializer and tostring(params.vsn)
  if not vsn then return nil, M.response(403) end
  local protocols = header "sec-websocket-protocol"
  local is_phoenix, auth_token = read_protocols(protocols or "")
  if protocols and not is_phoenix then return nil, M.response(403) end
  return { params = params, vsn = vsn, auth_token = auth_token }
end

return M
