--- Parcels: what the threads of a team send one another, by value. A parcel has a kind, for which `on` says
-- who takes it. What is not copied, such as a client, goes as a reference.
--
-- Where there is no team, one can still send to oneself.

local copy = require("slipstream.copy").copy
local core = require "slipstream.core"
local seat = require "slipstream.seat"
local turn = require "slipstream.turn"
local worker = require "slipstream.worker"

local M = {}

-- How soon what found no room is sent again.
local AGAIN_MSEC = 20

-- References: what is told to another worker in the place of what is not copied.

local resolvers = {}

-- What stands for a table whose metatable says `__shared`; nil when it cannot be passed.
local function refer(object)
  local reference_of = rawget(debug.getmetatable(object), "__refer")
  return reference_of and reference_of(object)
end

local function resolve(reference)
  local resolver = resolvers[reference[1]]
  if resolver then return resolver(table.unpack(reference, 2)) end
  return reference
end

--- Says what a reference of that kind becomes here. It is what `__refer(object)` of a metatable answered, a
-- list that begins with the kind.
---@param kind string
---@param resolver fun(...: any): any
function M.on_reference(kind, resolver)
  resolvers[kind] = resolver
end

-- Sending.

local handlers = {}

--- Says who takes parcels of that kind: `fn(value, from)`, called out of the loop.
---@param kind string
---@param fn fun(value: any, from: integer)
function M.on(kind, fn)
  handlers[kind] = fn
end

local function take(parcel, from)
  return turn.guard(handlers[parcel[1]], parcel[2], from)
end

local function arrive(bytes, from)
  return take(core.unpack(bytes, resolve), from)
end

local function take_own(parcel)
  return take(parcel, worker.index)
end

-- Without a team only oneself is there.
local function post_own(to, parcel)
  if to ~= worker.index then return nil, "noproc", "noproc" end
  turn.post(core.host(), take_own, copy(parcel))
  return true
end

--- The bytes of a parcel. Raises a text when the value cannot be passed.
---@param kind string
---@param value any
---@return string bytes
function M.pack(kind, value)
  local bytes, text = core.pack({ kind, value }, refer)
  return bytes or error(text, 0)
end

--- Sends a parcel. Raises a text when the value cannot be passed.
---@param to integer a worker's index, or that of the lead
---@param kind string
---@param value any
---@param is_urgent boolean? it comes before all that are not
---@return true? ok, string? text, string? code "noproc", "queue_full", "no_memory"
function M.post(to, kind, value, is_urgent)
  local mine = seat.mine()
  if not mine then return post_own(to, { kind, value }) end
  return mine:post(to, M.pack(kind, value), is_urgent)
end

-- What must arrive.

-- The bytes for which there was no room yet, in order, by whom they are for; `again` is the timer, once there
-- were any.
local late, again = {}, nil

local is_passing = { queue_full = true, no_memory = true }

local function is_refused(to, bytes)
  local _, _, code = seat.mine():post(to, bytes)
  return is_passing[code]
end

-- Answers what is still too much; nil: nothing.
local function send(to, list)
  local left
  for _, bytes in ipairs(list) do
    if left or is_refused(to, bytes) then
      left = left or {}
      left[#left + 1] = bytes
    end
  end
  return left
end

local function send_late()
  for to, list in pairs(late) do late[to] = send(to, list) end
  if next(late) then again:set(AGAIN_MSEC) end
end

local function send_later(to, bytes)
  again = again or core.host():timer(send_late)
  if not again:left() then again:set(AGAIN_MSEC) end -- first: it may raise
  late[to] = late[to] or {}
  table.insert(late[to], bytes)
  return true
end

--- Sends a parcel that must arrive: where there is no room for it, again and again, until there is or nobody
-- is there. Raises a text when the value cannot be passed.
---@param to integer a worker's index, or that of the lead
---@param kind string
---@param value any
---@return true? ok, string? text, string? code "noproc"
function M.deliver(to, kind, value)
  if not seat.mine() then return post_own(to, { kind, value }) end
  local bytes = M.pack(kind, value)
  if late[to] then return send_later(to, bytes) end
  local ok, text, code = seat.mine():post(to, bytes)
  if is_passing[code] then return send_later(to, bytes) end
  return ok, text, code
end

--- Sends one that must arrive before all that are not urgent, or else behind them.
---@param to integer a worker's index, or that of the lead
---@param kind string
---@param value any
function M.urge(to, kind, value)
  local _, _, code = M.post(to, kind, value, true)
  if is_passing[code] then M.deliver(to, kind, value) end
end

--- Takes what arrives at this thread's end of the team from now on.
function M.begin()
  seat.mine():on_parcel(arrive)
end

return M
