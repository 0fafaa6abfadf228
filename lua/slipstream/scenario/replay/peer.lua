--- Peer: a live connection of a replay: a client that says what it is told to, and nothing of its own but
-- pongs.

local Target = require "slipstream.faults.target"
local frame = require "slipstream.record.frame"
local head = require "slipstream.record.head"

local M = {}

---@class slipstream.ReplayPeer
---@field is_over boolean the server has ended it
---@field pongs table<string, boolean> what pings were answered
local Peer = {}
Peer.__index = Peer

local MOST_BYTES <const> = 256 << 20 -- of a message

---@class slipstream.PeerHandler
---@field heard fun(item: slipstream.ReplayItem)
---@field connected fun(err: string?)
---@field poke fun() something else has happened

-- What comes.

local function add_frame(peer, it)
  local open = peer.open or { kind = "message", opcode = it.opcode, parts = {} }
  table.insert(open.parts, it.data)
  peer.open = open
  if not it.fin then return end
  peer.open = nil
  open.data, open.parts = table.concat(open.parts), nil
  peer.handler.heard(open)
end

local function hear_frame(peer, it)
  if frame.is_data[it.opcode] then return add_frame(peer, it) end
  if it.opcode == "ping" then return peer:send_frame { opcode = "pong", data = it.data } end
  if it.opcode == "pong" then
    peer.pongs[it.data] = true
    return peer.handler.poke()
  end
  local code, reason
  if it.opcode == "close" then code, reason = frame.read_close(it.data) end
  peer.handler.heard { kind = "close", code = code, reason = reason }
end

local hear

-- An answer: its body is passed over.
local function hear_http(peer, bytes)
  bytes = peer.held .. bytes
  peer.held = ""
  local skipped = math.min(peer.body, #bytes)
  peer.body, bytes = peer.body - skipped, bytes:sub(skipped + 1)
  local size = head.size(bytes)
  if not size and #bytes <= head.MOST then
    peer.held = bytes
    return
  end
  if not size then return peer.handler.heard { kind = "raw", data = bytes } end
  local answer = head.read(bytes:sub(1, size))
  local status = answer and head.status(answer) or 0
  peer.is_socket = status == 101
  peer.body = status > 199 and status ~= 204 and status ~= 304 and head.body_size(answer) or 0
  peer.handler.heard { kind = "http", status = status }
  return hear(peer, bytes:sub(size + 1))
end

function hear(peer, bytes)
  if bytes == "" then return end
  if not peer.is_socket then return hear_http(peer, bytes) end
  local rest = peer.reader:feed(bytes)
  if rest then peer.handler.heard { kind = "raw", data = rest } end
end

local function read(peer)
  peer.socket:read_start(function(_, bytes)
    if bytes then return hear(peer, bytes) end
    peer.is_over = true
    peer.handler.heard { kind = "end" }
  end)
end

--- Connects.
---@param target slipstream.RecordTarget
---@param handler slipstream.PeerHandler
---@return slipstream.ReplayPeer
function M.connect(target, handler)
  local self = setmetatable({
    handler = handler, held = "", body = 0, is_socket = false, is_over = false, pongs = {},
  }, Peer)
  self.reader = frame.reader(MOST_BYTES, function(it) hear_frame(self, it) end)
  Target.connect(target, function(socket) self.socket = socket end, function(err)
    if not err then
      self.socket:nodelay(true)
      read(self)
    end
    handler.connected(err)
  end)
  return self
end

-- What goes.

local function new_key()
  return string.pack("<I4", math.random(0, 0xffffffff))
end

--- Sends bytes as they are; to one that is over they are lost.
---@param bytes string
function Peer:send(bytes)
  if not self.socket:is_closing() then self.socket:write(bytes) end
end

--- Sends a frame, for slipstream.record.frame.
---@param it table
function Peer:send_frame(it) self:send(frame.write(it, new_key())) end

--- FIN.
function Peer:finish()
  if not self.socket:is_closing() then self.socket:shutdown() end
end

--- Lets go of it, by RST if asked for.
---@param by_reset boolean?
function Peer:close(by_reset)
  if self.socket:is_closing() then return end
  if by_reset and self.socket:close_reset() then return end
  self.socket:close()
end

return M
