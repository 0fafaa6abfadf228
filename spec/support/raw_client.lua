-- Raw_client: a TCP client for specs that keeps what comes as a list of items, in order:
-- { kind = "http", head, body }, { kind = "frame", opcode, payload, … }, { kind = "eof" }.
local loop = require "spec.support.loop"
local uv = require "luv"
local ws = require "spec.support.ws"

local M = {}

local Client = {}
Client.__index = Client

local function add(client, item)
  client.items[#client.items + 1] = item
end

local function read_http(client)
  local head, rest = ws.read_head(client.buffer)
  if not head then return end
  local size = tonumber(head.headers["content-length"]) or 0
  if #rest < size then return end
  add(client, { kind = "http", head = head, body = rest:sub(1, size) })
  client.buffer = rest:sub(size + 1)
  client.is_open = head.status == 101
  return true
end

local function read(client, bytes)
  client.buffer = client.buffer .. bytes
  while not client.is_open and read_http(client) do end
  if not client.is_open then return end
  local frames = client.parser:feed(client.buffer)
  client.buffer = ""
  for _, frame in ipairs(frames) do
    frame.kind = "frame"
    add(client, frame)
  end
end

-- Dials 127.0.0.1; raises when nobody listens.
function M.dial(port)
  local client = setmetatable({
    tcp = uv.new_tcp(), items = {}, buffer = "", parser = ws.parser(), is_open = false,
  }, Client)
  local outcome
  client.tcp:connect("127.0.0.1", port, function(err) outcome = err or "connected" end)
  loop.wait(function() return outcome end)
  if outcome ~= "connected" then
    loop.close(client.tcp)
    error("dial: " .. tostring(outcome), 2)
  end
  client.tcp:nodelay(true)
  client.tcp:read_start(function(_, bytes)
    if bytes then return read(client, bytes) end
    -- The server waits for it; who has reset the connection is told of the end all the same.
    if not client.tcp:is_closing() then client.tcp:close() end
    client.is_open = false
    add(client, { kind = "eof" })
  end)
  return client
end

-- Dials and upgrades; raises unless it is a 101. `path` with its query.
function M.open(port, path)
  local client = M.dial(port)
  client:send(ws.request { path = path or "/socket/websocket?vsn=2.0.0" })
  local item = client:take()
  assert(item and item.kind == "http" and item.head.status == 101, "no 101")
  return client
end

-- Bytes as they are; writing to an ended connection is no error here.
function Client:send(bytes)
  if not self.tcp:is_closing() then self.tcp:write(bytes) end
end

-- A masked frame; what ws.frame takes, or a text.
function Client:frame(frame)
  if type(frame) == "string" then frame = { payload = frame } end
  if frame.mask == nil then frame.mask = true end
  self:send(ws.frame(frame))
end

-- The next item; nil when none comes in time.
function Client:take(msec)
  if not loop.wait(function() return self.items[1] end, msec) then return nil end
  return table.remove(self.items, 1)
end

-- The payload of the next frame, which is text; for a close frame "close <code>".
function Client:text(msec)
  local item = self:take(msec)
  if not item then return nil end
  if item.kind ~= "frame" then return item.kind end
  if item.opcode == "close" then return "close " .. tostring((ws.read_close(item.payload))) end
  return item.payload
end

-- Adds what comes before the answer to a ping of now to `items`; false when that does not come.
local function take_until_pong(client, items)
  local mark = "drain " .. tostring(uv.hrtime())
  client:frame { opcode = "ping", payload = mark }
  while true do
    local item = client:take()
    if not item or item.payload == mark then return item ~= nil end
    items[#items + 1] = item
    if item.kind == "eof" then return false end
  end
end

-- All that was on its way: a list of items. A pong may overtake what is queued, a second one not.
function Client:drain()
  local items = {}
  if take_until_pong(self, items) then take_until_pong(self, items) end
  return items
end

function Client:close()
  loop.close(self.tcp)
end

return M
