--- Runs a client: takes what arrives to the callbacks of its module, one at a time and in order, and ends
-- it when a callback asks for that or raises.
--
-- A socket is one life of a client, from `init` to `terminate`. While one of its callbacks waits, and in
-- what comes after it, its events lie in its mailbox. An error ends that client alone (ending.lua).

local core = require "slipstream.core"
local endings = require "slipstream.ending"
local fiber = require "slipstream.fiber"
local log = require "slipstream.log"
local mailbox = require "slipstream.mailbox"
local place_of = require("slipstream.frame").place_of
local report = require "slipstream.report"
require "slipstream.runaway"
local turn = require "slipstream.turn"
local verdict = require "slipstream.verdict"
local waiter = require "slipstream.waiter"

local M = {}

--- What a socket has at first, for the class that all of them share: most never have more of it.
M.blank = {
  _alarm = false, -- of what its fiber waits for
  _callback = "init", -- the last one that was called
  _calls = false, -- a set: who waits for a reply
  _connection_id = false,
  _done = false,
  _ending = false,
  _fiber = false,
  _from = false, -- whom the handle_call under way answers
  _is_continuing = false, -- is posted to call handle_continue, which nothing comes before
  _is_looking = false, -- its fiber waits, and a pattern of its runs
  _is_passive = false, -- has no callbacks: a script awaits its events
  _is_ready = false, -- is posted to work its mailbox off
  _killed = false, -- a method of supervisors
  _presences = false, -- by their topics, see slipstream.presence
  _params = false, -- of its topics, by their names; of those that have none, nothing
  _mailbox = false, -- there while it is not free
  _questions = false, -- a set
  _span = false, -- of its callback, for telemetry
  _spans = false, -- of what has no outcome yet, see slipstream.report
  _stop = false, -- the ending that its handle asked for
  _tap = false, -- hears, by its methods, of each event that is kept (`_arrived`), and of room (`_writable`)
  _tied = false, -- a set: clients without a module that it has connected
  _timeout = false, -- the timer of the action
  _timers = false, -- a set
  _waiters = false, -- who waits for an event, see slipstream.waiter
}

local run, go_on -- defined below; their callers come first

--- Its events have to wait.
---@param socket slipstream.Socket
function M.hold(socket)
  socket._mailbox = socket._mailbox or mailbox.new()
end

local begin, nothing = core.begin, fiber.nothing
local crash, hold = endings.crash, M.hold
local observed = report.callbacks

-- Verdicts.

local acts = {}

function acts.go_on() end

function acts.stop(socket, reason)
  if endings.is_failure(reason) then
    log.error("client stopped", { client = socket._client.name, reason = reason })
  end
  return endings.begin(socket, endings.new(reason))
end

function acts.ignore(socket) return endings.begin(socket, endings.new "ignore") end

function acts.reply(socket, value)
  local ok, text = pcall(socket._from.reply, socket._from, value)
  if not ok then return crash(socket, "handle_call", { text = text }) end
end

-- By host: full collections for many clients at once would be one after another for nothing.
local is_collecting = setmetatable({}, { __mode = "k" })

local function collect(host)
  is_collecting[host] = nil
  collectgarbage()
end

local function hibernate(host)
  if is_collecting[host] then return end
  turn.post(host, collect, host) -- first, here and below: it may raise
  is_collecting[host] = true
end

-- Whatever waits is an event that came in time.
local function time_out(socket)
  local box = socket._mailbox
  if box and box:count() > 0 then return end
  return M.arrive(socket, "info", "timeout")
end

local function begin_continue(socket)
  local term = socket._continue
  socket._is_continuing, socket._continue = false, nil
  if not socket._ending then return run(socket, "handle_continue", term) end
end

-- What init continues with is no part of the start, and one that continues without end is not alone: so it
-- has a turn of its own.
local function continue(socket, term)
  hold(socket)
  socket._is_continuing, socket._continue = true, term
  turn.post(socket._client._host, begin_continue, socket)
end

local function act(socket, actions)
  if actions.hibernate then hibernate(socket._client._host) end
  if actions.timeout then
    socket._timeout = socket._timeout or socket._client._host:timer(time_out, socket)
    socket._timeout:set(actions.timeout)
  end
  if actions.continue ~= nil then return continue(socket, actions.continue) end
end

--- A callback asked for the end.
---@param socket slipstream.Socket
---@param reason any
function M.obey_stop(socket, reason)
  return acts.stop(socket, reason)
end

-- What it returned came from nobody knows which line, but the callback is somewhere.
local function misreturn(socket, text)
  local place = place_of(socket[socket._callback])
  return crash(socket, socket._callback, { text = place and place .. ": " .. text or text })
end

local function obey(socket, ...)
  local kind, value, actions = verdict.read(socket._callback, ...)
  if not kind then return misreturn(socket, value) end
  acts[kind](socket, value)
  if socket._ending then return end
  if actions then return act(socket, actions) end
end

-- Callbacks.

