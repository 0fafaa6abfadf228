--- The test kit: no network, the test is the server.
--
--     local test = require "slipstream.test"
--     local Lobby = require "lobby"
--
--     describe("the lobby", function()
--       before_each(test.begin)
--       after_each(test.reset)
--
--       it("says hello", function()
--         local client = test.start(Lobby, { uri = "ws://chat.test/socket/websocket" })
--         test.connect_and_assert_join(client, "room:lobby")
--         local ref = test.assert_push(client, "room:lobby", "hello", { user = "ann" })
--         test.reply(client, ref, { "ok", { users = 3 } })
--       end)
--     end)
--
-- docs/testing.md is the guide.

local assertions = require "slipstream.test.assertion"
local check = require "slipstream.check"
local frame = require "slipstream.frame"
local handle = require "slipstream.handle"
local kit = require "slipstream.test.kit"
local questions = require "slipstream.test.question"
local replies = require "slipstream.test.reply"
local story = require "slipstream.test.story"
local tasks = require "slipstream.test.task"
local words = require "slipstream.words"

---@class slipstream.test
local M = {}

-- The kit.

--- Begins the test kit, afresh: clients that are started from now on have no network, and the test as
-- their server. Every function here begins it by itself when it is not on.
---@param options slipstream.test.Options?
function M.begin(options)
  assertions.register(M)
  kit.begin(options)
end

--- Ends the kit: its clients are gone, and those that are started from now on have a real network.
function M.reset()
  kit.reset()
end

--- The kit for the time of a function: begins it, and ends it when the function has returned or raised.
---@param fn function
---@param ... any
---@return any ... what `fn` returned
function M.with(fn, ...)
  check.is(1, fn, "function")
  M.begin()
  local _ <close> = setmetatable({}, { __close = M.reset })
  return fn(...)
end

--- Starts a client in the kit, as `slipstream.start` does, and lets it begin.
---@param module table
---@param args any
---@param options slipstream.StartOptions?
---@return slipstream.Client? client, any reason
function M.start(module, args, options)
  kit.get()
  local client, reason, code = handle.start(module, args, options)
  if client then kit.line(client) end
  kit.settle()
  return client, reason, code
end

--- Begins `fn(…)`, which may wait, beside the test.
---@param fn function
---@param ... any
---@return slipstream.test.Task task its `await` answers what `fn` has returned
function M.async(fn, ...)
  check.is(1, fn, "function")
  return tasks.begin(fn, ...)
end

--- Lets so much time pass, which takes none.
---@param msec integer
function M.advance(msec)
  if not check.counts_msec(msec) then check.fail(1, "an integer of msec from 0 expected") end
  kit.advance(msec)
end

--- The time: msec since the kit began.
---@return integer
function M.clock()
  return kit.clock()
end

--- What was logged since the kit began: entries with `level`, `text` and `fields`.
---@return table[]
function M.log()
  return kit.get().log
end

--- A pattern that matches the strings in which `text`, a pattern of Lua's, is found.
---@param text string
---@return fun(value: any): boolean
function M.pattern(text)
  check.is(1, text, "string")
  local function matches(value)
    if type(value) ~= "string" then return false end
    local ok, found = pcall(string.find, value, text)
    if not ok then error(("test.pattern(%s): %s"):format(words.value(text), found), (frame.caller())) end
    return found ~= nil
  end
  words.name(matches, ("test.pattern(%s)"):format(words.value(text)))
  return matches
end

-- The connection.

-- The last step of the usual back-off.
local CONNECT_MSEC <const> = 5000

---@class slipstream.test.AcceptOptions
---@field timeout integer? msec that it waits, the back-off included; 5000
---@field heartbeat boolean? true; false: they are not answered, and are pushes of "heartbeat" to "phoenix"

local accept_options = { timeout = "number", heartbeat = "boolean" }

