--- Target: the server of a recorder or of a replay, by its URI: where it is, how one speaks to it.

local Target = require "slipstream.faults.target"
local core = require "slipstream.core"
local show = require "slipstream.show"
local tls_socket = require "slipstream.record.tls_socket"

local M = {}

---@class slipstream.RecordTarget: slipstream.FaultTarget
---@field authority string for Host
---@field path string? of its URI, nil when that has none
---@field query string? of its URI

local function authority_of(parts)
  if parts.port == (parts.secure and 443 or 80) then return show.host(parts.host) end
  return show.address(parts.host, parts.port)
end

-- As a client of ours says it; what comes of TLS is words already.
local sentences = {
  ECONNREFUSED = "connection refused by %s", ETIMEDOUT = "no answer from %s",
  ENETUNREACH = "no route to %s", EHOSTUNREACH = "no route to %s",
}

--- Why there is no connection, in words for people.
---@param to slipstream.RecordTarget
---@param err string of luv, or of TLS
---@return string
function M.explain(to, err)
  return sentences[err] and sentences[err]:format(to.authority) or err
end

--- Reads the URI and looks its host up.
---@param uri string
---@param ca_file string? whom to trust, for wss; the system's CAs when absent
---@return slipstream.RecordTarget? target, string? err
function M.new(uri, ca_file)
  local parts, text = core.uri_read(uri)
  if not parts then return nil, text end
  if parts.unix_path then return nil, "a unix socket is no target" end
  local tls
  if parts.secure then
    tls, text = core.tls { ca_file = ca_file }
    if not tls then return nil, text end
  end
  local to
  to, text = Target.new(parts.host, parts.port)
  if not to then return nil, text end
  if tls then to.new_socket = function() return assert(tls_socket.new(tls, parts.host)) end end
  to.scheme, to.authority, to.query = "ws", authority_of(parts), parts.query
  to.path = parts.path ~= "" and parts.path or nil
  return to
end

return M
