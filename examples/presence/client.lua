-- Ann watches who is in the office, through a loss of her connection. README.md walks through it.

local presence = require "slipstream.presence"
local slipstream = require "slipstream"
local args = ...

local OFFICE = "office:berlin"

-- The watcher.

local Watcher = slipstream.client()

function Watcher:init(user)
  self.users = presence.new(self, OFFICE, {
    on_join = function(key, current)
      if not current then print(key .. " comes") end
    end,
    on_leave = function(key, current)
      if #current.metas == 0 then print(key .. " goes") end
    end,
    on_sync = function() self:changed() end,
  })
  assert(self:connect { uri = args.uri })
  assert(self:join(OFFICE, { user = user }))
end

-- "bob at work", or for two devices "bob at work, at lunch".
local function describe(key, there)
  local statuses = {}
  for place, meta in ipairs(there.metas) do statuses[place] = meta.status end
  return key .. " " .. table.concat(statuses, ", ")
end

function Watcher:everybody()
  return table.concat(self.users:list(describe), "; ")
end

function Watcher:changed()
  print("   ", self:everybody())
  self:tell_when_it_is_so()
end

function Watcher:handle_disconnect(reason)
  print("the connection is lost", self.users:is_stale() and "what she knows is stale:")
  print("   ", self:everybody())
  return slipstream.default.handle_disconnect(self, reason) -- reconnects, and joins again
end

function Watcher:handle_info()
  self:push(OFFICE, "cut")
end

-- The story waits until she sees what she is asked for.

function Watcher:handle_call(wanted, from)
  self.assigns.asked = { wanted = wanted, from = from }
  self:tell_when_it_is_so()
end

function Watcher:tell_when_it_is_so()
  local asked = self.assigns.asked
  if not asked or self.users:is_stale() or self:everybody() ~= asked.wanted then return end
  self.assigns.asked = nil
  slipstream.reply(asked.from, true)
end

-- The story.

local ann = assert(slipstream.start(Watcher, "ann", { name = "ann" }))

local function see(wanted) assert(ann:call(wanted)) end

local function enter(user)
  local socket = assert(slipstream.connect { uri = args.uri })
  socket:join(OFFICE, { user = user })
  assert(socket:await_join(OFFICE))
  return socket
end

see "ann at work"
local bob = enter "bob"
see "ann at work; bob at work"
local telephone = enter "bob"
see "ann at work; bob at work, at work"
telephone:push(OFFICE, "status", { status = "at lunch" })
see "ann at work; bob at work, at lunch"
telephone:disconnect()
see "ann at work; bob at work"
local cat = enter "cat"
see "ann at work; bob at work; cat at work"

ann:send "lose your connection"
see "ann at work; cat at lunch"
bob:disconnect()
cat:disconnect()
see "ann at work"
ann:stop()
