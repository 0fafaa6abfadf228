-- Raw_tcp: both ends of a TCP connection that keep what they get: its bytes, in which pieces and when, and
-- how it ended. For what lies between the two.
local loop = require "spec.support.loop"
local uv = require "luv"

local M = {}

local PATIENCE = 10000 -- msec, of which a machine at rest needs next to none

local Peer = {}
Peer.__index = Peer

local function new_peer(tcp)
  return setmetatable({ tcp = tcp, count = 0, parts = {}, pieces = {} }, Peer)
end

function Peer:read()
  self.tcp:nodelay(true)
  self.tcp:read_start(function(err, bytes)
    if not bytes then
      self.ended = err and err:match "^%w+" or "eof"
      return
    end
    self.count = self.count + #bytes
    self.parts[#self.parts + 1] = bytes
    self.pieces[#self.pieces + 1] = #bytes
    if self.echoes then self:send(bytes) end
  end)
end

function Peer:send(bytes) self.tcp:write(bytes) end

-- FIN: nothing more will be sent, reading goes on.
function Peer:finish() self.tcp:shutdown() end

-- RST.
function Peer:reset() self.tcp:close_reset() end

function Peer:close() loop.close(self.tcp) end

-- What came since the last time.
function Peer:rest()
  local bytes = table.concat(self.parts)
  self.parts, self.count = {}, 0
  return bytes
end

-- Waits for so many bytes; answers them and how many msec that took.
function Peer:take(count)
  local began = uv.hrtime()
  assert(loop.wait(function() return self.count >= count end, PATIENCE), "too little came")
  return self:rest(), (uv.hrtime() - began) / 1e6
end

-- Waits for the end: "eof" or an error such as "ECONNRESET".
function Peer:ending()
  assert(loop.wait(function() return self.ended end, PATIENCE), "it did not end")
  return self.ended
end

-- Whether for so many msec nothing comes and nothing ends.
function Peer:hears_nothing(msec)
  local count, ended = #self.pieces, self.ended
  return not loop.wait(function() return #self.pieces > count or self.ended ~= ended end, msec)
end

local Server = {}
Server.__index = Server

-- Listens on a port of its own; `options.echoes`: what comes is sent back.
function M.listen(options)
  local server = setmetatable({ tcp = uv.new_tcp(), peers = {}, taken = 0 }, Server)
  assert(server.tcp:bind("127.0.0.1", 0))
  server.port = server.tcp:getsockname().port
  assert(server.tcp:listen(128, function()
    local peer = new_peer(uv.new_tcp())
    assert(server.tcp:accept(peer.tcp))
    peer.echoes = options and options.echoes
    server.peers[#server.peers + 1] = peer
    peer:read()
  end))
  return server
end

-- The next one that connected, waited for.
function Server:accept()
  self.taken = self.taken + 1
  assert(loop.wait(function() return self.peers[self.taken] end, PATIENCE), "nobody connected")
  return self.peers[self.taken]
end

function Server:close()
  for _, peer in ipairs(self.peers) do peer:close() end
  loop.close(self.tcp)
end

-- Connects to a port of this machine, and waits for that; nil and an error when it is refused.
function M.connect(port)
  local peer, outcome = new_peer(uv.new_tcp()), nil
  peer.tcp:connect("127.0.0.1", port, function(err) outcome = err or "connected" end)
  assert(loop.wait(function() return outcome end, PATIENCE), "no answer at all")
  if outcome == "connected" then
    peer:read()
    return peer
  end
  peer:close()
  return nil, outcome:match "^%w+"
end

return M
