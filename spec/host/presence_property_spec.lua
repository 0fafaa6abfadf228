-- Whatever the order of states and diffs, and whatever is lost on the way: a presence that is not stale knows
-- who is there, and has told of each meta's coming once and of its going once. The seed of a story that fails
-- is in the message.
local core = require "slipstream.core"
local phoenix = require "spec.support.phoenix"
local presence = require "slipstream.presence"
local story = require "spec.support.story"

local SEEDS = 200
local STEPS = 60
local KEYS = { "ann", "bob", "cat" }
local CONFIG = {
  uri = "ws://phoenix.test/socket/websocket", jitter = 0, heartbeat_interval_msec = 0,
  reconnect_after_msec = { 10 }, rejoin_after_msec = { 10 },
}

local Story = {}
Story.__index = Story

local function begin(seed)
  math.randomseed(seed)
  local host, server, clock = phoenix.pretend(seed)
  local self = setmetatable({
    seed = seed, host = host, server = server, clock = clock,
    there = {}, refs = 0, -- key by ref: who is there, as the server knows
    owed = {}, state = nil, -- of this join: the diffs to come, and the state that was taken
    told = {}, -- key by ref, as the client was told
  }, Story)
  story.start(host, { init = function(socket)
    self.users = presence.new(socket, "room:1", {
      on_join = function(key, _, new) self:was_told(key, new, true) end,
      on_leave = function(key, _, old) self:was_told(key, old, false) end,
    })
    socket:connect(CONFIG)
    socket:join "room:1"
  end })
  return self
end

function Story:check(value, words, ...)
  if not value then error(("seed %d: %s"):format(self.seed, words:format(...)), 2) end
end

function Story:was_told(key, one, has_come)
  for _, meta in ipairs(one.metas) do
    self:check((self.told[meta.phx_ref] == nil) == has_come, "%s %s was told twice", key, meta.phx_ref)
    self.told[meta.phx_ref] = has_come and key or nil
  end
end

-- The server's side: who comes and goes, in diffs of one change or more.

local function add(presences, key, ref)
  presences[key] = presences[key] or { metas = setmetatable({}, core.array_mt) }
  table.insert(presences[key].metas, { phx_ref = ref })
end

function Story:come(diff)
  self.refs = self.refs + 1
  local key, ref = KEYS[math.random(#KEYS)], tostring(self.refs)
  self.there[ref] = key
  add(diff.joins, key, ref)
end

function Story:go(diff)
  local refs = {}
  for ref in pairs(self.there) do refs[#refs + 1] = ref end
  if #refs == 0 then return end
  table.sort(refs)
  local ref = refs[math.random(#refs)]
  add(diff.leaves, self.there[ref], ref)
  self.there[ref] = nil
end

local steps = {}

function steps.change(self)
  local diff = { joins = {}, leaves = {} }
  for _ = 1, math.random(3) do (math.random(2) == 1 and self.come or self.go)(self, diff) end
  self.owed[#self.owed + 1] = diff
end

-- Once in each join; when it is sent is another matter.
function steps.take_state(self)
  if self.state or self.is_synced then return end
  self.state = {}
  for ref, key in pairs(self.there) do add(self.state, key, ref) end
end

function steps.send_diff(self)
  local diff = self.room and table.remove(self.owed, 1)
  if diff then self.server:broadcast("room:1", "presence_diff", diff) end
end

function steps.send_state(self)
  if not self.room or not self.state then return end
  self.room:push("presence_state", self.state)
  self.state = nil
  self.is_synced = true
end

-- Those who join hear of what happens from then on.
local function join(self)
  self.room = self.server:expect_join("room:1"):reply "ok"
  self.owed, self.state, self.is_synced = {}, nil, false
end

function steps.open(self)
  if self.room then return end
  self.clock:advance(10)
  if self.server:was_dialled() then self.server:accept() end
  join(self)
end

function steps.drop(self)
  if not self.room then return end
  self.room = nil
  self.server:drop()
end

function steps.crash(self)
  if not self.room then return end
  self.room:crash()
  self.room = nil
end

-- The looks of a step, the more often the more of them there are.
local order = {
  "change", "change", "change", "send_diff", "send_diff", "send_diff", "take_state", "send_state", "open",
}

function Story:step()
  if math.random(15) == 1 then return (math.random(2) == 1 and steps.drop or steps.crash)(self) end
  steps[order[math.random(#order)]](self)
end

-- What is known where, as sorted text.
local function text_of(keys)
  local lines = {}
  for ref, key in pairs(keys) do lines[#lines + 1] = key .. " " .. ref end
  table.sort(lines)
  return table.concat(lines, ", ")
end

function Story:listed()
  local keys = {}
  self.users:list(function(key, one)
    self:check(#one.metas > 0, "%s is listed and not there", key)
    for _, meta in ipairs(one.metas) do
      self:check(keys[meta.phx_ref] == nil, "%s is listed twice", meta.phx_ref)
      keys[meta.phx_ref] = key
    end
  end)
  return text_of(keys)
end

function Story:settle()
  steps.open(self)
  if not self.is_synced then
    steps.take_state(self)
    steps.send_state(self)
  end
  while #self.owed > 0 do steps.send_diff(self) end
  local known, listed = text_of(self.there), self:listed()
  self:check(not self.users:is_stale(), "stale, and all was sent")
  self:check(known == listed, "there are %s, listed are %s", known, listed)
  self:check(known == text_of(self.told), "there are %s, told were %s", known, text_of(self.told))
end

describe("a presence", function()
  it("ends where the server is, in any order of what comes", function()
    for seed = 1, SEEDS do
      local self = begin(seed)
      for _ = 1, STEPS do
        self:step()
        self:check(self.users:is_stale() ~= (self.room ~= nil and self.is_synced == true), "stale or not?")
      end
      self:settle()
      phoenix.close(self.host)
    end
  end)
end)