local function settled(socket, state, first, second, third)
  if state == "waiting" then return hold(socket) end
  if state == "failed" then return crash(socket, socket._callback, first) end
  if first ~= nil or second ~= nil then obey(socket, first, second, third) end
  if socket._mailbox then go_on(socket) end
end

-- What the core tells of a callback, which is nothing where nothing came of it.
local function see_to(socket, state, ...)
  if state then return fiber.settle(socket, settled, state, ...) end
  if socket._mailbox then return go_on(socket) end
end

-- Also of one that it has called on its own.
core.on_outcome(see_to)

--- Calls the callback and does what it answers. The client must be free: `_mailbox` is false.
function M.run(socket, callback, ...)
  if socket._timeout then socket._timeout:unset() end
  socket._callback = callback
  local fn = socket[callback]
  if observed[callback] then
    return fiber.run(socket, report.around(socket, callback, settled, ...), fn, socket, ...)
  end
  if fn == nothing then return see_to(socket) end
  return see_to(socket, begin(socket, fn, socket, ...))
end

run = M.run

local function initialized(socket, state, ...)
  settled(socket, state, ...)
  if state ~= "waiting" then socket._client:_initialized() end
end

--- Begins a life: calls `init`. The client hears `_initialized`, and later `_ended`.
---@param socket slipstream.Socket
---@param args any
function M.begin(socket, args)
  socket._callback = "init"
  local done = observed.init and report.around(socket, "init", initialized) or initialized
  return fiber.run(socket, done, socket.init, socket, args)
end

-- Its mailbox.

-- The callback of each kind of entry.
local callbacks = {
  connected = "handle_connect",
  disconnected = "handle_disconnect",
  joined = "handle_join",
  left = "handle_leave",
  topic_closed = "handle_topic_close",
  message = "handle_message",
  reply = "handle_reply",
  info = "handle_info",
  cast = "handle_cast",
  call = "handle_call",
  child_ended = "_child_ended", -- of supervisors, see slipstream.supervision
  restart_due = "_restart_due",
  presence = "_presence_changed",
}

-- Whether it can take the next entry: no callback of it is under way.
local function is_free(socket)
  return not (socket._ending or socket._fiber or socket._questions or socket._is_passive
    or socket._is_continuing)
end

local function deliver(socket, entry)
  local kind = entry[1]
  if kind == "call" then socket._from = entry[3] end
  return run(socket, callbacks[kind], table.unpack(entry, 2, entry.count))
end

-- Takes what has arrived until now; the rest is of the next turn, so that others have theirs. Where there was
-- no memory to note that it is ready, it has been here before.
local function work_off(socket)
  local box = socket._mailbox
  if socket._ending or not box then return end
  for _ = 1, box:count() do
    if box:count() == 0 or not is_free(socket) then break end -- a callback may have taken some out of turn
    deliver(socket, box:first())
  end
  socket._is_ready = false
  if not socket._ending then go_on(socket) end
end

local function is_idle(socket) return not socket._is_ready and is_free(socket) end

local function make_ready(socket)
  turn.post(socket._client._host, work_off, socket)
  socket._is_ready = true
end

--- A callback is done, and events may wait: they have their turn.
---@param socket slipstream.Socket
function M.go_on(socket)
  if not is_idle(socket) then return end
  if socket._mailbox:count() > 0 then return make_ready(socket) end
  socket._mailbox = false
end

go_on = M.go_on

local FULL = "the mailbox is full: %d events wait for %s"

-- Keeps an event for later, and lets those look at it who wait for one.
local function keep(socket, kind, ...)
  if socket._ending and socket._ending.is_terminated then return end
  local entry = { kind, ... }
  entry.count = 1 + select("#", ...)
  if not socket._mailbox:add(entry) then
    if socket._ending then return end
    local text = FULL:format(socket._mailbox:count(), socket._callback)
    return crash(socket, socket._callback, { text = text })
  end
  if socket._tap then socket._tap:_arrived(entry) end
  waiter.wake(socket)
  go_on(socket) -- whose mailbox is there for a message for which there was no memory
end

--- Lets the events of a socket wait until a script awaits them, for good.
---@param socket slipstream.Socket
function M.make_passive(socket)
  socket._is_passive = true
  hold(socket)
end

--- An event came from the loop: calls its callback, or keeps it while the client is not free.
---@param socket slipstream.Socket
---@param kind string
---@param ... any the arguments of the callback
function M.arrive(socket, kind, ...)
  if socket._mailbox then return keep(socket, kind, ...) end
  return run(socket, callbacks[kind], ...)
end

--- A message of a client came: its callback is called in a later turn, never inside of the sender's.
---@param socket slipstream.Socket
---@param kind string "info", "cast" or "call"
---@param message any
---@param from slipstream.From?
---@return true? ok, string? err, string? code nil, "mailbox_full"
function M.post(socket, kind, message, from)
  hold(socket)
  if is_idle(socket) then make_ready(socket) end
  local ok, code = socket._mailbox:add({ kind, message, from, count = from and 3 or 2 })
  if not ok then return nil, code, code end
  return true
end

return M
