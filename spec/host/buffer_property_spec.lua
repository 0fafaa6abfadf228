-- Whatever happens, and in whatever order: each push is answered exactly once and sent at most once, in
-- order, and never after its time-out. The seed of a story that fails is in the message.
local core = require "slipstream.core"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

local SEEDS = 200
local STEPS = 80
local TOPICS = { "room:1", "room:2" }

local Story = {}
Story.__index = Story

local function begin(seed)
  math.randomseed(seed)
  local host, server, clock = phoenix.pretend(seed)
  local self = setmetatable({
    seed = seed, host = host, server = server, clock = clock, now = 0,
    pushes = {}, by_ref = {}, -- what was pushed, by its number and by its ref
    joins = {}, sent = {}, -- of this connection: what is to be answered
    last = {}, -- by topic, the number of the push that came last in its join
  }, Story)
  local module, calls = recorder.module({ heartbeat_interval_msec = 0, max_buffered_pushes = 20 }, {
    handle_reply = function(_, ref) self:was_answered(ref) end,
  })
  slipstream.start(module, nil, { host = host })
  self.socket = calls.socket
  return self
end

function Story:check(value, words, ...)
  if not value then error(("seed %d: %s"):format(self.seed, words:format(...)), 2) end
end

function Story:was_answered(ref)
  local push = self.by_ref[ref]
  self:check(push, "a reply came to %d, which was not pushed", ref)
  self:check(not push.is_answered, "a second reply came to %d", ref)
  push.is_answered = true
end

-- The server looks at what came.

function Story:saw(message)
  local join_ref, ref, topic, event, payload = table.unpack(message)
  if event == "phx_join" then
    self.joins[#self.joins + 1], self.last[topic] = { ref, ref, topic }, 0
  elseif event == "push" then
    local push = self.pushes[payload.n]
    self:check(not push.is_sent, "push %d was sent twice", payload.n)
    self:check(self.now < push.due, "push %d was sent after its time-out", payload.n)
    self:check(payload.n > self.last[topic], "push %d overtook another", payload.n)
    push.is_sent, self.last[topic] = true, payload.n
    self.sent[#self.sent + 1] = { join_ref, ref, topic }
  end
end

function Story:look()
  if not self.is_open then return end
  local frame = self.server:next_frame()
  while frame do
    if frame.opcode == "close" then return self:answer_close() end
    self:saw(assert(core.json.decode(frame.payload)))
    frame = self.server:next_frame()
  end
end

function Story:end_connection()
  self.is_open, self.joins, self.sent = false, {}, {}
end

function Story:answer_close()
  self.server:send_close(1000)
  self:end_connection()
end

-- Answers one that waits, if any does.
function Story:reply(waiting, status)
  if #waiting == 0 then return end
  local join_ref, ref, topic = table.unpack(table.remove(waiting, math.random(#waiting)))
  self.server:send(join_ref, ref, topic, "phx_reply", { status = status, response = {} })
end

-- What can happen.

local steps = {}

local function any_topic() return TOPICS[math.random(#TOPICS)] end

function steps:push()
  local timeout, n = math.random(1, 3000), #self.pushes + 1
  local options = { timeout = timeout, buffer = math.random(4) > 1 }
  local ref = self.socket:push(any_topic(), "push", { n = n }, options)
  if not ref then return end
  self:check(not self.by_ref[ref], "the ref %d was given twice", ref)
  self.pushes[n] = { due = self.now + timeout }
  self.by_ref[ref] = self.pushes[n]
end

function steps:join() self.socket:join(any_topic()) end

function steps:leave() self.socket:leave(any_topic()) end

function steps:connect()
  if self.is_open then return end
  if not self.server:was_dialled() then return self.socket:reconnect() end
  self:end_connection()
  self.server:accept()
  self.is_open = true
end

function steps:replace()
  if math.random(3) == 1 then self.socket:connect { uri = "ws://phoenix.test/socket", jitter = 0 } end
end

function steps:disconnect()
  if math.random(3) == 1 then self.socket:disconnect() end
end

function steps:lose()
  if not self.is_open then return end
  self.server:drop()
  self:end_connection()
end

function steps:let_in() self:reply(self.joins, "ok") end

function steps:refuse() self:reply(self.joins, "error") end

function steps:answer() self:reply(self.sent, "ok") end

function steps:crash()
  local waiting = math.random(2) == 1 and self.joins or self.sent
  local join = waiting[#waiting]
  local event = math.random(2) == 1 and "phx_error" or "phx_close"
  if join then self.server:send(join[1], join[1], join[3], event, {}) end
end

function steps:pass()
  local msec = math.random(0, 600)
  self.now = self.now + msec
  self.clock:advance(msec)
end

local names = {
  "push", "push", "push", "push", "push", "push", "join", "join", "join", "connect", "connect", "connect",
  "let_in", "let_in", "answer", "answer", "pass", "pass",
  "leave", "lose", "refuse", "crash", "disconnect", "replace",
}

function Story:step()
  steps[names[math.random(#names)]](self)
  self:look()
end

-- What is left times out.
function Story:finish()
  self.clock:advance(3000)
  for n, push in ipairs(self.pushes) do self:check(push.is_answered, "push %d was never answered", n) end
end

describe("pushes over losses, joins and leaves in random order", function()
  it("are answered exactly once and sent at most once, in order, before their time-out", function()
    local pushes, sent = 0, 0
    for seed = 1, SEEDS do
      local story <close> = setmetatable(begin(seed), {
        __index = Story, __close = function(self) phoenix.close(self.host) end,
      })
      for _ = 1, STEPS do story:step() end
      story:finish()
      pushes = pushes + #story.pushes
      for _, push in ipairs(story.pushes) do sent = sent + (push.is_sent and 1 or 0) end
    end
    assert.is_true(pushes > 8 * SEEDS) -- most are taken, and many are sent
    assert.is_true(sent > pushes / 3)
  end)
end)
