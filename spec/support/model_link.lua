-- Model_link: the connections of a client's model (topic_model.lua): attempts, the closing handshake, the
-- heartbeat. Topics are asked for (`want`) when one is there, and told (`loses`) when it is lost.
--
--   link    none, scheduled, due (to be dialled), dialling, upgrading, open, closing
local turn = require "spec.support.model_turn"

local NEVER = math.huge
local CLOSE_TIMEOUT_MSEC = 5000

local numbers = {
  heartbeat_interval_msec = 3000, heartbeat_timeout_msec = 1700, connect_timeout_msec = 2000,
  join_timeout_msec = 1000, push_timeout_msec = 700, reconnect_after_msec = { 50 },
  rejoin_after_msec = { 100, 400 }, jitter = 0,
}

local requests, received, replied, timed_out = {}, {}, {}, {}

local Link = setmetatable({
  numbers = numbers, requests = requests, received = received, replied = replied, timed_out = timed_out,
}, turn)
Link.__index = Link

-- Another connection with a config of its own: nothing is known of the one before.
function Link:begin()
  self:start()
  self.params, self.reason, self.owes_end = {}, nil, false
  self.quiet_since, self.is_join_unheard = 0, false
end

-- How one ends, and how one comes about.

function Link:ends(reason)
  if self.link ~= "closing" then self.reason = reason end -- that of our own closing stays
  self.link, self.link_due, self.heartbeat_due, self.input = "none", NEVER, NEVER, {}
  for _, topic in ipairs(self.topics) do self:loses(topic) end
  self:expire(nil, "disconnected")
  self.owes_end = true
  self:later(function()
    self.owes_end = false
    self:tell("handle_disconnect", self.reason)
  end)
end

function Link:dial()
  self:later(function()
    if self.link ~= "due" then return end
    self.link, self.link_due, self.outbox = "dialling", self.now + numbers.connect_timeout_msec, {}
    self:later(function() self.has_stream = true end)
  end)
end

-- Requests of the script.

function requests.connect(self)
  if self.link ~= "none" or self.owes_end then return "connected" end
  self:begin()
  self.link = "due"
  self:dial()
  return true
end

function requests.reconnect(self)
  if self.link == "scheduled" then return true end
  if self.link ~= "none" then return "connected" end
  self.link, self.link_due = "scheduled", self.now + numbers.reconnect_after_msec[1]
  return true
end

function requests.disconnect(self)
  if self.link == "none" or self.link == "closing" then return true end
  if self.link == "open" then
    table.insert(self.outbox, "close 1000")
    self.link, self.reason, self.heartbeat_due = "closing", "closed_by_client", NEVER
    self.link_due = self.now + CLOSE_TIMEOUT_MSEC
  else
    self:abort_link()
    self:ends "closed_by_client"
  end
  return true
end

-- What the server does.

function Link:receive(items)
  self.quiet_since, self.is_join_unheard = self.now, false
  self.input = items
  self:drain()
  self.input = {}
end

function received.upgrade(self)
  self.link, self.link_due = "open", NEVER
  self.heartbeat_due = self.now + numbers.heartbeat_interval_msec
  self:later(self.tell, self, "handle_connect")
  for _, topic in ipairs(self.topics) do
    if topic.state == "waiting" then self:want(topic) end
  end
end

function received.refusal(self)
  self:abort_link()
  self:ends "connect_failed"
end

function received.close(self, code)
  if self.link == "open" then table.insert(self.outbox, "close " .. code) end
  self:close_link()
  self:ends "closed_by_remote"
end

function replied.heartbeat(self) self.heartbeat_due = self.now + numbers.heartbeat_interval_msec end

-- By ref alone.
function received.reply(self, ref, status)
  if self.link ~= "open" then return end
  local entry = self:take_pending(function(entry) return entry.ref == ref end)
  if entry then replied[entry.kind](self, entry, status) end
end

function Link:tcp_opens() self.link = "upgrading" end

-- The stream ends by itself.
function Link:loses_link()
  self.has_stream, self.outbox = false, {}
  self:ends(self.link == "open" and "connection_lost" or "connect_failed")
end

-- Time.

-- While the server is busy with a join it cannot answer; a join has its time since the last that came.
function timed_out.heartbeat(self, entry)
  if entry.why then return end
  local patience = self.quiet_since + numbers.join_timeout_msec - self.now
  if self:find("state", "joining") and patience > 0 then
    self:await("heartbeat", entry.ref, nil, math.min(numbers.heartbeat_timeout_msec, patience))
  elseif self.link == "open" then
    table.insert(self.outbox, "close 1000")
    self:close_link()
    self:ends "heartbeat_timeout"
  end
end

function timed_out.interval(self)
  self:await("heartbeat", self:send("heartbeat", "phoenix", "-"), nil, numbers.heartbeat_timeout_msec)
end

function timed_out.link(self)
  if self.link == "scheduled" then
    self.link = "due"
    self:dial()
  else
    self:abort_link()
    self:ends "connect_timeout"
  end
end

return Link
