-- App: what a server serves: its channels, who has joined what, and the errors of their callbacks.
local check = require "slipstream.check"
local nearest = require "slipstream.nearest"
local Handle = require "slipstream.server.handle"
local traceback = require "slipstream.traceback"
local tracker = require "slipstream.server.tracker"
local wire = require "slipstream.server.wire"

---@class slipstream.ServerApp
---@field topics table<string, slipstream.Channel[]> those who joined, by topic
local App = {}
App.__index = App
App.__name = "slipstream.server.app"

function App.new(options)
  return setmetatable({
    options = options,
    exact = {}, -- topic → handlers
    wildcards = {}, -- { prefix, handlers }, in the order of their declaration
    topics = {}, -- topic → list of joined channels
    tracker = tracker.new(), -- who of them is tracked
    handles = {}, -- set: where it listens
    meter = false, -- or a slipstream.ServerMeter
  }, App)
end

-- The callbacks of a channel, and whether they must be there.
local callbacks = { join = true, joined = false, handle_in = true, terminate = false }

-- What is wrong with the callbacks; nil when nothing is.
local function fault_of(handlers)
  for name in pairs(handlers) do
    if callbacks[name] == nil then
      return ("unknown callback %s%s"):format(tostring(name), nearest.hint(name, callbacks))
    end
  end
  for name, is_needed in pairs(callbacks) do
    local is_fit = handlers[name] == nil and not is_needed or type(handlers[name]) == "function"
    if not is_fit then return name .. " must be a function" end
  end
end

---@class slipstream.ChannelHandlers
---@field join fun(channel: slipstream.Channel, topic: string, params: any): string, any "ok" or "error"
---@field joined (fun(channel: slipstream.Channel))? the client has its reply; now the channel may push
---@field handle_in fun(channel: slipstream.Channel, event: string, payload: any): ... for each push
---@field terminate (fun(channel: slipstream.Channel, reason: any))? the channel ended

--- Declares the channel of a topic, or of all topics that begin with what stands before a final "*".
---@param pattern string
---@param handlers slipstream.ChannelHandlers
---@return slipstream.ServerApp self
function App:channel(pattern, handlers)
  check.self(self, App.__name)
  check.is(1, pattern, "string")
  check.is(2, handlers, "table")
  local fault = fault_of(handlers)
  if fault then error(("channel %s: %s"):format(pattern, fault), 2) end
  local prefix = pattern:match "^(.*)%*$"
  if prefix then
    table.insert(self.wildcards, { prefix = prefix, handlers = handlers })
  else
    self.exact[pattern] = handlers
  end
  return self
end

-- The handlers of a topic and the pattern that they were declared with, or nil.
function App:match(topic)
  if type(topic) ~= "string" then return nil end
  if self.exact[topic] then return self.exact[topic], topic end
  for _, wildcard in ipairs(self.wildcards) do
    if topic:sub(1, #wildcard.prefix) == wildcard.prefix then
      return wildcard.handlers, wildcard.prefix .. "*"
    end
  end
end

-- Tells of an error; `place` is the channel whose callback it was, or anything else.
local function report(app, where, place, caught)
  local places = caught.traceback or ""
  app.options.report(where, caught.text, {
    pattern = place.pattern, topic = place.topic, event = place.event,
    traceback = places:find("\n", 1, true) and places or nil, -- more than its heading
  })
end

-- Calls fn; an error is reported. Answers whether it went well, and the results.
function App:protect(where, place, fn, ...)
  return (function(is_ok, ...)
    if not is_ok then report(self, where, place, traceback.caught(...)) end
    return is_ok, ...
  end)(xpcall(fn, traceback.catch, ...))
end

function App:subscribe(channel)
  local list = self.topics[channel.topic] or {}
  self.topics[channel.topic] = list
  list[#list + 1] = channel
end

function App:unsubscribe(channel)
  local list = self.topics[channel.topic] or {}
  for i = #list, 1, -1 do
    if list[i] == channel then table.remove(list, i) end
  end
  if #list == 0 then self.topics[channel.topic] = nil end
end

-- Sending may end a channel, which changes the list.
local function copy(list)
  return table.move(list, 1, #list, 1, {})
end

--- Sends an event to all who joined the topic, except the channel `from` if it is given.
---@param topic string
---@param event string
---@param payload any? {} when absent
---@param from slipstream.Channel?
function App:broadcast(topic, event, payload, from)
  check.self(self, App.__name)
  check.is(1, topic, "string")
  check.is(2, event, "string")
  local frames = {} -- by format: written once for all
  local message = { kind = "broadcast", topic = topic, event = event, payload = payload }
  for _, channel in ipairs(copy(self.topics[topic] or {})) do
    if channel ~= from then
      local format = channel.socket.format
      frames[format] = frames[format] or table.pack(wire.write(format, message))
      channel.socket:send(frames[format][1], frames[format][2])
    end
  end
end

--- Who is tracked on the topic, as a presence_state has it: { key = { metas = { … } } }.
---@param topic string
---@return slipstream.PresenceState
function App:presences(topic)
  check.self(self, App.__name)
  check.is(1, topic, "string")
  return self.tracker:list(topic)
end

--- Closes all sockets of that id (1001, as Phoenix 1.8).
---@param id any
---@return integer count
function App:disconnect(id)
  check.self(self, App.__name)
  if id == nil then check.fail(1, "an id expected, got nil") end -- which is that of all who have none
  local count = 0
  for handle in pairs(self.handles) do
    for _, socket in ipairs(handle:connected()) do
      if socket.id == id then
        socket:disconnect()
        count = count + 1
      end
    end
  end
  return count
end

---@class slipstream.ListenSettings
---@field host string? an IP address or "localhost"; 127.0.0.1 when absent
---@field port integer? 0, when absent: a free one

--- Listens. Other settings raise.
---@param settings slipstream.ListenSettings?
---@return slipstream.ServerHandle? handle with the real `port`
---@return string? err nil and such as "cannot listen at 127.0.0.1:4000: address already in use"
function App:listen(settings)
  check.self(self, App.__name)
  check.is_optional(1, settings, "table")
  local handle, text = Handle.open(self, settings or {}) -- no tail call: an error names the line
  return handle, text
end

return App
