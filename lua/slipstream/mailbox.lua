--- A mailbox: entries in the order of their arrival, of which any may be taken out of turn.

local M = {}

--- How many entries a mailbox holds.
M.MOST = 100000

-- An empty mailbox keeps its table only when it is small: idle clients shall cost next to nothing.
local KEPT = 64

---@class slipstream.Mailbox
---@field private entries any[] at the places from `head` to `tail`
---@field private head integer
---@field private tail integer
local Mailbox = {}
Mailbox.__index = Mailbox
Mailbox.__name = "slipstream.mailbox"

--- Makes an empty one.
---@return slipstream.Mailbox
function M.new()
  return setmetatable({ entries = {}, head = 1, tail = 0 }, Mailbox)
end

--- What stands where a mailbox is wanted for nobody to read it: takes what it is given, and has nothing.
M.sink = M.new()
function M.sink.add() return true end

--- How many entries there are.
---@return integer
function Mailbox:count()
  return self.tail - self.head + 1
end

--- Puts an entry, neither nil nor false, behind all others. Answers true, or nil and "mailbox_full".
---@param entry any
---@return true? ok, string? err
function Mailbox:add(entry)
  if self:count() == M.MOST then return nil, "mailbox_full" end
  local tail = self.tail + 1
  self.entries[tail] = entry -- first: it may raise
  self.tail = tail
  return true
end

--- The entry at a position, counted from 1, the oldest; nil when there is none.
---@param position integer
---@return any
function Mailbox:at(position)
  return self.entries[self.head + position - 1]
end

-- An empty mailbox begins again at place 1, so that places do not wander through the table for ever.
local function begin_again(box)
  if box.tail > KEPT then box.entries = {} end
  box.head, box.tail = 1, 0
end

-- Closes the gap at a place from its shorter side, so that what is near either end is taken at no cost.
local function close_gap(box, place)
  local entries, head, tail = box.entries, box.head, box.tail
  if place - head < tail - place then
    table.move(entries, head, place - 1, head + 1)
    entries[head] = nil
    box.head = head + 1
  else
    table.move(entries, place + 1, tail, place)
    entries[tail] = nil
    box.tail = tail - 1
  end
end

--- Takes out the entry at a position, and answers it; the others keep their order. nil when there is
-- none.
---@param position integer
---@return any
function Mailbox:take(position)
  local entry = self:at(position)
  if not entry then return nil end
  close_gap(self, self.head + position - 1)
  if self:count() == 0 then begin_again(self) end
  return entry
end

--- Takes out the oldest entry, and answers it; nil when there is none.
---@return any
function Mailbox:first()
  return self:take(1)
end

return M
