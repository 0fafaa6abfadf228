--- Target: where a proxy dials to: the addresses of a host, and how its sockets are made.

local uv = require "luv"

---@class slipstream.FaultTarget
---@field addresses string[] tried in this order
---@field port integer
---@field new_socket fun(): userdata a TCP socket of luv's, or what has its methods
---@field scheme string? of a proxy's URI
---@field path string? the same, with its query
local M = {}

--- Looks the host up.
---@param host string
---@param port integer
---@return slipstream.FaultTarget? target, string? err
function M.new(host, port)
  local list, text = uv.getaddrinfo(host, nil, { socktype = "stream" })
  if not list then return nil, ("%s: %s"):format(host, text) end
  local addresses = {}
  for i, entry in ipairs(list) do addresses[i] = entry.addr end
  return { addresses = addresses, port = port, new_socket = uv.new_tcp }
end

return M
