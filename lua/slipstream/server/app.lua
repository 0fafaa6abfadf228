-- App: what a server serves: its channels, who has joined what, and the errors of their callbacks.
local check = require "slipstream.check"
local Handle = require "slipstream.server.handle"
local traceback = require "slipstream.traceback"
local wire = require "slipstream.server.wire"

local App = {}
App.__index = App
App.__name = "slipstream.server.app"

function App.new(options)
  return setmetatable({
    options = options,
    exact = {}, -- topic → handlers
    wildcards = {}, -- { prefix, handlers }, in the order of their declaration
    topics = {}, -- topic → list of joined channels
    handles = {}, -- set: where it listens
  }, App)
end

-- Declares the channel of a topic, or of all topics that begin with what stands before a final "*".
function App:channel(pattern, handlers)
  check.self(self, App.__name)
  check.is(1, pattern, "string")
  check.is(2, handlers, "table")
  for _, name in ipairs { "join", "handle_in" } do
    if type(handlers[name]) ~= "function" then
      error(("channel %s: %s must be a function"):format(pattern, name), 2)
    end
  end
  local prefix = pattern:match "^(.*)%*$"
  if prefix then
    table.insert(self.wildcards, { prefix = prefix, handlers = handlers })
  else
    self.exact[pattern] = handlers
  end
  return self
end

-- The handlers of a topic, or nil.
function App:match(topic)
  if type(topic) ~= "string" then return nil end
  if self.exact[topic] then return self.exact[topic] end
  for _, wildcard in ipairs(self.wildcards) do
    if topic:sub(1, #wildcard.prefix) == wildcard.prefix then return wildcard.handlers end
  end
end

-- The error and its places in the user's files.
local function explain(err)
  local caught = traceback.catch(err)
  return caught.text .. "\n" .. caught.traceback
end

-- Calls fn; an error is reported. Answers whether it went well, and the results.
function App:protect(where, fn, ...)
  return (function(is_ok, ...)
    if not is_ok then self.options.report(where, ...) end
    return is_ok, ...
  end)(xpcall(fn, explain, ...))
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

-- Sends an event to all who joined the topic, except the channel `from` if it is given.
function App:broadcast(topic, event, payload, from)
  check.self(self, App.__name)
  check.is(1, topic, "string")
  check.is(2, event, "string")
  local frames = {} -- by vsn: written once for all
  local message = { kind = "broadcast", topic = topic, event = event, payload = payload }
  for _, channel in ipairs(copy(self.topics[topic] or {})) do
    if channel ~= from then
      local vsn = channel.socket.vsn
      frames[vsn] = frames[vsn] or table.pack(wire.write(vsn, message))
      channel.socket:send(frames[vsn][1], frames[vsn][2])
    end
  end
end

-- Closes all sockets of that id (1001, as Phoenix 1.8); answers how many.
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

-- Listens. settings: host (an IP address or "localhost", default 127.0.0.1) and port (default 0: a free
-- one); others raise. Answers a handle with the real `port`, or nil and a text such as
-- "127.0.0.1:4000: address already in use".
function App:listen(settings)
  check.self(self, App.__name)
  check.is_optional(1, settings, "table")
  local handle, text = Handle.open(self, settings or {}) -- no tail call: an error names the line
  return handle, text
end

return App
