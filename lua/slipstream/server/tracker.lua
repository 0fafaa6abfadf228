-- Tracker: who is tracked on the topics of an app, told to all who joined them as Phoenix.Presence does: each
-- change is a presence_diff, and a channel that begins to track gets the presence_state behind its own.
local base64 = require "slipstream.base64"
local core = require "slipstream.core"
local uv = require "luv"
local wire = require "slipstream.server.wire"

local M = {}

---@class slipstream.ServerTracker
---@field private topics table<string, { channel: slipstream.Channel, key: string, meta: table }[]>
---@field private news table[] what is to be told
---@field private is_telling boolean
local Tracker = {}
Tracker.__index = Tracker

function M.new()
  return setmetatable({ topics = {}, news = {}, is_telling = false }, Tracker)
end

-- Entries.

-- As long as Phoenix's, in the same digits.
local function new_ref()
  return (base64.encode(uv.random(12)):gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))
end

-- A meta of the application's, under a ref of ours. Raises, at the script's line, when it cannot be sent.
local function new_entry(channel, key, meta, former)
  local made = {}
  for name, value in pairs(meta) do made[name] = value end
  made.phx_ref = new_ref()
  made.phx_ref_prev = former and former.meta.phx_ref
  wire.write(channel.socket.format, {
    kind = "broadcast", topic = channel.topic, event = "presence_diff", payload = { [key] = made },
  })
  return { channel = channel, key = key, meta = made }
end

-- The entries as { key = { metas = { … } } }.
local function by_key(entries)
  local presences = {}
  for _, entry in ipairs(entries) do
    local presence = presences[entry.key] or { metas = setmetatable({}, core.array_mt) }
    presences[entry.key] = presence
    table.insert(presence.metas, entry.meta)
  end
  return presences
end

local none = {}

-- The entry of that channel and key, and where it stands; without a key, the channel's first.
local function find(tracker, channel, key)
  for place, entry in ipairs(tracker.topics[channel.topic] or none) do
    if entry.channel == channel and (key == nil or entry.key == key) then return entry, place end
  end
end

local function add(tracker, entry)
  local entries = tracker.topics[entry.channel.topic] or {}
  tracker.topics[entry.channel.topic] = entries
  entries[#entries + 1] = entry
end

-- Answers the entry; nil when there is none.
local function take(tracker, channel, key)
  local entry, place = find(tracker, channel, key)
  if not entry then return nil end
  local entries = tracker.topics[channel.topic]
  table.remove(entries, place)
  if #entries == 0 then tracker.topics[channel.topic] = nil end
  return entry
end

-- Sending may end a channel, and so what it tracks: that is told to all behind what is being told.
local function tell(tracker, channel, joins, leaves)
  local news = tracker.news
  news[#news + 1] = { channel = channel, joins = by_key(joins), leaves = by_key(leaves) }
  if tracker.is_telling then return end
  tracker.is_telling = true
  while news[1] do
    local each = table.remove(news, 1)
    local diff = { joins = each.joins, leaves = each.leaves }
    each.channel.app:broadcast(each.channel.topic, "presence_diff", diff)
  end
  tracker.is_telling = false
end

-- What channels ask for.

-- Who is there, as a presence_state has it.
function Tracker:list(topic) return by_key(self.topics[topic] or none) end

function Tracker:track(channel, key, meta)
  if find(self, channel, key) then return nil, "already_tracked", "already_tracked" end
  local entry, is_first = new_entry(channel, key, meta or none), not find(self, channel)
  add(self, entry)
  tell(self, channel, { entry }, none)
  if is_first and channel.is_joined then channel:push("presence_state", self:list(channel.topic)) end
  return entry.meta.phx_ref
end

function Tracker:update(channel, key, meta)
  local former = find(self, channel, key)
  if not former then return nil, "not_tracked", "not_tracked" end
  if type(meta) == "function" then meta = meta(former.meta) end
  local entry = new_entry(channel, key, meta, former)
  take(self, channel, key)
  add(self, entry)
  tell(self, channel, { entry }, { former })
  return entry.meta.phx_ref
end

-- Without a key all that the channel tracks.
function Tracker:untrack(channel, key)
  local leaves = {}
  repeat
    local entry = take(self, channel, key)
    leaves[#leaves + 1] = entry
  until not entry
  if #leaves > 0 then tell(self, channel, none, leaves) end
end

return M
