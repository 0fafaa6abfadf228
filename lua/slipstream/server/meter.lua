--- Meter: what a server has done, counted for who wants to know (docs/metrics.md). An app that has none, as
-- at first, pays one look per message for it.

local M = {}

---@class slipstream.ServerMeter
---@field messages_in integer
---@field messages_out integer
---@field bytes_in integer of messages, without what WebSocket puts around them
---@field bytes_out integer
---@field joins table<string, integer> that went well, by the pattern of their channel
---@field refused table<string, integer> those that did not, by why
---@field responses table<string, integer> to requests that became no connection, by status
local Meter = {}
Meter.__index = Meter

--- Counts from now on.
---@param app slipstream.ServerApp
function M.begin(app)
  app.meter = setmetatable({
    messages_in = 0, messages_out = 0, bytes_in = 0, bytes_out = 0, joins = {}, refused = {}, responses = {},
  }, Meter)
end

--- A message came.
---@param size integer
function Meter:received(size)
  self.messages_in, self.bytes_in = self.messages_in + 1, self.bytes_in + size
end

--- A message is on its way.
---@param size integer
function Meter:sent(size)
  self.messages_out, self.bytes_out = self.messages_out + 1, self.bytes_out + size
end

--- One more of `joins`, `refused` or `responses`.
---@param name string
---@param key string
function Meter:count(name, key)
  local counts = self[name]
  counts[key] = (counts[key] or 0) + 1
end

-- Those of each pattern, also where nobody is.
local function channels_of(app)
  local counts = {}
  for topic in pairs(app.exact) do counts[topic] = 0 end
  for _, wildcard in ipairs(app.wildcards) do counts[wildcard.prefix .. "*"] = 0 end
  for _, channels in pairs(app.topics) do
    for _, channel in ipairs(channels) do counts[channel.pattern] = counts[channel.pattern] + 1 end
  end
  return counts
end

---@class slipstream.ServerScene
---@field stats slipstream.ServerStats
---@field channels table<string, integer> that are joined now, by pattern
---@field meter slipstream.ServerMeter

--- What there is to tell of an app that has a meter and listens once.
---@param app slipstream.ServerApp
---@param handle slipstream.ServerHandle
---@return slipstream.ServerScene
function M.scene(app, handle)
  return { stats = handle:stats(), channels = channels_of(app), meter = app.meter }
end

return M
