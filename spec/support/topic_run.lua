-- Topic_run: a client and its model, side by side through the same steps. After each of them both must
-- have told and sent the same, and stand the same.
--
-- A step is a list, its name first (see `steps`), and whatever it means at that point; one that means
-- nothing there is passed over, so that any part of a run is a run.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local topic_model = require "spec.support.topic_model"
local topic_server = require "spec.support.topic_server"
local ws = require "spec.support.ws"

local M = {}

M.topics = { "room:1", "room:2", "room:3" }
M.callbacks = {
  "handle_connect", "handle_disconnect", "handle_join", "handle_message", "handle_reply",
  "handle_topic_close", "handle_leave",
}

local Run = {}
Run.__index = Run

-- The client.

-- What params(topic) means to join.
local function params_of(run, params)
  if params ~= "fresh" then return params and { n = params } end
  return function()
    run.asked = run.asked + 1
    return { n = run.asked }
  end
end

-- Whether a topic is to be joined in the end, from what the script alone can know. Who leaves does not
-- rejoin, as in phoenix.js.
local function note_wish(run, name, topic, answer)
  if name == "rejoin" and run.socket:join_status(topic) == "closed" then return end
  if name == "connect" and answer == true then run.wanted = {} end
  if name == "leave" then run.wanted[topic] = nil end
  if (name == "join" or name == "rejoin") and answer == true then run.wanted[topic] = true end
end

local function ask(run, socket, name, topic, params)
  local given = topic
  if name == "connect" then given = run.config end
  local argument = params
  if name == "join" then argument = params_of(run, params) end
  if name == "push" then argument = "ping" end
  local answer, code = socket[name](socket, given, argument)
  note_wish(run, name, topic, answer)
  return tostring(answer or code)
end

-- A value of a callback, in a word; a payload is none, and an answer that did not come.
local function word(value)
  if type(value) == "table" then return value.kind end
  return value and tostring(value)
end

-- A topic that is closed is not wanted any more, unless the default asks for it again.
local function note_close(run, socket, topic)
  if socket:join_status(topic) == "closed" then run.wanted[topic] = nil end
end

local function note_loss(run, socket)
  for _, topic in ipairs(M.topics) do note_close(run, socket, topic) end
end

local function do_default(run, name, socket, topic, ...)
  slipstream.default[name](socket, topic, ...)
  if name ~= "handle_topic_close" then return end
  if socket:join_status(topic) == "requested" then run.wanted[topic] = true end
end

