-- What the clients of one way saw, and what of it must not be.

local uv = require "luv"

local MOST_WRONGS = 10 -- are told, of each way
local CLOSE_SEC = 4.5 -- the client gives up its closing handshake after 5

local Ledger = {}
Ledger.__index = Ledger

local M = {}

local last_connection = 0

--- A way's ledger; `is_over()` tells clients to come to their end.
---@param name string
---@param way soak.Way
---@param is_over fun(): boolean
function M.new(name, way, is_over)
  return setmetatable({
    name = name, way = way, is_over = is_over,
    lives = 0, attempts = 0, connected = 0, closed = 0, lost = 0, refused = 0, injected = 0,
    pushes = 0, ok = 0, error = 0, timeout = 0, error_of_connection = 0, messages = 0, join_timeouts = 0,
    open = {}, -- set of the numbers of the connections that live here
    suspects = {}, -- set of those that live on the server only, as of the last look
    wrongs = {},
  }, Ledger)
end

function Ledger:add(name) self[name] = self[name] + 1 end

function Ledger:wrong(text)
  if #self.wrongs < MOST_WRONGS then table.insert(self.wrongs, self.name .. ": " .. text) end
end

--- An attempt to connect begins; answers its number.
function Ledger:begin(life)
  last_connection = last_connection + 1
  life.connection = last_connection
  self.open[life.connection] = true
  self:add "attempts"
  return tostring(life.connection)
end

local handshakes = { closed_by_client = true, closed_by_remote = true }
local losses = { connection_lost = true, heartbeat_timeout = true }

local function check_handshake(self, life, reason)
  if reason.kind ~= "closed_by_client" then return end
  if not life.closed_at then return self:wrong "closed without being asked to" end
  local took = (uv.hrtime() - life.closed_at) / 1e9
  if took > CLOSE_SEC then self:wrong(("the closing handshake took %.1f s"):format(took)) end
end

-- Whether a connection of this way may end so.
local function is_known(way, reason)
  if way.breaks or way.is_dropped then return losses[reason.kind] end
  return reason.kind == (way.ends_by and "closed_by_remote" or "closed_by_client")
end

--- A connection has ended, or was not made.
function Ledger:ended(life, reason)
  self.open[life.connection] = nil
  if not life.is_connected then
    self:add "refused"
    if not self.way.breaks then self:wrong("an attempt failed: " .. tostring(reason)) end
    return
  end
  self:add(handshakes[reason.kind] and "closed" or "lost")
  if not is_known(self.way, reason) then self:wrong("a connection ended: " .. tostring(reason)) end
  check_handshake(self, life, reason)
  life.closed_at = nil
end

--- Compares with the connections that the server has: one that is no more here at two looks has outlived
-- its client.
---@param numbers integer[]
function Ledger:look(numbers)
  local suspects = {}
  for _, number in ipairs(numbers) do
    if not self.open[number] then suspects[number] = true end
    if suspects[number] and self.suspects[number] and not self.way.is_deaf then
      self:wrong(("connection %d lives on the server only"):format(number))
    end
  end
  self.suspects = suspects
end

-- What must hold in the end, `here` being this ledger and `there` the server's counters.
local rules = {
  { "each connection has ended here", function(here) return here.connected == here.closed + here.lost end },
  { "each connection has ended on the server", function(_, there) return there.open == 0 end },
  { "each push was answered once", function(here)
    return here.pushes == here.ok + here.error + here.timeout + here.error_of_connection
  end },
  { "no push was left out on the server", function(_, there) return there.gaps == 0 end },
  { "no push came twice to the server", function(_, there) return there.doubled == 0 end },
  { "the server got no more pushes than were sent", function(here, there)
    return there.pushes <= here.pushes
  end },
  { "the server got all pushes", function(here, there) return there.pushes == here.pushes end, "whole" },
  { "both sides count the same connections", function(here, there)
    return there.opened == here.connected
  end, "unbroken" },
  { "both sides count the same handshakes", function(here, there)
    return there.closed == here.closed and there.lost == here.lost
  end, "unbroken" },
  { "each loss was injected, and each injection was noticed", function(here)
    return here.lost + here.refused == here.injected
  end, "broken" },
  { "the server saw no more connections than there were attempts", function(here, there)
    return there.opened >= here.connected and there.opened <= here.attempts
  end, "broken" },
}

local kinds = {
  whole = function(way) return not way.breaks and not way.ends_by end,
  unbroken = function(way) return not way.breaks end,
  broken = function(way) return way.breaks end,
}

--- Adds what does not hold to `wrongs`.
---@param there table the counters of the server's side of the way
function Ledger:prove(there)
  for _, rule in ipairs(rules) do
    local words, holds, kind = table.unpack(rule)
    if (not kind or kinds[kind](self.way)) and not holds(self, there) then
      table.insert(self.wrongs, self.name .. ": not proven: " .. words)
    end
  end
end

return M
