--- Faults: a TCP proxy that is a bad network, for scripts and specs:
--
--     local faults = require "slipstream.faults"
--     local net = assert(faults.listen { to = "ws://127.0.0.1:4000/socket/websocket" })
--     client:connect { uri = net:uri() }
--     net.down:latency(200, 50)   -- from the server to the client, for all connections, from now on
--     net:black_hole()            -- both ways
--     net:clear()
--
-- It runs on luv's loop, and dials nothing but what it was told to. docs/faults.md tells of each fault.

local check = require "slipstream.check"
local core = require "slipstream.core"
local Proxy = require "slipstream.faults.proxy"
local Target = require "slipstream.faults.target"

---@class slipstream.faults
local M = {}

---@class slipstream.FaultOptions
---@field to string|{ [1]: string, [2]: integer } the target: a ws:// or wss:// URI, or { host, port }
---@field host string? where it listens: an address, "127.0.0.1" when absent
---@field port integer? a free one when absent
---@field seed integer? of jitter and corruption; 0

local known = { host = "string", port = "number", seed = "number" }

local function check_port(name, port, least)
  if math.type(port) == "integer" and port >= least and port <= 65535 then return end
  check.fail(1, ("%s: a port from %d to 65535 expected, got %s"):format(name, least, tostring(port)))
end

-- { host, port, scheme, path } of a URI.
local function read_uri(text)
  local parts, fault = core.uri_read(text)
  if not parts then check.fail(1, "to: " .. fault) end
  if parts.unix_path then check.fail(1, "to: a unix socket is no target") end
  local path = parts.query and parts.path .. "?" .. parts.query or parts.path
  local scheme = parts.secure and "wss" or "ws"
  return { parts.host, parts.port, scheme = scheme, path = path ~= "" and path or nil }
end

local function read_target(to)
  if type(to) == "string" then return read_uri(to) end
  if type(to) ~= "table" or type(to[1]) ~= "string" then
    check.fail(1, "to: a URI or { host, port } expected")
  end
  check_port("to", to[2], 1)
  return { to[1], to[2], scheme = "ws" }
end

local function read_options(options)
  check.is(1, options, "table")
  local rest = {}
  for key, value in pairs(options) do
    if key ~= "to" then rest[key] = value end
  end
  check.are_options(1, rest, known)
  if rest.port then check_port("port", rest.port, 0) end
  if rest.seed and math.type(rest.seed) ~= "integer" then check.fail(1, "seed: an integer expected") end
  return read_target(options.to), rest.host or "127.0.0.1", rest.port or 0, rest.seed or 0
end

-- A name is looked up here, once, so that no later fault is one of DNS.
local function resolve(to)
  local target, text = Target.new(to[1], to[2])
  if not target then return nil, text end
  target.scheme, target.path = to.scheme, to.path
  return target
end

--- Listens, and dials `to` for each connection that comes.
---@param options slipstream.FaultOptions
---@return slipstream.FaultProxy? proxy, string? err
function M.listen(options)
  local to, host, port, seed = read_options(options)
  local target, text = resolve(to)
  if not target then return nil, text end
  return Proxy.open(target, host, port, seed)
end

return M
