--- Target: where a proxy dials to: the addresses of a host, and how its sockets are made.

local show = require "slipstream.show"
local uv = require "luv"

---@class slipstream.FaultTarget
---@field addresses string[] tried in this order
---@field port integer
---@field new_socket fun(): userdata a TCP socket of luv's, or what has its methods
---@field scheme string? of a proxy's URI
---@field path string? the same, with its query
local M = {}

local nobody = { EAI_NONAME = true, EAI_NODATA = true, EAI_FAIL = true }

-- As a client of ours says it.
local function explain(host, text, code)
  if nobody[code] then return "no such host: " .. host end
  return ("cannot resolve %s: %s"):format(host, show.fault(text))
end

--- Looks the host up.
---@param host string
---@param port integer
---@return slipstream.FaultTarget? target, string? err
function M.new(host, port)
  local list, text, code = uv.getaddrinfo(host, nil, { socktype = "stream" })
  if not list then return nil, explain(host, text, code) end
  local addresses = {}
  for i, entry in ipairs(list) do addresses[i] = entry.addr end
  return { addresses = addresses, port = port, new_socket = uv.new_tcp }
end

-- Who has closed the socket wants no other.
local function connect_from(to, position, made, done)
  local socket = to.new_socket()
  made(socket)
  local function answered(err)
    if socket:is_closing() then return end
    if not err or position == #to.addresses then return done(err) end
    socket:close()
    return connect_from(to, position + 1, made, done)
  end
  local ok, text = socket:connect(to.addresses[position], to.port, answered)
  if not ok then answered(text) end
end

--- Connects: its addresses are tried in turn, since a name has several where a server listens on one.
---@param to slipstream.FaultTarget
---@param made fun(socket: userdata) told each socket before it is connected: the last one is the caller's
---@param done fun(err: string?) not called once that is closed
function M.connect(to, made, done)
  return connect_from(to, 1, made, done)
end

return M
