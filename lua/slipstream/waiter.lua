--- Waiters: who waits for an event of a socket, and how it looks through the socket's mailbox.
--
-- They stand in the socket's `_waiters`, in the order in which they began to wait, and look at each entry
-- of the mailbox once. What one of them takes, no callback hears of.

local check = require "slipstream.check"
local fiber = require "slipstream.fiber"

local M = {}

---@class slipstream.Waiter
---@field owner table whose fiber waits, see `check_may_wait`
---@field judge fun(waiter: slipstream.Waiter, entry: table): boolean?, ... of what has arrived: true and
---the results: it is this; false and the results: because of this the wait is over
---@field known (fun(waiter: slipstream.Waiter): boolean?, ...)? asked once when nothing has arrived: true and
---the results when there is nothing to wait for
---@field socket slipstream.Socket? set by `await`
---@field seen integer? how many entries of the mailbox it has looked at
local Waiter = {}
Waiter.__index = Waiter

function Waiter:__close()
  local waiters = self.socket._waiters
  for place, waiter in ipairs(waiters) do
    if waiter == self then table.remove(waiters, place) end
  end
  if #waiters == 0 then self.socket._waiters = false end
  self.owner._is_looking = false -- a pattern may have raised
end

--- Takes an entry out of the mailbox: who has seen it has seen one less.
---@param socket slipstream.Socket
---@param position integer
function M.take(socket, position)
  socket._mailbox:take(position)
  for _, waiter in ipairs(socket._waiters or {}) do
    if waiter.seen >= position then waiter.seen = waiter.seen - 1 end
  end
end

local take = M.take

local look -- it and `consider` call each other

local function consider(waiter, is_taken, ...)
  waiter.owner._is_looking = false
  if is_taken == nil then return look(waiter) end
  if is_taken then take(waiter.socket, waiter.seen) end
  return true, ...
end

-- Nothing has arrived; what the socket itself knows.
local function look_at_socket(waiter)
  local socket, known = waiter.socket, waiter.known
  if socket._is_passive and socket._ending then return true, nil, socket._ending.reason end
  waiter.known = nil
  if known then return known(waiter) end
end

function look(waiter)
  local box = waiter.socket._mailbox
  local entry = box and box:at(waiter.seen + 1)
  if not entry then return look_at_socket(waiter) end
  waiter.seen = waiter.seen + 1
  if entry.is_stale then return look(waiter) end
  waiter.owner._is_looking = true
  return consider(waiter, waiter:judge(entry))
end

--- For fiber.await: looks at what has arrived since the last look.
M.look = look

--- Whose fiber would wait for an event of the socket; raises, at the script's line, where it cannot. A
-- client's events are for its own callbacks; those of a socket without a module, for any script.
---@param socket slipstream.Socket
---@return table owner
function M.check_may_wait(socket)
  local owner = fiber.check_may_wait()
  if socket._is_passive or owner._client == socket._client then return owner end
  check.misuse "waits for events of another client, which are for its own callbacks"
end

--- Waits for an event of the socket.
---@param socket slipstream.Socket
---@param msec integer
---@param waiter slipstream.Waiter
---@param try (fun(waiter: slipstream.Waiter): boolean?, ...)? looks in another way than `look`
---@return any ... the results of `judge` or `known`; nil, "timeout", "timeout" after `msec`
function M.await(socket, msec, waiter, try)
  waiter.socket, waiter.seen = socket, 0
  socket._waiters = socket._waiters or {}
  table.insert(socket._waiters, waiter)
  local _ <close> = setmetatable(waiter, Waiter)
  return fiber.await(msec, try or look, waiter)
end

--- Something has arrived: who waits looks at it, the one that waits longest first.
---@param socket slipstream.Socket
function M.wake(socket)
  local waiters = socket._waiters
  if not waiters then return end
  for _, waiter in ipairs(waiters) do fiber.poke(waiter.owner) end
end

--- What has arrived, and nobody has looked at, tells nothing of the request that is made now: from now on
-- it is for its callback only, and goes where there is none.
---@param socket slipstream.Socket
---@param is_old fun(entry: table, topic: string?): boolean?
---@param topic string?
function M.outdate(socket, is_old, topic)
  local box = socket._mailbox
  if not box then return end
  for position = box:count(), 1, -1 do
    local entry = box:at(position)
    if is_old(entry, topic) then
      entry.is_stale = true
      if socket._is_passive then take(socket, position) end
    end
  end
end

return M
