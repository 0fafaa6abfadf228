local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local waiting = require "spec.support.waiting"

local results = waiting.results

describe("awaiting a message", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  -- A client that awaits one, with these patterns.
  local function awaiting(...)
    local patterns = table.pack(...)
    return waiting.joined_client(host, server, function(self)
      return self:await_message(table.unpack(patterns, 1, patterns.n))
    end)
  end

  local function messages(calls)
    local list = {}
    for _, call in ipairs(calls) do
      if call[1] == "handle_message" then list[#list + 1] = call[3] end
    end
    return table.concat(list, " ")
  end

  it("gives payload, topic and event, and handle_message is not called", function()
    local calls = awaiting("room:1", "new")
    calls.join:push("new", { body = "hi" })
    assert.same({ { body = "hi" }, "room:1", "new" }, { results(calls) })
    clock:advance(0)
    assert.equal("", messages(calls))
  end)

  it("leaves those that do not match for their callback, in order", function()
    local calls = awaiting("room:1", "c")
    for _, event in ipairs { "a", "b", "c", "d" } do calls.join:push(event) end
    assert.equal("c", select(3, results(calls)))
    clock:advance(0)
    assert.equal("a b d", messages(calls))
  end)

  it("gives up after 5000 msec, or after what it was told", function()
    local calls = awaiting("room:1", "c")
    calls.join:push "a"
    clock:advance(4999)
    assert.is_nil(calls.results)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout" }, { results(calls) })
    clock:advance(0)
    assert.equal("a", messages(calls))
    local hasty = awaiting("room:1", "c", nil, 80)
    clock:advance(79)
    assert.is_nil(hasty.results)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout" }, { results(hasty) })
  end)

  it("looks without waiting when it is told 0", function()
    local calls = awaiting("room:1", "c", nil, 0)
    clock:advance(0)
    assert.same({ nil, "timeout", "timeout" }, { results(calls) })
  end)

  it("takes one that had come before, and the first that matches", function()
    local calls = waiting.joined_client(host, server, function(self)
      slipstream.await(function() end, 100)
      return self:await_message("room:1", "new")
    end)
    calls.join:push "other":push("new", { n = 1 }):push("new", { n = 2 })
    clock:advance(100)
    assert.same({ n = 1 }, (results(calls)))
    clock:advance(0)
    assert.equal("other new", messages(calls))
  end)

  it("waits for one after the other, out of turn", function()
    local calls = waiting.joined_client(host, server, function(self)
      local b = select(3, self:await_message("room:1", "b"))
      local a = select(3, self:await_message("room:1", "a"))
      local d = select(3, self:await_message("room:1", "d"))
      return b, a, d
    end)
    for _, event in ipairs { "a", "b", "c", "d", "e" } do calls.join:push(event) end
    assert.same({ "b", "a", "d" }, { results(calls) })
    clock:advance(0)
    assert.equal("c e", messages(calls))
  end)

  it("may be a function of the topic, the event and the payload", function()
    local function is(text) return function(value) return value:find(text, 1, true) end end
    local calls = awaiting(is "room", is "ew", function(payload) return payload.n > 1 end)
    calls.join:push("new", { n = 1 }):push("old", { n = 2 }):push("news", { n = 3 })
    assert.same({ { n = 3 }, "room:1", "news" }, { results(calls) })
    clock:advance(0)
    assert.equal("new old", messages(calls))
  end)

  it("may be a table that must be contained, or anything", function()
    local calls = awaiting(slipstream.any, slipstream.any, { user = { name = "ann", age = slipstream.any } })
    calls.join:push("a", { user = { name = "bob", age = 1 } }):push("b", { user = { name = "ann" } })
    calls.join:push("c", { user = { name = "ann", age = 7, more = true }, also = 1 })
    assert.equal("c", select(3, results(calls)))
  end)

  it("may be a value that is no table", function()
    local calls = awaiting("room:1", "n", 7)
    server:send(nil, nil, "room:1", "n", 8)
    server:send(nil, nil, "room:1", "n", 7)
    assert.equal(7, (results(calls)))
  end)

  it("ends with the channel, whose end stays for handle_topic_close", function()
    local calls = awaiting("room:1", "new")
    calls.join:push "a":crash()
    local payload, reason = results(calls)
    assert.is_nil(payload)
    assert.equal("channel_error", reason.kind)
    clock:advance(0)
    assert.same({ "handle_connect", "handle_message", "handle_topic_close" }, recorder.names(calls))
  end)

  it("goes on when a topic ends that need not be the one", function()
    local calls = awaiting(slipstream.any, "new")
    calls.join:crash()
    assert.is_nil(calls.results)
    server:drop()
    assert.equal("connection_lost", select(2, results(calls)).kind)
  end)

  it("ends with the connection, and so does the next one", function()
    local calls = waiting.joined_client(host, server, function(self)
      local _, first = self:await_message(slipstream.any)
      local _, second = self:await_message(slipstream.any)
      return first.kind, second.kind
    end)
    server:drop()
    assert.same({ "connection_lost", "connection_lost" }, { results(calls) })
    clock:advance(10)
    assert.is_true(server:was_dialled())
  end)

  it("takes what came before the end of the connection", function()
    local calls = waiting.joined_client(host, server, function(self)
      slipstream.await(function() end, 100)
      return self:await_message("room:1")
    end)
    calls.join:push("new", { n = 1 })
    server:drop()
    clock:advance(100)
    assert.same({ n = 1 }, (results(calls)))
  end)

  it("ends the client, at the line of the pattern, when a pattern raises", function()
    local calls = awaiting("room:1", "new", function(payload) return payload.no.such end)
    calls.join:push("new", {})
    assert.is_nil(calls.results)
    local reason = recorder.last(calls, "terminate")
    assert.equal("script_error", reason.kind)
    assert.truthy(reason.text:find "await_message_spec.lua:%d+: attempt to index a nil value %(field 'no'%)")
  end)

  it("goes on where the script catches what its pattern raises", function()
    local calls = waiting.joined_client(host, server, function(self)
      local ok, text = pcall(self.await_message, self, "room:1", "new", function() error("odd", 0) end)
      return ok, text, select(3, self:await_message("room:1", "new"))
    end)
    calls.join:push "new"
    assert.same({ false, "odd", "new" }, { results(calls) })
  end)

  it("does not wait inside of a pattern", function()
    local calls = awaiting("room:1", "new", function() slipstream.await(function() end) end)
    calls.join:push "new"
    assert.truthy(recorder.last(calls, "terminate").text:find(
      "await_message_spec.lua:%d+: 'await' waits, which a pattern of what is awaited cannot do"))
  end)

  it("wants a topic or a pattern", function()
    local calls = awaiting()
    assert.truthy(recorder.last(calls, "terminate").text:find(
      "bad argument #1 to 'await_message' (a topic or a pattern expected, got no value)", 1, true))
  end)
end)
