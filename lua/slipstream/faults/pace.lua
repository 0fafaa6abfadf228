--- Pace: when a piece may go: latency and bandwidth. Knows no clock: the time is handed in.

local M = {}

local Pace = {}
Pace.__index = Pace

-- The share of a second that a piece takes at most, so that a slow link is not a row of bursts.
local PIECES_PER_SECOND <const> = 50

-- A link that was late by less makes good for it (msec): timers are never early.
local LATE <const> = 100

function M.new()
  return setmetatable({ free_at = 0 }, Pace)
end

--- The largest piece, in bytes.
---@param rate number bytes per second
---@return integer
function M.piece(rate)
  return math.max(1, rate // PIECES_PER_SECOND | 0)
end

local function delay(entry, latency)
  if not latency then return 0 end
  return math.max(0, latency.msec + latency.jitter * entry.swing)
end

-- The time at which the last bit of it is through.
local function through_at(pace, size, rate, due, now)
  pace.began = pace.began or math.max(due, pace.free_at, now - LATE)
  return pace.began + size * 1000 / rate
end

--- How long the first piece of an entry has to wait. Once that is 0, the piece is on its way, and the next
-- call is about the next one.
---@param entry { at: number, swing: number } when it came, and its luck from -1 to 1
---@param size integer of the piece, in bytes
---@param faults { latency: table?, bandwidth: number? }
---@param now number
---@return integer msec
function Pace:wait(entry, size, faults, now)
  local due = entry.at + delay(entry, faults.latency)
  if due <= now and faults.bandwidth then
    due = through_at(self, size, faults.bandwidth, due, now)
  end
  if due > now then return math.ceil(due - now) end
  self.free_at, self.began = due, nil
  return 0
end

return M
