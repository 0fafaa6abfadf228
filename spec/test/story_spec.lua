local chatter = require "spec.support.chatter"
local slipstream = require "slipstream"
local test = require "slipstream.test"

describe("a failure of the test kit", function()
  before_each(test.begin)
  after_each(test.reset)

  local acts = {}
  function acts.push(socket, payload) socket:push("room:1", payload.event, payload.payload) end
  function acts.disconnect(socket, payload) socket:disconnect(payload.code, payload.text) end
  function acts.crash() error("boom", 0) end
  function acts.wait(socket) socket:await_message("room:1", "never") end
  function acts.leave(socket) socket:leave "room:1" end

  local client

  local function start(config, options)
    client = test.start(chatter.module(acts, config), nil, options or { name = "ann" })
  end

  local function joined(...)
    start(...)
    test.connect_and_assert_join(client, "room:1")
  end

  local function tell(payload) test.push(client, "room:1", "do", payload) end

  -- What it says, without the place.
  local function failure_of(fn, ...)
    local ok, err = pcall(fn, ...)
    assert.is_false(ok)
    return (tostring(err):gsub("^[^\n]-:%d+: ", ""))
  end

  local function says(text, fn, ...)
    assert.equal(text, failure_of(fn, client, ...))
  end

  it("tells what the client sent instead, why that was not it, and how the client stands", function()
    joined()
    tell { what = "push", event = "say", payload = { body = "hello", n = 1 } }
    test.advance(20)
    tell { what = "push", event = "say", payload = { n = 2 } }
    tell { what = "push", event = "sing", payload = { token = "abc" } }
    says([[
assert_push(client ann, "room:1", "say", { body = "hi", n = 1 }): it did not, within 100 msec
client ann sent, in the 120 msec since the test began:
  +0 msec  push room:1 say {"body":"hello","n":1}   <- other body
  +20 msec  push room:1 say {"n":2}   <- no body, other n
  +20 msec  push room:1 sing {"token":"[redacted]"}
it is connected, and has joined room:1]], test.assert_push, "room:1", "say", { body = "hi", n = 1 })
  end)

  it("tells of the last that was sent, where that is much", function()
    joined()
    for n = 1, 12 do tell { what = "push", event = "say", payload = { n = n } } end
    local text = failure_of(test.assert_push, client, "room:1", "sing")
    assert.matches("\n  %(2 before%)\n  %+0 msec  push room:1 say {\"n\":3}\n", text)
    assert.equal(10, select(2, text:gsub("push room:1", "")))
  end)

  it("tells what came that should not", function()
    joined()
    tell { what = "leave" }
    says([[
refute_leave(client ann, test.pattern("^room")): it did: leave room:1
client ann sent nothing else, in the 0 msec since the test began
it is connected, and has joined nothing]], test.refute_leave, test.pattern "^room", 0)
    test.disconnect(client)
    says([[
refute_connect(client ann): it did: it connects
client ann sent nothing else, in the 10 msec since the test began
it connects, or is about to: see test.accept_connect]], test.refute_connect)
  end)

  it("tells of a client that closed", function()
    joined()
    tell { what = "disconnect", code = 3000, text = "bye" }
    says([[
refute_disconnect(client ann): it did: disconnect 3000: bye
client ann sent nothing else, in the 0 msec since the test began
it is not connected]], test.refute_disconnect)
  end)

  it("tells of a client that is not connected, or has connected long since", function()
    client = test.start(slipstream.client(), nil, { name = "ann" })
    says([[
assert_join(client ann, "room:1"): it did not, within 100 msec
client ann sent nothing else, in the 100 msec since the test began
it is not connected]], test.assert_join, "room:1")
    test.begin()
    start()
    says([[
push(client ann, "room:1", "x", { a = 1 }): there is no connection: call test.accept_connect
client ann sent nothing else, in the 0 msec since the test began
it connects, or is about to: see test.accept_connect]], test.push, "room:1", "x", { a = 1 })
    test.accept_connect(client)
    says([[
push(client ann, "room:1", "x"): the topic is not joined
client ann sent, in the 0 msec since the test began:
  +0 msec  join room:1 {"user":"ann"}
it is connected, and has joined nothing]], test.push, "room:1", "x")
    says([[
accept_connect(client ann): it did not, within 5000 msec
client ann sent, in the 5000 msec since the test began:
  +0 msec  join room:1 {"user":"ann"}
it is connected, and has joined nothing]], test.accept_connect)
  end)

  it("says that the client ended, why, and what it logged", function()
    joined(nil, { name = "ann", restart = "temporary" })
    tell { what = "crash" }
    says([[
assert_push(client ann, "room:1", slipstream.any): it did not, within 100 msec
client ann sent, in the 100 msec since the test began:
  +0 msec  disconnect 1000
it has ended: boom
its log:
  error: boom callback=handle_message]], test.assert_push, "room:1", slipstream.any)
  end)

  it("says that it failed, and is another life since", function()
    joined()
    tell { what = "crash" }
    test.assert_disconnect(client)
    says([[
assert_leave(client ann, "room:1"): it did not, within 0 msec
client ann sent nothing else, in the 0 msec since the test began
it has failed, and will be started again: boom
its log:
  error: boom callback=handle_message]], test.assert_leave, "room:1", 0)
    test.advance(1000)
    says([[
assert_leave(client ann, "room:1"): it did not, within 0 msec
client ann sent nothing else, in the 1000 msec since the test began
it has failed, and was started again: boom
it connects, or is about to: see test.accept_connect
its log:
  error: boom callback=handle_message]], test.assert_leave, "room:1", 0)
  end)

  it("is also the silence of a client that has failed, until it connects again", function()
    joined()
    tell { what = "crash" }
    says([[
refute_push(client ann, "room:1", "say"): it did not, but it has failed
client ann sent, in the 100 msec since the test began:
  +0 msec  disconnect 1000
it has failed, and was started again: boom
it connects, or is about to: see test.accept_connect
its log:
  error: boom callback=handle_message]], test.refute_push, "room:1", "say")
    test.connect_and_assert_join(client, "room:1")
    test.refute_push(client, "room:1", "say")
  end)

  it("is not that a client which has failed does not connect", function()
    joined(nil, { restart = "temporary" })
    tell { what = "crash" }
    test.refute_connect(client)
  end)

  it("tells what the log has to say", function()
    joined()
    slipstream.log.warn("beware", { client = "ann", of = "the dog", traceback = "here" })
    assert.matches('\nits log:\n  warn: beware of="the dog"$',
      failure_of(test.assert_push, client, "room:1", "say"))
  end)

  it("says which callback waits, and how much with it", function()
    joined()
    tell { what = "wait" }
    test.push(client, "room:1", "more")
    test.push(client, "room:1", "still more")
    says([[
assert_push(client ann, "room:1", "x"): it did not, within 100 msec
client ann sent nothing else, in the 100 msec since the test began
it is connected, and has joined room:1; its handle_message waits; 2 in its mailbox]],
      test.assert_push, "room:1", "x")
  end)

  it("names the line of the test", function()
    joined()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, err = pcall(function() test.assert_push(client, "room:1", "x") end)
    assert.equal(("spec/test/story_spec.lua:%d: "):format(line), tostring(err):match "^.-:%d+: ")
    _, err = pcall(function() assert.pushes(client, "room:1", "x") end)
    assert.equal(("spec/test/story_spec.lua:%d: "):format(line + 2), tostring(err):match "^.-:%d+: ")
  end)
end)