--- Waits until the client connects, its back-off included, and accepts it.
---@param client slipstream.Client|slipstream.Socket
---@param options slipstream.test.AcceptOptions?
---@return slipstream.test.Request
function M.accept_connect(client, options)
  check.are_options(2, options, accept_options)
  options = options or {}
  check.is_msec_option(2, options, "timeout")
  local question = questions.connect("accept_connect", client, options.timeout or CONNECT_MSEC)
  local connection = question:expect()
  question.line:set_heartbeats(options.heartbeat ~= false)
  local request = connection:read_request()
  connection:accept()
  kit.settle()
  return request
end

--- Waits until the client connects, and refuses it.
---@param client slipstream.Client|slipstream.Socket
---@param status integer? 403
---@param headers table? a map or a list of {name, value}
---@param body string?
---@return slipstream.test.Request
function M.refuse_connect(client, status, headers, body)
  check.is_optional(2, status, "number")
  check.is_optional(3, headers, "table")
  check.is_optional(4, body, "string")
  local connection = questions.connect("refuse_connect", client, CONNECT_MSEC):expect()
  local request = connection:read_request()
  connection:refuse(status or 403, headers, body)
  kit.settle()
  return request
end

--- Waits until the client connects, and lets nobody be there.
---@param client slipstream.Client|slipstream.Socket
---@param text string? what the system says; "connection refused"
function M.fail_connect(client, text)
  check.is_optional(2, text, "string")
  questions.connect("fail_connect", client, CONNECT_MSEC):expect():fail(text or "connection refused")
  kit.settle()
end

--- Fails when the client connects.
---@param client slipstream.Client|slipstream.Socket
---@param timeout integer? msec
function M.refute_connect(client, timeout)
  questions.connect("refute_connect", client, timeout):refute()
end

--- Accepts the client, and its join of a topic.
---@param client slipstream.Client|slipstream.Socket
---@param topic any a pattern
---@param params any a pattern
---@param reply any as `assert_join` has it
---@return any params those of the join
---@return integer ref
function M.connect_and_assert_join(client, topic, params, reply)
  M.accept_connect(client)
  local sent, ref = M.assert_join(client, topic, params, reply)
  return sent, ref
end

--- Waits until the client closes the connection.
---@param client slipstream.Client|slipstream.Socket
---@param timeout integer? msec
---@return integer? code, string? text nil when it did without a close frame
function M.assert_disconnect(client, timeout)
  local sent = questions.disconnect("assert_disconnect", client, timeout):expect()
  return sent.code, sent.text
end

--- Fails when the client closes the connection.
---@param client slipstream.Client|slipstream.Socket
---@param timeout integer? msec
function M.refute_disconnect(client, timeout)
  questions.disconnect("refute_disconnect", client, timeout):refute()
end

-- The line of a client to which the server can speak.
local function open_line(name, client, ...)
  local line = kit.line(client)
  kit.settle()
  if not line:is_open() then
    local fault = "there is no connection: call test.accept_connect"
    questions.fail(story.tell(line, name, table.pack(...), fault))
  end
  return line
end

--- Ends the connection: with a close code by the closing handshake, without one as a network does it.
---@param client slipstream.Client|slipstream.Socket
---@param code integer?
---@param text string?
function M.disconnect(client, code, text)
  check.is_close_code(2, code)
  check.is_optional(3, text, "string")
  local line = open_line("disconnect", client, code, text)
  if code then line.connection:close(code, text) else line.connection:drop() end
  kit.settle()
end

-- Topics.

-- The line of a client whose server has a channel of that topic.
local function joined_line(name, client, topic, ...)
  check.is(2, topic, "string")
  local line = open_line(name, client, topic, ...)
  if not line:has_joined(topic) then
    questions.fail(story.tell(line, name, table.pack(topic, ...), "the topic is not joined"))
  end
  return line
end

--- Waits until the client joins a topic, and replies.
---@param client slipstream.Client|slipstream.Socket
---@param topic any a pattern
---@param params any a pattern
---@param reply any "ok" when absent; { "ok", response }, { "error", response }; false: none
---@param timeout integer? msec
---@return any params those of the join
---@return integer ref
function M.assert_join(client, topic, params, reply, timeout)
  local status, response = replies.read(4, reply == nil and "ok" or reply)
  check.is_msec(5, timeout)
  local question = questions.join("assert_join", client, topic, params, timeout)
  local sent = question:expect()
  if status then question.line:answer(question.line:take_open(sent.ref), status, response) end
  kit.settle()
  return sent.payload, sent.ref
