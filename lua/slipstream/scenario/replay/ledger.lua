--- Ledger: what a server shall say on one connection, and what of it has come. Pure.

local difference = require "slipstream.scenario.replay.difference"
local value = require "slipstream.scenario.replay.value"

---@class slipstream.ReplayLedger
---@field fault { item: slipstream.ReplayItem?, got: table, difference: table? }? what was not recorded
local Ledger = {}
Ledger.__index = Ledger

local M = {}

---@class slipstream.ReplayRules
---@field ignored slipstream.Ignored
---@field any_order boolean? whatever was recorded may come in any order

--- Makes one.
---@param items slipstream.ReplayItem[]
---@param vsn integer
---@param rules slipstream.ReplayRules
---@param is_open_ended boolean? the recording ends before the server did: more may come than was recorded
---@return slipstream.ReplayLedger
function M.new(items, vsn, rules, is_open_ended)
  local self = setmetatable({
    entries = {}, first = 1, vsn = vsn, rules = rules, is_open_ended = is_open_ended or false,
  }, Ledger)
  for _, item in ipairs(items) do
    local entry = { item = item, value = value.of(item, vsn) }
    if not value.is_heartbeat(entry.value) then table.insert(self.entries, entry) end
  end
  return self
end

-- What was cut short cannot be read, so it is compared by its length.
local function compare(self, entry, item, got)
  local wanted = entry.item
  if not wanted.len then return difference.find(entry.value, got, self.rules.ignored) end
  if item.opcode ~= wanted.opcode or #item.data ~= wanted.len then
    return { pointer = "", expected = entry.value, got = got }
  end
end

local function advance(self)
  while self.entries[self.first] and self.entries[self.first].has_come do self.first = self.first + 1 end
end

local function settle(self, entry)
  entry.has_come = true
  advance(self)
end

local function is_like(entry, got)
  return entry.value.topic == got.topic and entry.value.event == got.event
end

-- One that is the same; otherwise the fault tells of one that is nearly so.
local function take_any(self, item, got)
  local nearest
  for place = self.first, #self.entries do
    local entry = self.entries[place]
    if not entry.has_come then
      local found = compare(self, entry, item, got)
      if not found then return settle(self, entry) end
      if not nearest and is_like(entry, got) then nearest = { item = entry.item, difference = found } end
    end
  end
  nearest = nearest or {}
  self.fault = { item = nearest.item, difference = nearest.difference, got = got }
end

local function take_next(self, item, got)
  local entry = self.entries[self.first]
  local found = entry and compare(self, entry, item, got)
  if entry and not found then return settle(self, entry) end
  self.fault = { item = entry and entry.item, difference = found, got = got }
end

--- The server said something.
---@param item slipstream.ReplayItem
function Ledger:came(item)
  if self.fault then return end
  local got = value.of(item, self.vsn)
  if value.is_heartbeat(got) then return end
  if self.first > #self.entries and (self.is_open_ended or item.kind == "end") then return end
  return (self.rules.any_order and take_any or take_next)(self, item, got)
end

--- The client ends the connection: of what comes from now on, only that matters which was recorded.
function Ledger:close() self.is_open_ended = true end

--- The first that was recorded up to a line and has not come.
---@param number integer
---@return slipstream.ReplayItem? item
function Ledger:missing(number)
  local entry = self.entries[self.first]
  if entry and entry.item.number <= number then return entry.item end
end

return M
