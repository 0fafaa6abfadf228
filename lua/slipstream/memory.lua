--- Memory: a state that has a limit is relieved before it comes to that: who holds the most is stopped.
--
-- Past 7/8 of the limit all garbage is collected, in the next turn. When that does not bring it under 13/16,
-- so that the next time would be soon, the clients are weighed, and the biggest are stopped, as many as it
-- takes to get down to 3/4. What clients have in common is nobody's. They have a pause to come to their end.

local core = require "slipstream.core"
local endings = require "slipstream.ending"
local journal = require "slipstream.journal"
local log = require "slipstream.log"
local reason_of = require("slipstream.reason").new
local registry = require "slipstream.registry"
local show = require "slipstream.show"
local uv = require "luv"

local M = {}

local PAUSE_MSEC = 50
local PAUSE_FACTOR = 3 -- of the time that it took to find them

-- When all of them have to go, the log need not name each: so many at a time.
local MOST_TOLD = 10
local TOLD_MSEC = 1000

local none = {}

---@class slipstream.MemoryGuard
---@field limit integer bytes
---@field high integer bytes: from here on it is collected
---@field kept integer bytes: when so much is left somebody is stopped
---@field low integer bytes: until here
---@field last integer bytes: when nobody is to blame, it is over from here on
---@field considerable integer bytes: who holds so much is to blame, even where the others would do
---@field watch userdata runs every turn, but for the pauses
---@field pause userdata
---@field fail fun()
---@field ending table<slipstream.Socket, true> those that were stopped
---@field has_warned boolean
---@field told integer how many the log has named since `told_from`
---@field told_from integer

-- Weighing.

-- Modules and what they lead to are everybody's.
local function leave_out_shared(scale)
  scale:leave_out(_G)
  scale:leave_out(package.loaded)
  for _, module in pairs(package.loaded) do scale:leave_out(module) end
end

local function put_timers(scale, owner, socket)
  for timer in pairs(socket._timers or none) do scale:put(owner, timer.message) end
end

local function put_all(scale, owner, socket)
  for _, value in next, socket do scale:put(owner, value) end
  put_timers(scale, owner, socket)
end

local function sockets()
  local list = {}
  for _, client in ipairs(registry.clients()) do
    local socket = client._status == "running" and client._socket
    if socket and not (socket._ending or socket._stop) then list[#list + 1] = socket end
  end
  return list
end

local function is_bigger(a, b) return a.bytes > b.bytes end

-- Who holds how much, the biggest first; and the sum.
local function weigh()
  local scale <close> = core.scale()
  local holders, total = sockets(), 0
  leave_out_shared(scale)
  for owner, socket in ipairs(holders) do put_all(scale, owner, socket) end
  for owner, socket in ipairs(holders) do
    local bytes = scale:weight(owner)
    holders[owner] = { socket = socket, bytes = bytes }
    total = total + bytes
  end
  table.sort(holders, is_bigger)
  return holders, total
end

local function entries_of(socket)
  return "a mailbox with " .. show.count(socket._mailbox and socket._mailbox:count() or 0, "entry")
end

-- Where it is: what takes the most of it.
local function describe(socket)
  local scale <close> = core.scale()
  leave_out_shared(scale)
  scale:put(1, socket._mailbox)
  scale:put(2, socket.assigns)
  for _, key in ipairs { "_fiber", "_questions", "_waiters" } do scale:put(3, socket[key]) end
  put_timers(scale, 4, socket)
  local names, most = { entries_of(socket), "assigns", "what its callbacks hold that wait", "timers" }, 1
  for part = 2, #names do
    if scale:weight(part) > scale:weight(most) then most = part end
  end
  if scale:weight(most) == 0 then return "fields of its own" end
  return ("%s: %s"):format(names[most], show.bytes(scale:weight(most)))
end

-- Stopping.

-- Whether the log may have one more name.
local function is_to_tell(guard)
  if uv.now() - guard.told_from >= TOLD_MSEC then guard.told, guard.told_from = 0, uv.now() end
  guard.told = guard.told + 1
  return guard.told <= MOST_TOLD
end

-- Answers whether the log says so.
local function stop(guard, holder)
  local socket, bytes = holder.socket, holder.bytes
  local holds = is_to_tell(guard) and describe(socket) or nil
  journal.too_big(socket, bytes, guard.limit, holds)
  guard.ending[socket] = true
  local text = "it held " .. show.bytes(bytes)
  endings.request(socket, { reason = reason_of("memory", { text = text, bytes = bytes }) })
  return holds ~= nil
end

-- Those whose `terminate` has waited for a whole pause have had their time.
local function cut_off(guard)
  for socket in pairs(guard.ending) do
    guard.ending[socket] = nil
    if not socket._ending.is_terminated then endings.kill(socket, socket._ending.reason) end
  end
end

local UNTOLD = "as memory still runs short, %s that held less had to be stopped, too"

-- Stops the biggest until so many bytes are to be expected; where all together do not hold that much, only
-- those that are to blame. Answers how many.
local function stop_biggest(guard, need)
  local holders, total = weigh()
  local least = total >= need and 1 or guard.considerable
  local count, untold = 0, 0
  while need > 0 and holders[count + 1] and holders[count + 1].bytes >= least do
    count = count + 1
    if not stop(guard, holders[count]) then untold = untold + 1 end
    need = need - holders[count].bytes
  end
  if untold > 0 then log.error(UNTOLD:format(show.count(untold, "client"))) end
  return count
end

-- What nobody who could be stopped holds is the file's.
local function blame_nobody(guard, used)
  if used > guard.last then return guard.fail() end
  if guard.has_warned then return end
  guard.has_warned = true
  log.warn("memory runs short, and no client holds what could be let go", { bytes = used })
end

-- Whether a pause has to follow.
local function relieve(guard)
  cut_off(guard)
  collectgarbage()
  local used = core.memory()
  if used <= guard.kept then return false end
  if stop_biggest(guard, used - guard.low) == 0 then blame_nobody(guard, used) end
  return true
end

-- The guard.

local watch -- it and `look` call each other

local function pause(guard, began)
  local msec = PAUSE_FACTOR * (uv.hrtime() - began) // 1000000
  guard.watch:stop()
  guard.pause:start(math.max(PAUSE_MSEC, msec), 0, function() watch(guard) end)
end

local function look(guard)
  if core.memory() <= guard.high then return end
  local began = uv.hrtime()
  local ok, is_short = pcall(core.unlimited, relieve, guard)
  if not ok then return guard.fail() end -- not even so is there memory
  if is_short then return pause(guard, began) end
end

function watch(guard)
  guard.watch:start(function() look(guard) end)
end

--- Sees to the limit of this state from now on, if it has one. The loop does not live for it.
---@param fail fun() the memory is as good as gone, and no client is to blame
function M.guard(fail)
  local _, limit = core.memory()
  if not limit or limit == 0 then return end
  local guard = {
    limit = limit, high = limit * 7 // 8, kept = limit * 13 // 16, low = limit * 3 // 4,
    last = limit * 29 // 32, considerable = limit // 16,
    watch = uv.new_prepare(), pause = uv.new_timer(), fail = fail, has_warned = false,
    told = 0, told_from = uv.now(),
    ending = setmetatable({}, { __mode = "k" }),
  }
  guard.watch:unref()
  guard.pause:unref()
  watch(guard)
end

return M