local function on_callback(run, name, socket, ...)
  local words = { name }
  for index = 1, select("#", ...) do words[#words + 1] = word((select(index, ...))) end
  table.insert(run.told, table.concat(words, " "))
  if name == "handle_topic_close" then note_close(run, socket, ...) end
  if name == "handle_disconnect" and run.model.stays_away then note_loss(run, socket) end
  local answer = table.remove(run.plan[name], 1)
  if answer == nil then return do_default(run, name, socket, ...) end
  if not answer then return end
  local line = ("%s: %s"):format(table.concat(answer, " "), ask(run, socket, table.unpack(answer)))
  table.insert(run.told, line)
end

local function new_module(run)
  local module = slipstream.client { restart = "temporary" }
  function module:init()
    run.socket = self
    assert(self:connect(run.config))
  end
  for _, name in ipairs(M.callbacks) do
    module[name] = function(self, ...) on_callback(run, name, self, ...) end
  end
  return module
end

local function new_plan()
  local plan = {}
  for _, name in ipairs(M.callbacks) do plan[name] = {} end
  return plan
end

-- `stays_away`: topics do not come back with the connection.
function M.new(stays_away)
  local config = { uri = "ws://phoenix.test/socket/websocket", rejoin_on_reconnect = not stays_away }
  for key, value in pairs(topic_model.numbers) do config[key] = value end
  local run = setmetatable({
    config = config, plan = new_plan(), model_plan = new_plan(), told = {}, sent = {}, asked = 0,
    wanted = {}, held = {}, server = topic_server.new(),
  }, Run)
  run.host = phoenix.pretend()
  local function next_answer(callback) return table.remove(run.model_plan[callback], 1) end
  run.model = topic_model.new(next_answer, stays_away)
  assert(slipstream.start(new_module(run), nil, { host = run.host }))
  run.model:request "connect"
  run:settle()
  return run
end

function Run:close() phoenix.close(self.host) end

-- What moves between them.

function Run:gather()
  if not self.parser then return end
  for _, frame in ipairs(self.parser:feed(self.peer:take())) do
    table.insert(self.sent, self.server:read(frame))
  end
end

function Run:settle()
  self.host:advance(0)
  self.model:settle()
  self:gather()
end

local function forget_peer(self)
  self:gather()
  self.peer, self.parser, self.held = nil, nil, {}
end

-- What the server has to say, to client and model.
local function deliver(self, bytes, items)
  assert(self.peer:send(bytes))
  self.model:receive(items)
  self:settle()
end

-- What is held back leaves with the next message, in one read.
local function say(self, item, text)
  if not item then return end
  table.insert(self.held, { item, ws.frame { payload = text } })
  if self.is_holding and #self.held < 3 then return end
  self.is_holding = false
  local bytes, items = {}, {}
  for place, each in ipairs(self.held) do items[place], bytes[place] = each[1], each[2] end
  self.held = {}
  deliver(self, table.concat(bytes), items)
end

-- Steps. `x`, from 0 to 1, chooses among what there is.

local steps = {}

local function is_open(self) return self.parser ~= nil and self.peer:closed() == nil end

function steps.ask(self, name, topic, params)
  if name == "rejoin" or name == "push" then params = nil end
  ask(self, self.socket, name, topic, params)
  self.model:request(name, topic, params)
end

function steps.settle(self) self:settle() end

-- A request, or nothing, in that callback, the next time, in place of the default.
function steps.plan(self, callback, name, topic)
  local answer = name and { name, topic } or false
  table.insert(self.plan[callback], answer)
  table.insert(self.model_plan[callback], answer)
end

function steps.advance(self, msec)
  self.host:advance(msec)
  self.model:advance(msec)
  self:gather()
end

function steps.accept(self)
  self:settle()
  if self.host:waiting() == 0 then return end
  forget_peer(self)
  self.peer, self.server = self.host:peer(), topic_server.new()
  self.peer:accept()
  self.model:tcp_opens()
  self:settle()
  self.key = ws.read_head(self.peer:take()).headers["sec-websocket-key"]
end

function steps.upgrade(self)
  if not self.key or self.peer:closed() then return end
  local bytes = ws.response(self.key)
  self.key, self.parser = nil, ws.parser()
  deliver(self, bytes, { { "upgrade" } })
end

function steps.refuse(self)
  if not self.key or self.peer:closed() then return end
  self.key = nil
  deliver(self, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", { { "refusal" } })
end

-- The stream ends, in whatever stage it is.
function steps.drop(self)
  self:settle()
  if self.host:waiting() > 0 then
    forget_peer(self)
    self.peer = self.host:peer()
  end
  if not self.peer or self.peer:closed() then return end
  self.peer:finish()
  self.key = nil
  self.model:loses_link()
  self:settle()
  forget_peer(self)
end

function steps.close(self, code)
  if not is_open(self) then return end
  local bytes = ws.frame { opcode = "close", payload = ws.close_payload(code) }
  deliver(self, bytes, { { "close", code } })
end

function steps.hold(self) self.is_holding = true end

function steps.answer(self, status)
  if is_open(self) then say(self, self.server:answer(status)) end
end

function steps.reply(self, x, status)
  if is_open(self) then say(self, self.server:reply(x, status)) end
end

function steps.push(self, x, event)
  if is_open(self) then say(self, self.server:push(x, event)) end
end

function steps.broadcast(self, topic)
  if is_open(self) then say(self, self.server:broadcast(topic)) end
end

-- Comparing.

local function same(what, ours, models)
  local a, b = table.concat(ours, "\n  "), table.concat(models, "\n  ")
  if a == b then return end
  error(("%s, by the client:\n  %s\nby the model:\n  %s"):format(what, a, b), 0)
end

function Run:compare()
  local model = self.model
  same("told", self.told, model.told)
  same("sent", self.sent, model.sent)
  self.told, self.sent, model.told, model.sent = {}, {}, {}, {}
  local ours, models = { tostring(self.socket:connected()) }, { tostring(model.link == "open") }
  for place, topic in ipairs(M.topics) do
    ours[place + 1] = topic .. " " .. tostring(self.socket:join_status(topic))
    models[place + 1] = topic .. " " .. tostring(model:status(topic))
  end
  same("stands", ours, models)
end

function Run:take(step)
  steps[step[1]](self, table.unpack(step, 2, 4))
  self:compare()
end

-- The end: everything works again, and the server answers.

-- Whether exactly what is wanted is joined, here and there.
local function is_at_rest(self)
  for _, topic in ipairs(M.topics) do
    local is_wanted = self.wanted[topic] or false
    local is_channel = self.server.channels[topic] ~= nil
    if self.socket:joined(topic) ~= is_wanted or is_channel ~= is_wanted then return false end
  end
  return self.socket:connected()
end

local function answer_all(self)
  for _ = 1, self.server:count_unanswered() do self:take { "answer", "ok" } end
end

function Run:heal()
  for _, plan in ipairs { self.plan, self.model_plan } do
    for _, name in ipairs(M.callbacks) do plan[name] = {} end
  end
  self.is_holding = false
  for _ = 1, 20 do
    self:take { "ask", "reconnect" }
    self:take { "accept" }
    self:take { "upgrade" }
    answer_all(self)
    if is_at_rest(self) then return end
    self:take { "advance", 500 }
  end
  error("it does not come to rest with what is wanted, and only that, joined once", 0)
end

return M
