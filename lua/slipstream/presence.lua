--- Presence: who else is on a topic, as Phoenix.Presence tells it:
--
--     local presence = require "slipstream.presence"
--     function Room:init(args)
--       self.users = presence.new(self, "room:1", {
--         on_join = function(key, current) if not current then print(key .. " came") end end,
--         on_leave = function(key, current) if #current.metas == 0 then print(key .. " went") end end,
--       })
--       assert(self:connect { uri = args.uri })
--       assert(self:join "room:1")
--     end
--
-- The messages are applied as they arrive, whatever the client does meanwhile, and go to nobody else: neither
-- to handle_message nor to await_message. What they have changed is told by the functions above, which are
-- called as callbacks of the client are: one at a time and in order.

local check = require "slipstream.check"
local endings = require "slipstream.ending"
local fiber = require "slipstream.fiber"
local log = require "slipstream.log"
local process = require "slipstream.process"
local states = require "slipstream.presence.state"
local traceback = require "slipstream.traceback"
local waiter = require "slipstream.waiter"

---@class slipstream.presence
local M = {}

--- Makes a state what the server says that it is.
---@type fun(state: table, new: table, on_join: function?, on_leave: function?): table
M.sync_state = states.sync_state

--- Applies a diff to a state.
---@type fun(state: table, diff: table, on_join: function?, on_leave: function?): table
M.sync_diff = states.sync_diff

---@class slipstream.Presence
---@field topic string
---@field private socket slipstream.Socket
---@field private callbacks slipstream.PresenceCallbacks
---@field private state slipstream.PresenceState
---@field private pending table[] diffs that came before the state of this join
---@field private is_synced boolean that has come
local Presence = {}
Presence.__index = Presence
Presence.__name = "slipstream.presence"

local AWAIT_MSEC = 5000

-- What came is told, in one callback.

-- By `_callback` the log names the one that raises.
local function tell(owner, changes)
  for _, change in ipairs(changes) do
    owner._callback = change.name
    change.fn(table.unpack(change, 1, 3))
  end
end

--- A socket's own, which is called as its callback.
M.tell = tell

local function told(owner, state, caught)
  if state == "failed" then return endings.crash(owner.socket, owner._callback, caught) end
end

local REFUSAL = "waits, which the functions of a presence cannot do at a socket without a module"

-- A socket without a module has no callbacks under way, so it is told at once.
local function tell_passive(socket, changes)
  local owner = {
    socket = socket, _client = socket._client, _callback = "presence", _refusal = REFUSAL,
    _fiber = false, _done = false, _alarm = false,
  }
  return fiber.run(owner, told, tell, owner, changes)
end

local function pass_on(socket, changes)
  waiter.wake(socket)
  if #changes == 0 or socket._ending then return end
  if socket._is_passive then return tell_passive(socket, changes) end
  return process.arrive(socket, "presence", changes)
end

