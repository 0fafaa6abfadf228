--- Proxies: what their URIs say, and which of them the environment wants for a target.
--
-- No text of a fault shows what it is about, as that may hold a password.

local core = require "slipstream.core"
local query = require "slipstream.query"

local M = {}

local FORM = "must be http://[user:password@]host:port"

-- RFC 7617 wants the colon also where there is no password.
local function credentials_of(user)
  if not user then return nil end
  return query.unescape(user:find(":", 1, true) and user or user .. ":")
end

---@class slipstream.Proxy
---@field host string
---@field port integer
---@field credentials string? "user:password"

--- Reads the URI of a proxy. Answers nil and what is wrong with it otherwise.
---@param uri string
---@return slipstream.Proxy? proxy, string? err
function M.read(uri)
  local authority = uri:match "^[Hh][Tt][Tt][Pp]://([^/?#]+)/?$"
  if not authority then return nil, FORM end
  local user, place = authority:match "^(.*)@(.*)$"
  local parts, fault = core.uri_read("ws://" .. (place or authority)) -- whose default port is 80, too
  if not parts then return nil, fault end
  return { host = parts.host, port = parts.port, credentials = credentials_of(user) }
end

-- The environment.

-- Requests of CGI programs set HTTP_PROXY by a header (httpoxy), so that one does not count.
local variables = {
  secure = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" },
  plain = { "http_proxy", "all_proxy", "ALL_PROXY" },
  no_proxy = { "no_proxy", "NO_PROXY" },
}

local function first_of(names, getenv)
  for _, name in ipairs(names) do
    local value = getenv(name)
    if value and value ~= "" then return value, name end
  end
end

-- An IPv4 address in an IPv6 one is the IPv4 address.
local function bytes_of(host)
  local bytes = core.address_bytes(host)
  return bytes and (bytes:match "^\0\0\0\0\0\0\0\0\0\0\255\255(....)$" or bytes)
end

local function is_this_machine(host)
  local bytes = bytes_of(host)
  if bytes then return bytes:find "^\127...$" ~= nil or bytes == ("\0"):rep(15) .. "\1" end
  return host:lower():find "^localhost%.?$" ~= nil or host:lower():find "%.localhost%.?$" ~= nil
end

-- The first `count` bits of both are the same.
local function have_prefix(a, b, count)
  local whole = count // 8
  if #a ~= #b or count > #a * 8 or a:sub(1, whole) ~= b:sub(1, whole) then return false end
  local rest = count % 8
  return rest == 0 or (a:byte(whole + 1) ~ b:byte(whole + 1)) >> (8 - rest) == 0
end

-- "10.0.0.1" and "10.0.0.0/8".
local function covers_address(entry, bytes)
  local address, count = entry:match "^(.-)/(%d+)$"
  local wanted = bytes_of(address or entry)
  return wanted ~= nil and have_prefix(wanted, bytes, tonumber(count) or #wanted * 8)
end

-- "example.com", ".example.com" and "*.example.com": the domain and all below it.
local function covers_name(entry, host)
  local domain = entry:gsub("^%*?%.", ""):gsub("%.$", "")
  host = host:gsub("%.$", "")
  return domain ~= "" and (host == domain or host:sub(-#domain - 1) == "." .. domain)
end

-- "[::1]:443" and "example.com:443"; an IPv6 address without brackets has no port.
local function split_port(entry)
  local host, port = entry:match "^%[(.-)%]:?(%d*)$"
  if not host then host, port = entry:match "^([^:]*):(%d+)$" end
  return host or entry, tonumber(port)
end

local function covers(entry, host, bytes, port)
  if entry == "*" then return true end
  local wanted, wanted_port = split_port(entry)
  if wanted_port and wanted_port ~= port then return false end
  if bytes then return covers_address(wanted, bytes) end
  return covers_name(wanted, host)
end

local function is_exempt(list, parts)
  local host, bytes = parts.host:lower(), bytes_of(parts.host)
  for entry in list:lower():gmatch "[^%s,]+" do
    if covers(entry, host, bytes, parts.port) then return true end
  end
  return false
end

--- Whether the environment has no say: nothing is before a unix socket, nor before this machine.
---@param parts table of the target's URI, as core.uri_read answers them
---@return boolean
function M.is_needless(parts)
  if parts.is_this_machine == nil then parts.is_this_machine = is_this_machine(parts.host) end
  return parts.unix_path ~= nil or parts.is_this_machine
end

--- The proxy that the environment wants for a target; nothing when it wants none; nil and what is wrong.
---@param parts table of the target's URI
---@param getenv fun(name: string): string?
---@return slipstream.Proxy? proxy, string? err
function M.of_environment(parts, getenv)
  if M.is_needless(parts) then return nil end
  local uri, name = first_of(parts.secure and variables.secure or variables.plain, getenv)
  if not uri or is_exempt(first_of(variables.no_proxy, getenv) or "", parts) then return nil end
  local proxy, fault = M.read(uri:find("://", 1, true) and uri or "http://" .. uri)
  if proxy then return proxy end
  return nil, ("%s in the environment: %s"):format(name, fault)
end

return M
