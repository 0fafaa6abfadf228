--- From: who called, and waits for a reply. It may be passed to another worker, which can reply as well.

local copy = require("slipstream.copy").copy
local fiber = require "slipstream.fiber"
local parcel = require "slipstream.parcel"
local seat = require "slipstream.seat"
local worker = require "slipstream.worker"

---@class slipstream.From
---@field owner table? whose fiber waits
---@field socket slipstream.Socket who is to reply
---@field is_over boolean? nobody waits any more
---@field value any the reply
---@field reason any why there is none
---@field number integer? by which other workers know it
local From = {}
From.__index = From
From.__name = "slipstream.from"
From.__shared = true

local M = {}

--- Notes that the fiber of `owner` waits for `socket` to reply.
---@param owner table
---@param socket slipstream.Socket
---@return slipstream.From
function M.new(owner, socket)
  local from = setmetatable({ owner = owner, socket = socket }, From)
  socket._calls = socket._calls or {}
  socket._calls[from] = true
  return from
end

local function settle(from)
  if from.is_over then return false end
  from.is_over = true
  if from.socket._calls then from.socket._calls[from] = nil end
  return true
end

--- Gives the reply. Raises what the copy says of a value that cannot be passed.
---@param value any
---@return boolean was_waiting
function From:reply(value)
  if self.is_over then return false end
  self.value = copy(value)
  fiber.poke(self.owner) -- before it is settled: it may raise
  return settle(self)
end

--- There will be no reply. A reason that cannot be passed is told in the words of the copy.
---@param reason any why the client has ended
function From:fail(reason)
  if not settle(self) then return end
  local _, copied = pcall(copy, reason)
  self.reason = copied == nil and "normal" or copied
  fiber.poke(self.owner)
end

-- However the wait ended; a late reply is dropped from now on. Who keeps it, as the one who was called may,
-- does not keep the caller.
function From:__close()
  settle(self)
  self.owner, self.value, self.reason = nil, nil, nil
end

--- For fiber.await: the reply; nil and the reason when there will be none.
---@param from slipstream.From
---@return true? is_over, any reply, any reason
function M.replied(from)
  if not from.is_over then return end
  if from.reason ~= nil then return true, nil, from.reason end
  return true, from.value
end

-- Of another worker.

-- Those that others know, by their numbers, while somebody here does.
local known = setmetatable({}, { __mode = "v" })

function From:__refer()
  self.number = self.number or seat.number()
  known[self.number] = self
  return { "from", worker.index, self.number }
end

-- Who called is elsewhere.
local Remote = { __name = From.__name, __shared = true }
Remote.__index = Remote

function Remote:__refer()
  return { "from", self.worker, self.number }
end

-- Whether the caller still waits, only its worker knows.
function Remote:reply(value)
  return parcel.deliver(self.worker, "reply", { number = self.number, value = value }) == true
end

parcel.on_reference("from", function(index, number)
  if index ~= worker.index then return setmetatable({ worker = index, number = number }, Remote) end
  return known[number] or setmetatable({ is_over = true }, From)
end)

parcel.on("reply", function(reply)
  local from = known[reply.number]
  if from then from:reply(reply.value) end
end)

--- Whether a value says who called.
---@param value any
---@return boolean
function M.is(value)
  local meta = getmetatable(value)
  return meta == From or meta == Remote
end

return M