-- A function that notes a call of that callback, nil when there is none.
local function noting(self, changes, name)
  local fn = self.callbacks[name]
  return fn and function(...) changes[#changes + 1] = { name = name, fn = fn, ... } end
end

-- What the server says.

local taking = {}

-- The diffs that came before it may be in it or not: applied to it they lead to the same.
function taking.presence_state(self, state, on_join, on_leave)
  if not states.is_state(state) then return false end
  states.sync_state(self.state, state, on_join, on_leave)
  for _, diff in ipairs(self.pending) do states.sync_diff(self.state, diff, on_join, on_leave) end
  self.pending, self.is_synced = {}, true
  return true
end

function taking.presence_diff(self, diff, on_join, on_leave)
  if not states.is_diff(diff) then return false end
  if self.is_synced then
    states.sync_diff(self.state, diff, on_join, on_leave)
  else
    self.pending[#self.pending + 1] = diff
  end
  return true
end

local function take(self, event, payload)
  local changes = {}
  local is_good = taking[event](self, payload, noting(self, changes, "on_join"),
    noting(self, changes, "on_leave"))
  if not is_good then
    log.warn("not what Phoenix.Presence sends; it is passed over", {
      client = self.socket._client.name, topic = self.topic, event = event,
    })
    return
  end
  local on_sync = self.is_synced and noting(self, changes, "on_sync")
  if on_sync then on_sync() end
  return pass_on(self.socket, changes)
end

-- The presences of a socket, by their topics.
---@class slipstream.Presences
local Presences = {}
Presences.__index = Presences

--- Takes a message that is for one of them.
---@param topic string
---@param event string
---@param payload any
---@return boolean is_taken
function Presences:take(topic, event, payload)
  local presence = taking[event] and self[topic]
  if not presence then return false end
  take(presence, event, payload)
  return true
end

--- The topic is about to be joined: what was heard by the join before says nothing of the time between. All
-- waits for the next state.
---@param topic string
function Presences:joins(topic)
  local presence = self[topic]
  if presence then presence.pending, presence.is_synced = {}, false end
end

-- The socket of a client, or the one that a scenario's socket has.
local function socket_of(value)
  local meta = debug.getmetatable(value)
  local name = meta and meta.__name
  if name == "slipstream.socket" then return value end
  if name ~= "slipstream.scenario.socket" then check.fail(1, "a socket expected") end
  return value._socket
end

---@class slipstream.PresenceCallbacks
---@field on_join slipstream.PresenceFn? hears of metas that came, with what was there before
---@field on_leave slipstream.PresenceFn? hears of metas that went, with what is left
---@field on_sync (fun())? called after each change

local callback_types = { on_join = "function", on_leave = "function", on_sync = "function" }

--- Makes a presence of a topic, which is best done before the topic is joined, as the server tells the state
-- once for each join. A topic has one: a second takes the place of the first.
---@param socket slipstream.Socket
---@param topic string
---@param callbacks slipstream.PresenceCallbacks?
---@return slipstream.Presence
function M.new(socket, topic, callbacks)
  socket = socket_of(socket)
  check.is(2, topic, "string")
  check.are_options(3, callbacks, callback_types)
  local self = setmetatable({
    socket = socket, topic = topic, callbacks = callbacks or {},
    state = {}, pending = {}, is_synced = false,
  }, Presence)
  socket._presences = socket._presences or setmetatable({}, Presences)
  socket._presences[topic] = self
  if socket._core then socket._core:hear_all() end
  return self
end

--- What `by(key, presence)` returns of each presence, or the presences, `{ metas = { … } }`, in the order of
-- their keys. They are not to be changed.
---@param by (fun(key: string, presence: table): any)?
---@return any[]
function Presence:list(by)
  check.self(self, Presence.__name)
  check.is_optional(1, by, "function")
  return states.list(self.state, by)
end

local function is_joined(self)
  local client = self.socket._core
  return client ~= nil and client:join_status(self.topic) == "joined"
end

--- Whether it may have missed something: the topic is not joined, or its state has not come yet.
---@return boolean
function Presence:is_stale()
  check.self(self, Presence.__name)
  return not self.is_synced or not is_joined(self)
end

local function judge(waiting, entry)
  if entry[1] == "disconnected" then return false, nil, entry[2] end
  local is_closed = entry[1] == "topic_closed" and entry[2] == waiting.presence.topic
  if is_closed then return false, nil, entry[3] end
end

local function look(waiting)
  if not waiting.presence:is_stale() then return true, true end
  return waiter.look(waiting)
end

--- Waits until the state of the present join has come.
---@param msec integer? 5000
---@return true? ok, any reason nil and why it cannot come: the end of the connection or of the topic,
---"timeout"
function Presence:await_sync(msec)
  check.self(self, Presence.__name)
  check.is_msec(1, msec)
  local owner = waiter.check_may_wait(self.socket)
  local waiting = { owner = owner, judge = judge, presence = self }
  return waiter.await(self.socket, msec or AWAIT_MSEC, waiting, look)
end

traceback.know(Presence, "presences")

return M
