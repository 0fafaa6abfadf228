-- Starting and stopping clients, their names, and terminate.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"

local URI = "ws://phoenix.test/socket/websocket"

local function fail() error "oh" end

describe("a client", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function start(callbacks, options) return story.start(host, callbacks, options) end

  -- What start answers, in a list.
  local function try(callbacks, options)
    options = options or {}
    options.host = host
    return { slipstream.start(story.module(callbacks), nil, options) }
  end

  describe("that is started", function()
    it("has run its init with the args when start answers", function()
      local got
      local module = story.module { init = function(_, args) got = args end }
      local args = { 1 }
      assert(slipstream.start(module, args, { host = host }))
      assert.equal(args, got)
    end)

    it("is not started when its init raises, and start says why", function()
      local client, reason = table.unpack(try { init = fail })
      assert.is_nil(client)
      assert.equal("script_error", reason.kind)
      assert.matches("oh", tostring(reason))
      assert.same({}, slipstream.clients())
    end)

    it("is not started again, whatever its policy, when its first init fails, even late", function()
      for _, wait in ipairs { 0, 100 } do
        local inits = 0
        local module = story.module({
          init = function(self)
            inits = inits + 1
            self:connect { uri = URI }
            if wait > 0 then story.pause(wait) end
            error "oh"
          end,
        }, { restart = "permanent" })
        slipstream.start(module, nil, { host = host })
        clock:advance(wait)
        clock:advance(100000)
        assert.equal(1, inits)
        assert.same({}, slipstream.clients())
      end
    end)

    it("may start another one in its init, which is there at once", function()
      local inner
      start {
        init = function()
          start({ init = function() end }, { name = "inner" })
          inner = slipstream.whereis "inner"
        end,
      }
      assert.equal("running", inner:status())
    end)

    it("is awaited in a fiber when its init waits", function()
      local answer = story.ask(host, function()
        return start({ init = function() story.pause(100) end }, { name = "slow" })
      end)
      clock:advance(99)
      assert.is_nil(answer.n)
      clock:advance(1)
      clock:advance(0)
      assert.equal(slipstream.whereis "slow", answer[1])
    end)

    it("is not awaited in a coroutine of the script's own, which cannot wait", function()
      local answer = story.ask(host, function()
        return coroutine.wrap(function() return start { init = function() story.pause(100) end } end)()
      end)
      assert.equal("running", answer[1]:status())
    end)

    it("is awaited in another's init, and that one in its starter", function()
      local answer = story.ask(host, function()
        return start({
          init = function() start({ init = function() story.pause(100) end }, { name = "inner" }) end,
        }, { name = "outer" })
      end)
      clock:advance(100)
      clock:advance(0)
      assert.equal(slipstream.whereis "outer", answer[1])
      assert.is_true(slipstream.whereis "inner":alive())
    end)

    it("that fails after a wait is nil there", function()
      local answer = story.ask(host, function()
        local client, reason = slipstream.start(story.module { init = function()
          story.pause(100)
          return "stop", "late"
        end }, nil, { host = host })
        return client, reason
      end)
      clock:advance(100)
      clock:advance(0)
      assert.same({ nil, "late", n = 2 }, answer)
    end)

    it("has been started also when it ends before its starter hears of that", function()
      local client
      local answer = story.ask(host, function()
        client = start({ init = function() story.pause(100) end, handle_info = fail }, { name = "short" })
        return client:status()
      end)
      slipstream.send("short", "fail")
      clock:advance(100)
      clock:advance(0)
      assert.equal("ended", answer[1])
    end)

    it("is answered at once outside of a fiber, and its init goes on from the loop", function()
      local is_done
      local client = start { init = function()
        story.pause(100)
        is_done = true
      end }
      assert.is_nil(is_done)
      clock:advance(100)
      assert.is_true(is_done)
      assert.equal("running", client:status())
    end)

    it("lets who waits for it go when it is stopped in its init", function()
      local closed
      local answer = story.ask(host, function()
        return slipstream.start(story.module { init = function()
          local _ <close> = setmetatable({}, { __close = function() closed = true end })
          story.pause(1000)
        end }, nil, { host = host, name = "slow" })
      end)
      slipstream.stop("slow", "shutdown")
      clock:advance(0)
      clock:advance(0)
      assert.is_true(closed)
      assert.same({ nil, "shutdown", n = 2 }, answer)
    end)

    it("goes on when who waits for its init is stopped", function()
      local starter = start { handle_info = function()
        start({ init = function() story.pause(100) end }, { name = "slow" })
      end }
      starter:send "go"
      clock:advance(0)
      starter:stop()
      clock:advance(100)
      assert.equal("running", slipstream.whereis "slow":status())
    end)
  end)

  describe("by name", function()
    it("is found as long as it is there, also on its way out", function()
      local client = start({ init = function(self) self:connect { uri = URI } end }, { name = "ann" })
      server:accept()
      assert.equal(client, slipstream.whereis "ann")
      client:stop()
      clock:advance(0)
      assert.equal("stopping", client:status())
      assert.equal(client, slipstream.whereis "ann")
      assert.same({ nil, "already_started", "already_started" }, try({}, { name = "ann" }))
      server:drop()
      assert.is_nil(slipstream.whereis "ann")
      assert.is_nil(slipstream.whereis "nobody")
    end)

    it("has the name for itself, which another may have afterwards", function()
      local client = start({}, { name = "ann" })
      local is_begun
      assert.same({ nil, "already_started", "already_started" },
        try({ init = function() is_begun = true end }, { name = "ann" }))
      assert.is_nil(is_begun)
      client:stop()
      clock:advance(0)
      local other = start({}, { name = "ann" })
      assert.equal(other, slipstream.whereis "ann")
      client:stop()
      clock:advance(0)
      assert.equal(other, slipstream.whereis "ann")
    end)

    it("leaves the name to the next one before anybody hears of its end", function()
      local client = start({}, { name = "ann" })
      local heir
      local unwatch = slipstream.watch(function(ended)
        if ended == client then heir = start({}, { name = "ann" }) end
      end)
      client:stop()
      clock:advance(0)
      unwatch()
      assert.equal(heir, slipstream.whereis "ann")
    end)

    it("is refused when the name is empty", function()
      local _, text = pcall(slipstream.start, slipstream.client {}, nil, { name = "" })
      assert.equal("bad argument #3 to 'start' (name: a string that is not empty expected)", text)
    end)

    it("is in its own init already", function()
      local found
      local client = start({ init = function() found = slipstream.whereis "ann" end }, { name = "ann" })
      assert.equal(client, found)
    end)

    it("is not found by a name that is made up for one that has none", function()
      local client = start {}
      assert.is_nil(slipstream.whereis(client.name))
    end)
  end)

  describe("that is stopped", function()
    it("goes in the next turn, with the reason", function()
      local reason
      local client = start { terminate = function(_, why) reason = why end }
      assert.is_true(client:stop "shutdown")
      assert.is_true(client:alive())
      clock:advance(0)
      assert.is_false(client:alive())
      assert.equal("shutdown", reason)
      assert.same({ "ended", "shutdown" }, { client:status() })
    end)

    it("goes once, and says that it is gone", function()
      local count = 0
      local client = start({ terminate = function() count = count + 1 end }, { name = "ann" })
      assert.is_true(client:stop "first")
      assert.is_true(client:stop "second")
      clock:advance(0)
      assert.same({ "ended", "first" }, { client:status() })
      assert.same({ nil, "noproc", "noproc" }, { client:stop() })
      assert.same({ nil, "noproc", "noproc" }, { slipstream.stop "ann" })
      assert.equal(1, count)
    end)

    it("may stop itself, and finishes its callback first", function()
      local notes, note = story.notes()
      local client = start {
        handle_info = function(self)
          self:client():stop()
          note(self, "callback")
        end,
        terminate = function(self) note(self, "terminate") end,
      }
      client:send(1)
      client:send(2)
      clock:advance(0)
      assert.equal("terminate", notes[#notes])
      assert.equal("callback", notes[1])
    end)

    it("does not go on with what it waits for", function()
      local notes, note = story.notes()
      local client = start {
        handle_info = function(self)
          local _ <close> = setmetatable({}, { __close = function() note(self, "closed") end })
          story.pause(1000)
          note(self, "never")
        end,
        terminate = function(self) note(self, "terminate") end,
      }
      client:send(1)
      clock:advance(0)
      client:stop()
      clock:advance(2000)
      assert.same({ "closed", "terminate" }, notes)
    end)

    it("does not go on with connect_params either", function()
      local closed
      local client = start {
        init = function(self) self:connect { uri = URI } end,
        connect_params = function()
          local _ <close> = setmetatable({}, { __close = function() closed = true end })
          story.pause(1000)
        end,
      }
      clock:advance(0)
      client:stop()
      clock:advance(0)
      assert.is_true(closed)
      assert.equal("ended", client:status())
    end)

    it("closes its connection with the code, and leaves its topics before", function()
      local client = start {
        init = function(self) self:connect { uri = URI } end,
        handle_connect = function(self) self:join "room:1" end,
      }
      server:accept()
      server:expect_join("room:1"):reply "ok"
      client:stop("shutdown", 1001)
      clock:advance(0)
      server:expect_leave "room:1"
      assert.equal(1001, (server:expect_close()))
      server:send_close(1001)
      server:drop()
      assert.equal("ended", client:status())
    end)

    it("refuses codes that may not be sent", function()
      local client = start {}
      assert.has_error(function() client:stop("x", 1005) end)
      assert.matches("bad argument #3 to 'stop'",
        select(2, pcall(function() local ok = slipstream.stop(client, "x", 1005) return ok end)))
    end)
  end)

  describe("in terminate", function()
    it("may raise: it ends all the same, and the log has both", function()
      local client = start {
        handle_info = function() error "first" end,
        terminate = function() error "second" end,
      }
      client:send(1)
      clock:advance(0)
      assert.equal("ended", client:status())
      local texts = {}
      for _, entry in ipairs(server.logged) do
        if entry.level == "error" then texts[#texts + 1] = entry.text:match ": (%w+)$" end
      end
      assert.same({ "first", "second" }, texts)
      assert.equal("script_error", select(2, client:status()).kind)
    end)

    it("has the reason and the traceback of an error", function()
      local reason
      local client = start { handle_info = fail, terminate = function(_, why) reason = why end }
      client:send(1)
      clock:advance(0)
      assert.equal("script_error", reason.kind)
      assert.matches("start_spec.lua:%d+: oh", reason.text)
      assert.matches("start_spec.lua:%d+: in", reason.traceback)
    end)

    it("may wait, for the leave of a topic and for the end of the connection", function()
      local notes, note = story.notes()
      local client = start {
        init = function(self) self:connect { uri = URI } end,
        handle_connect = function(self) self:join "room:1" end,
        terminate = function(self)
          self:leave "room:1"
          note(self, self:await_leave "room:1")
          self:disconnect(1001)
          note(self, self:await_disconnect().kind)
        end,
      }
      server:accept()
      server:expect_join("room:1"):reply "ok"
      client:stop()
      clock:advance(0)
      server:expect_leave("room:1"):reply "ok"
      assert.same({ true }, notes)
      assert.equal(1001, (server:expect_close()))
      assert.equal("stopping", client:status())
      server:send_close(1001)
      server:drop()
      clock:advance(0)
      assert.same({ true, "closed_by_client" }, notes)
      assert.equal("ended", client:status())
    end)

    it("may take its time: who stops it meanwhile changes nothing", function()
      local reasons, note = story.notes()
      local client = start { terminate = function(self, why)
        note(self, why)
        story.pause(100)
        note(self, "done")
      end }
      client:stop "first"
      clock:advance(50)
      assert.equal("stopping", client:status())
      assert.is_true(client:stop "second")
      clock:advance(50)
      assert.same({ "first", "done" }, reasons)
      assert.same({ "ended", "first" }, { client:status() })
    end)
  end)

  it("that is awaited has ended for good", function()
    local client = start { terminate = function() story.pause(100) end }
    local answer = story.ask(host, function() return client:await_end() end)
    local hasty = story.ask(host, function() return client:await_end(50) end)
    client:stop "shutdown"
    clock:advance(50)
    assert.same({ nil, "timeout", "timeout", n = 3 }, hasty)
    clock:advance(50)
    clock:advance(0)
    assert.same({ true, "shutdown" }, { answer[1], answer[2] })
    assert.same(answer, story.ask(host, function() return client:await_end() end))
  end)

  it("that waits for its own end is told at once that it never comes", function()
    local client = start { handle_info = function(self) self:client():await_end() end }
    client:send(1)
    clock:advance(0)
    assert.matches("'await_end' waits for the client itself", tostring(select(2, client:status())))
  end)

  it("that fails never touches another", function()
    local others, heard = {}, 0
    for n = 1, 10 do
      others[n] = start { handle_info = fail, handle_cast = function() heard = heard + 1 end }
    end
    others[3]:send(1)
    others[7]:send(1)
    clock:advance(0)
    for n = 1, 10 do others[n]:cast(5) end
    clock:advance(0)
    assert.equal(8, heard)
    assert.equal(8, #slipstream.clients())
  end)
end)
