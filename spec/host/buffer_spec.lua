local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

local BUFFER = { buffer = true }

describe("a push with buffer", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  -- A client whose join of room:1 is asked for as soon as it is connected.
  local function started(config, own)
    own = own or {}
    function own.handle_connect(self) assert(self:join("room:1")) end
    local module, calls = recorder.module(config, own)
    local client = slipstream.start(module, nil, { host = host })
    server:accept()
    return calls.socket, calls, client
  end

  local function replies(calls)
    local list = {}
    for _, call in ipairs(calls) do
      local name, ref, status, response = table.unpack(call)
      local reason = type(response) == "table" and response.kind or nil
      if name == "handle_reply" then list[#list + 1] = { ref, status, reason } end
    end
    return list
  end

  it("waits for the join, goes out in order, and is answered under the ref that push gave", function()
    local socket, calls = started(nil, {
      handle_join = function(self, topic) assert(self:push(topic, "third")) end,
    })
    local first = assert(socket:push("room:1", "first", { n = 1 }, BUFFER))
    local second = assert(socket:push("room:1", "second", nil, BUFFER))
    assert.is_true(first < second)
    local join = server:expect_join("room:1")
    assert.is_true(server:is_silent())
    assert.equal(2, socket:stats().buffered_pushes)
    join:reply("ok")
    assert.equal(0, socket:stats().buffered_pushes)
    local push = server:expect("room:1", "first")
    assert.same({ join.ref, tostring(first), { n = 1 } }, { push.join_ref, push.ref, push.payload })
    server:expect("room:1", "second"):reply("ok")
    server:expect("room:1", "third")
    push:reply("ok")
    assert.same({ { second, "ok" }, { first, "ok" } }, replies(calls))
  end)

  it("waits from one connection to the next, under the join_ref of the new join", function()
    local socket, calls = started()
    server:expect_join("room:1"):reply("ok")
    server:drop()
    local ref = assert(socket:push("room:1", "echo", nil, BUFFER))
    clock:advance(10)
    server:accept()
    local join = server:expect_join("room:1"):reply("ok")
    local push = server:expect("room:1", "echo")
    assert.equal(join.ref, push.join_ref)
    push:reply("ok")
    assert.same({ { ref, "ok" } }, replies(calls))
  end)

  it("can be made again when its answer is that the connection was lost", function()
    local _, calls = started(nil, {
      handle_join = function(self, topic) self:push(topic, "once") end,
      handle_reply = function(self, _, status)
        if status == "error" then assert(self:push("room:1", "again", nil, BUFFER)) end
      end,
    })
    server:expect_join("room:1"):reply("ok")
    server:expect("room:1", "once")
    server:drop()
    clock:advance(10)
    server:accept()
    server:expect_join("room:1"):reply("ok")
    server:expect("room:1", "again"):reply("ok")
    assert.same({ "error", "ok" }, { replies(calls)[1][2], replies(calls)[2][2] })
  end)

  it("waits while a refused join is tried again", function()
    local socket, calls = started()
    local ref = assert(socket:push("room:1", "echo", nil, BUFFER))
    server:expect_join("room:1"):reply("error")
    clock:advance(100)
    server:expect_join("room:1"):reply("ok")
    server:expect("room:1", "echo"):reply("ok")
    assert.same({ { ref, "ok" } }, replies(calls))
  end)

  it("is never sent after its time-out, which counts from the push", function()
    local socket, calls = started()
    local ref = assert(socket:push("room:1", "echo", nil, { buffer = true, timeout = 500 }))
    local join = server:expect_join("room:1")
    clock:advance(499)
    assert.same({}, replies(calls))
    clock:advance(1)
    assert.same({ { ref, "timeout" } }, replies(calls))
    join:reply("ok")
    assert.is_true(server:is_silent())
  end)

  it("is never sent twice, not even when the connection is lost right after", function()
    local socket, calls = started()
    local ref = assert(socket:push("room:1", "echo", nil, BUFFER))
    server:expect_join("room:1"):reply("ok")
    server:expect("room:1", "echo")
    server:drop()
    assert.same({ { ref, "error", "disconnected" } }, replies(calls))
    clock:advance(10)
    server:accept()
    server:expect_join("room:1"):reply("ok")
    assert.is_true(server:is_silent())
  end)

  it("can be awaited from the callback that made it", function()
    local got
    started(nil, {
      handle_disconnect = function(self)
        self:reconnect()
        got = { self:await_reply(self:push("room:1", "echo", nil, BUFFER)) }
      end,
    })
    server:expect_join("room:1"):reply("ok")
    server:drop()
    clock:advance(10)
    server:accept() -- handle_connect waits behind the callback that waits
    server:expect_join("room:1"):reply("ok")
    server:expect("room:1", "echo"):reply("ok", { n = 1 })
    assert.same({ "ok", { n = 1 } }, got)
  end)

  describe("is answered with an error", function()
    it("when its topic is left", function()
      local socket, calls = started()
      local ref = assert(socket:push("room:1", "echo", nil, BUFFER))
      socket:leave("room:1")
      clock:advance(0)
      assert.same({ { ref, "error", "channel_closed" } }, replies(calls))
    end)

    it("when the server closes the channel", function()
      local socket, calls = started()
      local ref = assert(socket:push("room:1", "echo", nil, BUFFER))
      server:expect_join("room:1"):close()
      assert.same({ { ref, "error", "channel_closed" } }, replies(calls))
    end)

    it("when the client disconnects", function()
      local socket, calls = started()
      local ref = assert(socket:push("room:1", "echo", nil, BUFFER))
      socket:disconnect()
      assert.same({ nil, "not_connected", "not_connected" }, { socket:push("room:1", "echo", nil, BUFFER) })
      clock:advance(0)
      assert.same({ { ref, "error", "disconnected" } }, replies(calls))
    end)

    it("when the connection is lost for good", function()
      local socket, calls = started(nil, { handle_disconnect = function() end })
      local ref = assert(socket:push("room:1", "echo", nil, BUFFER))
      server:expect_join("room:1")
      server:drop()
      socket:disconnect()
      clock:advance(0)
      assert.same({ { ref, "error", "disconnected" } }, replies(calls))
    end)

    it("when another connect takes the place of the connection that it waits for", function()
      local again = { uri = "ws://phoenix.test/socket/websocket" }
      local socket, calls = started(nil, {
        handle_disconnect = function(self)
          self.assigns.kept = assert(self:push("room:1", "echo", nil, BUFFER))
          assert(self:connect(again))
          assert(self:join("room:2"))
          self.assigns.new = assert(self:push("room:2", "echo", nil, BUFFER))
        end,
      })
      server:expect_join("room:1"):reply("ok")
      server:drop()
      assert.is_true(socket.assigns.kept < socket.assigns.new)
      assert.same({ { socket.assigns.kept, "error", "disconnected" } }, replies(calls))
      server:accept()
      local join = server:expect_join("room:2")
      server:expect_join("room:1")
      join:reply("ok")
      server:expect("room:2", "echo"):reply("ok")
      assert.same({ socket.assigns.new, "ok" }, replies(calls)[2])
    end)
  end)

  it("goes with the client, and nothing is told of it", function()
    local socket, calls, client = started()
    assert(socket:push("room:1", "echo", nil, BUFFER))
    server:expect_join("room:1")
    client:stop()
    server:expect_close()
    server:send_close(1000)
    assert.same({}, replies(calls))
    assert.is_false(client:alive())
  end)

  it("is refused for a topic that is not about to be joined", function()
    local socket = started()
    local refused = { nil, "not_joined", "not_joined" }
    assert.same(refused, { socket:push("room:2", "echo", nil, BUFFER) })
    server:expect_join("room:1"):close()
    assert.same(refused, { socket:push("room:1", "echo", nil, BUFFER) })
    server:drop()
    assert.same(refused, { socket:push("room:2", "echo", nil, BUFFER) })
  end)

  it("is bounded by max_buffered_pushes, and told when there is room again", function()
    local told = {}
    local socket, calls = started({ max_buffered_pushes = 2 }, {
      handle_info = function(_, message) told[#told + 1] = message end,
    })
    assert(socket:push("room:1", "a", nil, BUFFER))
    assert(socket:push("room:1", "b", nil, BUFFER))
    assert.same({ nil, "queue_full", "queue_full" }, { socket:push("room:1", "c", nil, BUFFER) })
    clock:advance(0)
    assert.same({}, told)
    server:expect_join("room:1"):reply("ok")
    assert.same({ "writable" }, told)
    server:expect("room:1", "a"):reply("ok")
    server:expect("room:1", "b"):reply("ok")
    assert.equal(2, #replies(calls))
  end)

  it("raises when buffer is no boolean", function()
    local socket = started()
    local ok, text = pcall(function() socket:push("room:1", "echo", nil, { buffer = 1 }) end)
    assert.is_false(ok)
    local words = "bad argument #4 to 'push' (buffer: boolean expected, got number)"
    assert.matches("buffer_spec.lua:%d+: $", text:sub(1, -#words - 1))
    assert.equal(words, text:sub(-#words))
  end)
end)

describe("a full queue", function()
  local host, server

  before_each(function() host, server = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local CHUNK = ("x"):rep(100)

  -- Pushes until it is refused; goes on when it is told to, so often.
  local function pusher(rounds)
    local module, calls = recorder.module({ max_queue_bytes = 1000 }, {
      handle_connect = function(self) assert(self:join("room:1")) end,
      handle_info = function(self, message)
        self.assigns.told[#self.assigns.told + 1] = message
        if #self.assigns.told <= rounds then self.assigns.fill() end
      end,
    })
    slipstream.start(module, nil, { host = host })
    server:accept()
    server:expect_join("room:1"):reply("ok")
    local socket = calls.socket
    socket.assigns.told = {}
    function socket.assigns.fill()
      local ref, text
      repeat ref, text = socket:push("room:1", "chunk", CHUNK) until not ref
      assert.equal("queue_full", text)
    end
    return socket
  end

  it("tells with \"writable\", once, that half of it is free again", function()
    local socket = pusher(0)
    server.peer:window(0)
    socket.assigns.fill()
    local queued = socket:stats().queued_bytes
    host:advance(0)
    assert.same({}, socket.assigns.told)
    server.peer:window(queued - 501)
    host:advance(0)
    assert.same({}, socket.assigns.told)
    server.peer:window(1)
    host:advance(0)
    assert.same({ "writable" }, socket.assigns.told)
    server.peer:window(1000)
    host:advance(0)
    assert.same({ "writable" }, socket.assigns.told)
  end)

  it("lets who goes on at each \"writable\" send all there is", function()
    local socket = pusher(5)
    server.peer:window(0)
    socket.assigns.fill()
    for _ = 1, 40 do
      server.peer:window(300)
      host:advance(0)
      assert.is_true(socket:stats().queued_bytes <= 1000)
    end
    assert.equal(6, #socket.assigns.told)
    assert.equal(0, socket:stats().queued_bytes)
  end)

  it("tells nothing to a script without a module, which has no callback for it", function()
    local config = { uri = "ws://phoenix.test/socket/websocket", max_queue_bytes = 1000 }
    local socket = assert(slipstream.connect(config, { host = host }))
    server:accept()
    assert(socket:join("room:1"))
    server:expect_join("room:1"):reply("ok")
    local waiting = socket._mailbox:count()
    assert(socket:push("room:1", "chunk", CHUNK:rep(9)))
    assert.is_nil((socket:push("room:1", "chunk", CHUNK:rep(9))))
    server:expect("room:1", "chunk")
    assert.equal(waiting, socket._mailbox:count())
  end)
end)
