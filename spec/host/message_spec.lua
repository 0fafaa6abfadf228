-- Messages: what clients tell each other, by value, one at a time and in order.
local core = require "slipstream.core"
local phoenix = require "spec.support.phoenix"
local reason = require "slipstream.reason"
local slipstream = require "slipstream"
local story = require "spec.support.story"

local URI = "ws://phoenix.test/socket/websocket"

describe("a message", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function start(callbacks, options) return story.start(host, callbacks, options) end

  it("that is sent goes to handle_info, one that is cast to handle_cast", function()
    local infos, note_info = story.notes()
    local casts, note_cast = story.notes()
    local client = start({ handle_info = note_info, handle_cast = note_cast }, { name = "post" })
    assert.is_true(client:send "a")
    assert.is_true(slipstream.send(client, "b"))
    assert.is_true(slipstream.send("post", false))
    assert.is_true(client:cast "x")
    assert.is_true(slipstream.cast("post", "y"))
    clock:advance(0)
    assert.same({ "a", "b", false }, infos)
    assert.same({ "x", "y" }, casts)
  end)

  it("may be nothing at all", function()
    local count
    local client = start { handle_info = function(_, ...) count = select("#", ...) end }
    client:send()
    clock:advance(0)
    assert.equal(1, count)
  end)

  it("comes in the order of the sends, whatever their kind", function()
    local notes, note = story.notes()
    local client = start { handle_info = note, handle_cast = note,
      handle_call = function(self, request)
        note(self, request)
        return "reply"
      end }
    client:send(1)
    client:cast(2)
    story.ask(host, slipstream.call, client, 3)
    client:send(4)
    clock:advance(0)
    assert.same({ 1, 2, 3, 4 }, notes)
  end)

  it("keeps its place between events of the connection and of timers", function()
    local notes, note = story.notes()
    local client = start {
      init = function(self) self:connect { uri = URI, jitter = 0 } end,
      handle_connect = function(self) self:join "room:1" end,
      handle_info = function(self, message)
        note(self, message)
        if message == "wait" then story.pause(100) end
      end,
      handle_message = function(self, _, event) note(self, event) end,
      handle_join = function(self) self:send_after(50, "timer") end,
    }
    server:accept()
    local join = server:expect_join("room:1"):reply "ok"
    client:send "wait"
    clock:advance(0)
    client:send "before"
    join:push "pushed"
    client:send "between"
    clock:advance(50)
    client:send "after"
    assert.same({ "wait" }, notes)
    clock:advance(50)
    clock:advance(0)
    assert.same({ "wait", "before", "pushed", "between", "timer", "after" }, notes)
  end)

  it("to oneself comes after the callback that sent it", function()
    local notes, note = story.notes()
    local client = start { handle_info = function(self, message)
      note(self, message .. " begins")
      if message == "first" then self:client():send "second" end
      note(self, message .. " ends")
    end }
    client:send "first"
    clock:advance(0)
    assert.same({ "first begins", "first ends", "second begins", "second ends" }, notes)
  end)

  it("to oneself may be sent in init", function()
    local notes, note = story.notes()
    start { init = function(self) self:client():send "begun" end, handle_info = note }
    assert.same({}, notes)
    clock:advance(0)
    assert.same({ "begun" }, notes)
  end)

  it("never runs the receiver inside of the sender, nor the sender again by an answer", function()
    local notes, note = story.notes()
    start({ handle_cast = function(self, message)
      note(self, message)
      slipstream.send("left", "pong")
    end }, { name = "right" })
    local left = start({ handle_info = function(self, message)
      note(self, message)
      if message ~= "go" then return end
      slipstream.cast("right", "ping")
      note(self, "sent")
    end }, { name = "left" })
    left:send "go"
    clock:advance(0)
    assert.same({ "go", "sent", "ping", "pong" }, notes)
  end)

  it("never comes inside of another callback, also from the connection", function()
    local depth, deepest, names = 0, 0, {}
    local function guarded(name, fn)
      return function(self, ...)
        depth, names[#names + 1] = depth + 1, name
        deepest = math.max(depth, deepest)
        if fn then fn(self, ...) end
        depth = depth - 1
      end
    end
    local client = start {
      init = function(self) self:connect { uri = URI, jitter = 0 } end,
      handle_connect = guarded("connect", function(self) self:join "room:1" end),
      handle_join = guarded("join", function(self)
        self:push("room:1", "hello")
        self:leave "room:1"
        self:send_after(0, "bye")
      end),
      handle_leave = guarded "leave",
      handle_info = guarded("info", function(self, message)
        if message == "bye" then self:disconnect() end
        if message == "again" then self:reconnect() self:disconnect() end
      end),
      handle_disconnect = guarded "disconnect",
    }
    server:accept()
    server:expect_join("room:1"):reply "ok"
    server:drop()
    client:send "again"
    clock:advance(0)
    assert.equal(1, deepest)
    assert.same({ "connect", "join", "info" }, { names[1], names[2], names[3] })
    assert.equal("disconnect", names[#names])
  end)

  it("that is answered for ever lets the others have their turns", function()
    local rounds, client = 0
    client = start { handle_info = function(self)
      rounds = rounds + 1
      if rounds < 1000 then self:client():send "again" end
    end }
    local heard = false
    local other = start { handle_info = function() heard = rounds end }
    client:send "go"
    other:send "you too"
    clock:advance(0)
    assert.is_true(heard <= 2)
  end)

  describe("goes by value:", function()
    -- What arrives when that is sent.
    local function pass(message)
      local got
      local client = start { handle_info = function(_, value) got = value end }
      client:send(message)
      clock:advance(0)
      return got
    end

    it("a change of the sender's is not seen, nor one of the receiver's", function()
      local got
      local message = { list = { 1, 2 } }
      local client = start { handle_cast = function(_, value)
        got = value
        value.list[3] = "mine"
      end }
      client:cast(message)
      message.list[1] = "changed"
      clock:advance(0)
      assert.same({ 1, 2, "mine" }, got.list)
      assert.same({ "changed", 2 }, message.list)
    end)

    it("the same for a request, for its reply and for a timer's message", function()
      local kept = { n = 1 }
      local client = start { handle_call = function(_, request)
        request.n = 2
        return "reply", kept
      end }
      local request = { n = 1 }
      local answer = story.ask(host, slipstream.call, client, request)
      clock:advance(0)
      answer[1].n = 3
      assert.equal(1, request.n)
      assert.equal(1, kept.n)

      local notes, note = story.notes()
      start {
        init = function(self)
          self:send_interval(10, kept)
          kept.n = 4
        end,
        handle_info = function(self, message)
          note(self, message.n)
          message.n = 5
        end,
      }
      clock:advance(20)
      assert.same({ 1, 1 }, notes)
    end)

    it("arrays, binary payloads and reasons stay what they are", function()
      local list = slipstream.array {}
      local got = pass(list)
      assert.equal(slipstream.array_mt, getmetatable(got))
      assert.not_equal(list, got)
      assert.equal(core.binary_mt, getmetatable(pass(slipstream.binary "\0\1")))
      local why = reason.new("connection_lost", { text = "gone" })
      assert.equal(tostring(why), tostring(pass(why)))
      assert.equal(slipstream.null, pass(slipstream.null))
    end)

    it("what lies within itself does so in the copy", function()
      local ring = {}
      ring.next = ring
      local got = pass(ring)
      assert.equal(got, got.next)
      assert.not_equal(ring, got)
    end)

    it("handles, sockets, modules and functions go by reference", function()
      local module = slipstream.client {}
      local other = start {}
      local function fn() end
      local got = pass { other, other._socket, module, fn }
      assert.equal(other, got[1])
      assert.equal(other._socket, got[2])
      assert.equal(module, got[3])
      assert.equal(fn, got[4])
    end)

    it("what is nested too deeply is refused at the sender's line", function()
      local deep = {}
      for _ = 1, 2000 do deep = { deep } end
      local client = start { handle_info = function() end }
      local _, err = pcall(function() client:send(deep) end)
      assert.matches("message_spec.lua:%d+: bad argument #1 to 'send' %(message is nested deeper", err)
      _, err = pcall(function() slipstream.cast(client, deep) end)
      assert.matches("message_spec.lua:%d+: bad argument #2 to 'cast' %(message is nested deeper", err)
    end)
  end)

  it("to nobody is noproc", function()
    local client = start({}, { name = "gone" })
    client:stop()
    clock:advance(0)
    for _, to in ipairs { "nobody", "gone", client } do
      assert.same({ nil, "noproc", "noproc" }, { slipstream.send(to, 1) })
      assert.same({ nil, "noproc", "noproc" }, { slipstream.cast(to, 1) })
    end
    assert.same({ nil, "noproc", "noproc" }, { slipstream.stop "nobody" })
    assert.has_error(function() slipstream.send(nil, 1) end,
      "bad argument #1 to 'send' (client or name expected, got no value)")
  end)

  it("to a socket without a module is noproc: it has no callbacks", function()
    local socket
    story.ask(host, function()
      socket = slipstream.connect({ uri = URI }, { host = host })
      story.pause(100)
    end)
    assert.same({ nil, "noproc", "noproc" }, { socket:client():send "hello" })
  end)

  it("is taken while init waits, and read afterwards", function()
    local notes, note = story.notes()
    local client = start {
      init = function(self)
        story.pause(100)
        note(self, "initialized")
      end,
      handle_info = note,
    }
    client:send "early"
    clock:advance(99)
    assert.same({}, notes)
    clock:advance(1)
    clock:advance(0)
    assert.same({ "initialized", "early" }, notes)
  end)

  it("that a callback takes out of turn leaves the others to come", function()
    local notes, note = story.notes()
    local client = start {
      init = function(self) self:connect { uri = URI, jitter = 0 } end,
      handle_connect = function(self) self:join "room:1" end,
      handle_info = function(self, message)
        note(self, message)
        if message == "wait" then story.pause(100) end
        if message == "take" then note(self, (self:await_message("room:1", "pushed"))) end
      end,
    }
    server:accept()
    local join = server:expect_join("room:1"):reply "ok"
    client:send "wait"
    clock:advance(0)
    client:send "take"
    join:push("pushed", slipstream.array { 1 })
    client:send "last"
    clock:advance(100)
    clock:advance(0)
    assert.same({ "wait", "take", { 1 }, "last" }, notes)
    client:send "still here"
    clock:advance(0)
    assert.equal("still here", notes[#notes])
  end)

  it("goes nowhere when the mailbox is full, and the sender is told", function()
    local client = start { init = function() story.pause(100) end }
    for _ = 1, 100000 do assert(client:send(1)) end
    assert.same({ nil, "mailbox_full", "mailbox_full" }, { client:send(1) })
    assert.is_true(client:alive())
  end)
end)