end

--- Fails when the client joins a topic.
---@param client slipstream.Client|slipstream.Socket
---@param topic any a pattern
---@param params any a pattern
---@param timeout integer? msec
function M.refute_join(client, topic, params, timeout)
  questions.join("refute_join", client, topic, params, timeout):refute()
end

--- Waits until the client leaves a topic; it is not answered.
---@param client slipstream.Client|slipstream.Socket
---@param topic any a pattern
---@param timeout integer? msec
---@return integer ref
function M.assert_leave(client, topic, timeout)
  local sent = questions.leave("assert_leave", client, topic, timeout):expect()
  return sent.ref
end

--- Waits until the client leaves a topic, and acknowledges that.
---@param client slipstream.Client|slipstream.Socket
---@param topic any a pattern
---@param timeout integer? msec
function M.accept_leave(client, topic, timeout)
  local question = questions.leave("accept_leave", client, topic, timeout)
  local sent, line = question:expect(), question.line
  line:answer(line:take_open(sent.ref), "ok")
  line:end_channel(sent.topic, "phx_close")
  kit.settle()
end

--- Fails when the client leaves a topic.
---@param client slipstream.Client|slipstream.Socket
---@param topic any a pattern
---@param timeout integer? msec
function M.refute_leave(client, topic, timeout)
  questions.leave("refute_leave", client, topic, timeout):refute()
end

--- The client's channel of a topic crashes.
---@param client slipstream.Client|slipstream.Socket
---@param topic string
function M.crash(client, topic)
  joined_line("crash", client, topic):end_channel(topic, "phx_error", { reason = "channel_crash" })
  kit.settle()
end

--- The client's channel of a topic ends in good order.
---@param client slipstream.Client|slipstream.Socket
---@param topic string
function M.close_topic(client, topic)
  joined_line("close_topic", client, topic):end_channel(topic, "phx_close")
  kit.settle()
end

-- Messages.

--- Sends an event to the client, on a topic that it has joined.
---@param client slipstream.Client|slipstream.Socket
---@param topic string
---@param event string
---@param payload any? {} when absent
function M.push(client, topic, event, payload)
  check.is(3, event, "string")
  joined_line("push", client, topic, event, payload):push(topic, event, payload)
  kit.settle()
end

--- Waits until the client pushes an event.
---@param client slipstream.Client|slipstream.Socket
---@param topic any a pattern
---@param event any a pattern
---@param payload any a pattern
---@param timeout integer? msec
---@return integer ref for `reply`
---@return any payload
---@return string topic
---@return string event
function M.assert_push(client, topic, event, payload, timeout)
  local sent = questions.push("assert_push", client, topic, event, payload, timeout):expect()
  return sent.ref, sent.payload, sent.topic, sent.event
end

--- Fails when the client pushes an event.
---@param client slipstream.Client|slipstream.Socket
---@param topic any a pattern
---@param event any a pattern
---@param payload any a pattern
---@param timeout integer? msec
function M.refute_push(client, topic, event, payload, timeout)
  questions.push("refute_push", client, topic, event, payload, timeout):refute()
end

--- Replies to a push, or to a join or a leave that is not answered yet.
---@param client slipstream.Client|slipstream.Socket
---@param ref integer
---@param reply any "ok", or another status; { "ok", response }, { "error", response }
function M.reply(client, ref, reply)
  if math.type(ref) ~= "integer" then check.fail(2, "the ref of a push expected") end
  local status, response = replies.read(3, reply or nil)
  local line = open_line("reply", client, ref, reply)
  local message = line:take_open(ref)
  if not message then
    local fault = "nothing with this ref waits for a reply"
    questions.fail(story.tell(line, "reply", table.pack(ref, reply), fault))
  end
  line:answer(message, status, response)
  kit.settle()
end

assertions.register(M)

return M
