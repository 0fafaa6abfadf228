--- Histories: the last events of a scenario's socket, for the story of a failure.

local match = require "slipstream.match"
local show = require "slipstream.show"
local words = require "slipstream.words"

local M = {}

--- So many events are kept.
M.MOST = 10

---@class slipstream.scenario.History
---@field private count integer of all that were added
---@field private times integer[] msec since the scenario began
---@field private entries table[] as they lie in the socket's mailbox
local History = {}
History.__index = History

--- Makes an empty one.
---@return slipstream.scenario.History
function M.new()
  return setmetatable({ count = 0, times = {}, entries = {} }, History)
end

--- Adds an event, in the place of the oldest.
---@param at integer
---@param entry table its kind, and what comes with it
function History:add(at, entry)
  local place = self.count % M.MOST + 1
  self.times[place], self.entries[place] = at, entry
  self.count = self.count + 1
end

local with = words.with

local say = {}

function say.connected() return "connected" end
function say.disconnected(entry) return "disconnected: " .. tostring(entry[2]) end
function say.joined(entry) return with("joined " .. entry[2], entry[3]) end
function say.left(entry) return "left " .. entry[2] end
function say.topic_closed(entry) return ("%s is closed: %s"):format(entry[2], tostring(entry[3])) end
function say.message(entry) return with(("message %s %s"):format(entry[2], entry[3]), entry[4]) end
function say.pushed(entry) return with(("pushed %s %s"):format(entry[2], entry[3]), entry[4]) end

function say.reply(entry, history)
  local push = history:push_of(entry[2])
  local text = push and ("reply %s to %s"):format(entry[3], push[3]) or "reply " .. entry[3]
  if entry[3] == "timeout" then return push and ("no reply to %s"):format(push[3]) or "no reply" end
  return with(text, entry[4])
end

--- The push of that ref, if it is kept.
---@param ref integer
---@return table?
function History:push_of(ref)
  for _, entry in ipairs(self.entries) do
    if entry[1] == "pushed" and entry[5] == ref then return entry end
  end
end

-- Why a message is not what was awaited, where that can be said in a few words.
local function remark(entry, awaited)
  if not awaited or entry[1] ~= "message" then return "" end
  local is_near = match.matches(awaited.topic, entry[2]) and match.matches(awaited.event, entry[3])
  local difference = is_near and words.difference(awaited.payload, entry[4])
  return difference and "   <- " .. difference or ""
end

--- A line for each event, the oldest first.
---@param awaited table? the message that did not come
---@return string[]
function History:lines(awaited)
  local lines, kept = {}, math.min(self.count, M.MOST)
  for age = kept - 1, 0, -1 do
    local place = (self.count - 1 - age) % M.MOST + 1
    local entry = self.entries[place]
    lines[#lines + 1] = ("+%d msec  %s%s"):format(self.times[place], say[entry[1]](entry, self),
      remark(entry, awaited))
  end
  local before = self.count - kept
  if before > 0 then table.insert(lines, 1, ("(%s before)"):format(show.count(before, "event"))) end
  return lines
end

return M
