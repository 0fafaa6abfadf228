-- Channel: one join of one topic by one socket, with the callbacks of the pattern that matched.
--
--   join(channel, topic, params)           → "ok" [, response] | "error" [, response]
--   joined(channel)                          after the reply was sent; may push
--   handle_in(channel, event, payload)     → nothing | "noreply" | "reply", status [, response]
--                                            | "stop", reason [, status, response]
--   terminate(channel, reason)               left, closed, duplicate, crash, or the reason of a stop
--
-- `channel.assigns` is the application's; `channel.ref`, inside handle_in, is what `reply` wants when
-- the answer comes later.
local check = require "slipstream.check"
local log = require "slipstream.log"
local wire = require "slipstream.server.wire"

---@class slipstream.Channel
---@field topic string
---@field socket slipstream.ServerSocket
---@field app slipstream.ServerApp
---@field assigns table
---@field ref any inside handle_in
local Channel = {}
Channel.__index = Channel
Channel.__name = "slipstream.server.channel"

local orderly = { normal = true, shutdown = true }

-- `pattern` is what the handlers were declared with.
function Channel.new(socket, handlers, pattern, message)
  local join_ref = message.join_ref
  return setmetatable({
    socket = socket, app = socket.app, topic = message.topic, pattern = pattern, handlers = handlers,
    given_ref = join_ref,
    -- Without one, Phoenix answers with the ref of the join in its place, and closes with null.
    join_ref = join_ref == nil and message.ref or join_ref,
    is_joined = false, assigns = {},
  }, Channel)
end

function Channel:write(message)
  message.topic = self.topic
  self.socket:send(wire.write(self.socket.format, message))
end

--- Sends an event to this one client. Raises when the channel is not joined.
---@param event string
---@param payload any? {} when absent
function Channel:push(event, payload)
  check.self(self, Channel.__name)
  check.is(1, event, "string")
  if not self.is_joined then error("push on a channel that is not joined", 2) end
  self:write { kind = "push", join_ref = self.join_ref, event = event, payload = payload }
end

--- Answers a push.
---@param ref any what `channel.ref` was in its handle_in
---@param status string
---@param response any? {} when absent
function Channel:reply(ref, status, response)
  check.self(self, Channel.__name)
  check.is(2, status, "string")
  if not self.is_joined then return end
  self:write {
    kind = "reply", join_ref = self.join_ref, ref = ref, event = "phx_reply",
    status = status, payload = response,
  }
end

--- Sends an event to all who joined the topic, this one too.
---@param event string
---@param payload any? {} when absent
function Channel:broadcast(event, payload)
  check.self(self, Channel.__name)
  check.is(1, event, "string")
  self.app:broadcast(self.topic, event, payload)
end

--- Sends an event to all others who joined the topic.
---@param event string
---@param payload any? {} when absent
function Channel:broadcast_from(event, payload)
  check.self(self, Channel.__name)
  check.is(1, event, "string")
  self.app:broadcast(self.topic, event, payload, self)
end

-- Presence.

local function check_joined(channel, what)
  if not channel.is_joined then error(what .. " on a channel that is not joined", 3) end
end

--- Tells all who joined the topic that the key is there, until the channel ends. The channel's first track
-- pushes the presence_state to its client. Raises when the channel is not joined, and when the meta
-- cannot be sent.
---@param key string
---@param meta table? what is known of it
---@return string? phx_ref, string? err, string? code nil, "already_tracked"
function Channel:track(key, meta)
  check.self(self, Channel.__name)
  check.is(1, key, "string")
  check.is_optional(2, meta, "table")
  check_joined(self, "track")
  local ref, err, code = self.app.tracker:track(self, key, meta) -- no tail call, which would hide the script
  return ref, err, code
end

--- Gives a tracked key another meta: a table, or a function of the one that it has.
---@param key string
---@param meta table|fun(meta: table): table
---@return string? phx_ref, string? err, string? code nil, "not_tracked"
function Channel:update(key, meta)
  check.self(self, Channel.__name)
  check.is(1, key, "string")
  if type(meta) ~= "function" then check.is(2, meta, "table") end
  local ref, err, code = self.app.tracker:update(self, key, meta)
  return ref, err, code
end

--- Tells all that the key is not there any more, or without one, all keys of the channel.
---@param key string?
function Channel:untrack(key)
  check.self(self, Channel.__name)
  check.is_optional(1, key, "string")
  self.app.tracker:untrack(self, key)
end

-- Ends the channel without a word to the client.
function Channel:finish(reason)
  if not self.is_joined then return end
  self.is_joined = false
  self.socket:forget(self)
  self.app:unsubscribe(self)
  self.app.tracker:untrack(self)
  log.debug("server: left", { connection = self.socket.number, topic = self.topic, reason = reason })
  if self.handlers.terminate then
    self.app:protect("terminate", self, self.handlers.terminate, self, reason)
  end
end

-- phx_close and phx_error carry the join's own ref, twice.
function Channel:say_closed(event, payload)
  self:write {
    kind = "push", join_ref = self.given_ref, ref = self.given_ref, event = event, payload = payload,
  }
end

--- Ends the channel: with "normal" and "shutdown" the client does not come back, with all others it
-- rejoins.
---@param reason any
function Channel:stop(reason)
  check.self(self, Channel.__name)
  if not self.is_joined then return end
  self:finish(reason)
  if orderly[reason] then return self:say_closed "phx_close" end
  self:say_closed("phx_error", { reason = "channel_crash" })
end

local verdicts = {
  noreply = function() end,
  reply = function(channel, ref, status, response)
    if type(status) ~= "string" then
      error(('handle_in returned "reply" with a %s where a status is expected'):format(type(status)), 0)
    end
    channel:reply(ref, status, response)
  end,
  stop = function(channel, ref, reason, status, response)
    if status then channel:reply(ref, status, response) end
    channel:stop(reason or "normal")
  end,
}

-- Runs inside the protection, so that a reply that cannot be encoded is a crash, too.
local function handle(channel, message)
  local function settle(verdict, ...)
    local settler = verdicts[verdict == nil and "noreply" or verdict]
    if not settler then
      error(('handle_in returned %s; it may return nothing, "noreply", "reply" or "stop"'):format(
        tostring(verdict)), 0)
    end
    settler(channel, message.ref, ...)
  end
  settle(channel.handlers.handle_in(channel, message.event, message.payload))
end

-- A message of the client's.
function Channel:receive(message)
  self.ref, self.event = message.ref, message.event
  if not self.app:protect("handle_in", self, handle, self, message) then self:stop "crash" end
  self.ref, self.event = nil, nil
end

-- The client leaves.
function Channel:leave(message)
  self:reply(message.ref, "ok")
  self:finish "left"
  self:say_closed "phx_close"
end

return Channel
