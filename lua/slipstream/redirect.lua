--- Redirects: where they lead (RFC 3986 section 5), and what goes along to there.

local config = require "slipstream.config"
local core = require "slipstream.core"
local log = require "slipstream.log"
local queries = require "slipstream.query"

local M = {}

-- Where they lead.

-- Servers that know nothing of WebSockets name the schemes that they are served by.
local schemes = { http = "ws", https = "wss", ws = "ws", wss = "wss" }

-- The parts of a reference; those that it has not are nil, but the path is empty. A fragment is not for us.
local function split(reference)
  local rest = reference:match "^[^#]*"
  local scheme, after = rest:match "^(%a[%w+.-]*):(.*)$"
  local authority, behind = (after or rest):match "^//([^/?]*)(.*)$"
  local path, mark, query = (behind or after or rest):match "^([^?]*)(%??)(.*)$"
  return { scheme = scheme, authority = authority, path = path, query = mark ~= "" and query or nil }
end

-- RFC 3986 section 5.2.4, of a path that is empty or absolute.
local function without_dots(path)
  local kept = {}
  for segment in path:gmatch "/[^/]*" do
    if segment == "/.." then
      kept[#kept] = nil
    elseif segment ~= "/." then
      kept[#kept + 1] = segment
    end
  end
  if path:find "/%.%.?$" then kept[#kept + 1] = "/" end
  return table.concat(kept)
end

-- What of a URI is before its path.
local function root_of(uri, parts)
  if parts.unix_path then return "ws+unix://" .. parts.unix_path .. ":" end
  return uri:match "^[^/]*//[^/?]*"
end

local function join(root, path, query)
  return root .. path .. (query and "?" .. query or "")
end

-- On the same server.
local function resolve_path(base, parts, path, query)
  local root = root_of(base, parts)
  if path == "" then return join(root, parts.path, query or parts.query) end
  if path:sub(1, 1) ~= "/" then path = (parts.path:match "^.*/" or "/") .. path end
  return join(root, without_dots(path), query)
end

--- The URI that a reference means, such as a Location; nil and what is wrong with its scheme or host. Its
-- other parts may still be none of a URI.
---@param base string a ws://, wss:// or ws+unix:// URI that it stands at
---@param reference string
---@return string? uri, string? err
function M.resolve(base, reference)
  local parts, to = core.uri_read(base), split(reference)
  local scheme = parts.secure and "wss" or "ws"
  if to.scheme then scheme = schemes[to.scheme:lower()] end
  if not scheme then return nil, "scheme must be http, https, ws or wss, got " .. to.scheme end
  if to.scheme and not to.authority then return nil, "host is missing" end
  if not to.authority then return resolve_path(base, parts, to.path, to.query) end
  return join(scheme .. "://" .. to.authority, without_dots(to.path), to.query)
end

-- What goes along.

local function is_same_origin(a, b)
  return a.secure == b.secure and a.port == b.port and a.unix_path == b.unix_path
    and a.host:lower() == b.host:lower()
end

-- A server's name and our certificate are for that server; whom to trust holds for all.
local function elsewhere(settings)
  local tls = settings.tls
  if not tls or not (tls.server_name or tls.cert_file or tls.key_file) then return settings end
  settings.elsewhere = settings.elsewhere or {
    proxy = settings.proxy,
    tls = { ca_file = tls.ca_file, min_version = tls.min_version, verify = tls.verify, resume = tls.resume },
  }
  return settings.elsewhere
end

local function fault_of(settings, from, uri, parts)
  if core.uri_read(from.uri).secure and not parts.secure then
    return "wss must not become ws: " .. log.redact_uri(uri)
  end
  local vsn = queries.find(parts.query, "vsn")
  if vsn and vsn ~= settings.vsn then return ("it says vsn=%s, but vsn is %s"):format(vsn, settings.vsn) end
end

local function follow(settings, from, location)
  if not location then return nil, "no memory" end
  local uri, fault = M.resolve(from.uri, location)
  if not uri then return nil, fault end
  local parts
  parts, fault = core.uri_read(uri)
  fault = fault or fault_of(settings, from, uri, parts)
  if fault then return nil, fault end
  local first = from.first or from
  local dial = { uri = uri, first = first, local_address = first.local_address }
  if not is_same_origin(core.uri_read(first.uri), parts) then
    return config.reach(elsewhere(settings), dial, parts)
  end
  dial.headers, dial.protocols = first.headers, first.protocols
  return config.reach(settings, dial, parts)
end

--- Makes what `client:dial` takes of a redirect, or nil and why it is not followed. Headers and credentials
-- are for the server that was dialled first.
---@param settings slipstream.Settings
---@param from table the dial that was redirected; `first` is the one that the attempt began with, if another
---@param location string? nil: there was no memory for it
---@return table? dial, string? err
function M.follow(settings, from, location)
  local dial, fault = follow(settings, from, location)
  if dial then return dial end
  return nil, "not redirected: " .. fault
end

return M
