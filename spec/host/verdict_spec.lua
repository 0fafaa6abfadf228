-- Verdicts: what a callback's return values do to its client.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"

local URI = "ws://phoenix.test/socket/websocket"

describe("a verdict", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function start(callbacks, options) return story.start(host, callbacks, options) end

  -- A client that does so in handle_info, told to.
  local function told(fn, callbacks)
    callbacks = callbacks or {}
    callbacks.handle_info = callbacks.handle_info or fn
    local client = start(callbacks)
    client:send "go"
    clock:advance(0)
    return client
  end

  -- What was logged as an error first.
  local function first_error()
    for _, entry in ipairs(server.logged) do
      if entry.level == "error" then return entry.text end
    end
  end

  it('of nothing, "ok" or "noreply" goes on', function()
    for _, verdict in ipairs { "ok", "noreply" } do
      assert.equal("running", told(function() return verdict end):status())
      assert.equal("running", told(function() return verdict, { hibernate = false } end):status())
    end
    assert.equal("running", told(function() end):status())
    assert.equal("running", told(function() return nil, {} end):status())
    assert.equal("running", told(function() return {} end):status())
  end)

  describe("to stop", function()
    -- Which of its callbacks says so, and how that one is brought about.
    local function stops(callback, how)
      local reason, ended
      local client = start {
        init = function(self)
          self:connect { uri = URI, jitter = 0 }
          if callback == "handle_continue" then return { continue = 1 } end
        end,
        handle_connect = function(self) self:join "room:1" end,
        handle_join = function(self) self:push("room:1", "ask") end,
        [callback] = function() return "stop", "enough" end,
        terminate = function(_, why) reason = why end,
      }
      local unwatch = slipstream.watch(function(_, why, is_failure) ended = { why, is_failure } end)
      how(client)
      clock:advance(1)
      if client:alive() then server:drop() end
      unwatch()
      assert.equal("enough", reason, callback)
      assert.equal("ended", client:status())
      return ended
    end

    local function nothing() end

    local function joined()
      server:accept()
      return server:expect_join "room:1":reply "ok"
    end

    it("ends the client, from every callback", function()
      stops("handle_info", function(client) client:send(1) end)
      stops("handle_cast", function(client) client:cast(1) end)
      stops("handle_call", function(client) story.ask(host, slipstream.call, client, 1) end)
      stops("connect_params", nothing)
      stops("handle_connect", function() server:accept() end)
      stops("handle_disconnect", function() server:read_request() server:drop() end)
      stops("handle_join", joined)
      stops("handle_message", function() joined():push "hello" end)
      stops("handle_reply", function()
        joined()
        server:expect("room:1", "ask"):reply "ok"
      end)
      stops("handle_topic_close", function() joined():close() end)
      stops("handle_leave", function(client)
        joined()
        server:next_frame()
        client._socket:leave "room:1"
        server:expect_leave "room:1":reply "ok"
      end)
    end)

    it("is a failure unless the reason is one of the good ones", function()
      assert.same({ "enough", true }, stops("handle_info", function(client) client:send(1) end))
      local client = told(function() return "stop" end)
      assert.same({ "ended", nil }, { client:status() })
      client = told(function() return "stop", "normal" end)
      assert.same({ "ended", "normal" }, { client:status() })
      assert.equal("client stopped", first_error())
    end)

    it("in init lets start answer why, and frees the name", function()
      local module = story.module { init = function() return "stop", "no luck" end }
      local client, reason = slipstream.start(module, nil, { host = host, name = "unlucky" })
      assert.is_nil(client)
      assert.equal("no luck", reason)
      start({}, { name = "unlucky" })
    end)

    it("after init lets start answer the client", function()
      local client = start {
        init = function() return { continue = "on" } end,
        handle_continue = function() return "stop", "done" end,
      }
      assert.equal("running", client:status())
      clock:advance(0)
      assert.same({ "ended", "done" }, { client:status() })
    end)

    it("after a wait ends the client as well", function()
      local client = told(function()
        story.pause(100)
        return "stop", "rested"
      end)
      assert.equal("running", client:status())
      clock:advance(100)
      assert.same({ "ended", "rested" }, { client:status() })
    end)

    it("lets nothing come after terminate", function()
      local notes, note = story.notes()
      local client = start {
        handle_info = function(self, message)
          note(self, message)
          self:send_after(10, "timer")
          return "stop", "normal"
        end,
        terminate = function(self) note(self, "terminate") end,
      }
      client:send "first"
      client:send "second"
      clock:advance(1000)
      assert.same({ "first", "terminate" }, notes)
    end)
  end)

  describe("to ignore", function()
    it("ends a client in its init, and is no failure", function()
      local is_bad
      local unwatch = slipstream.watch(function(_, _, is_failure) is_bad = is_failure end)
      local module = story.module({ init = function() return "ignore" end }, { restart = "permanent" })
      local client, reason = slipstream.start(module, nil, { host = host })
      unwatch()
      assert.is_nil(client)
      assert.equal("ignore", reason)
      assert.is_false(is_bad)
      clock:advance(10000)
      assert.same({}, slipstream.clients())
    end)

    it("is wrong anywhere else", function()
      told(function() return "ignore" end)
      assert.matches('handle_info returned "ignore", which only init may', first_error())
    end)
  end)

  describe("with a timeout", function()
    local notes, note

    before_each(function() notes, note = story.notes() end)

    -- Notes what comes, and answers to "arm" with the actions.
    local function armed(actions)
      local client = start {
        init = function(self) self:connect { uri = URI, jitter = 0 } end,
        handle_info = function(self, message)
          note(self, message)
          if message == "arm" then return actions end
        end,
      }
      client:send "arm"
      clock:advance(0)
      return client
    end

    it("hears of it when nothing came in time, once", function()
      armed { timeout = 100 }
      clock:advance(99)
      assert.same({ "arm" }, notes)
      clock:advance(1)
      assert.same({ "arm", "timeout" }, notes)
      clock:advance(1000)
      assert.same({ "arm", "timeout" }, notes)
    end)

    it("hears nothing when something came, of whatever kind, unless it asks again", function()
      local client = armed { timeout = 100 }
      clock:advance(50)
      client:send "event"
      clock:advance(1000)
      assert.same({ "arm", "event" }, notes)
      client:send "arm"
      clock:advance(50)
      client:send "arm"
      clock:advance(99)
      assert.same({ "arm", "event", "arm", "arm" }, notes)
      clock:advance(1)
      assert.equal("timeout", notes[5])
    end)

    it("hears nothing when an event of the connection came", function()
      armed { timeout = 100 }
      server:accept()
      clock:advance(1000)
      assert.same({ "arm" }, notes)
    end)

    it("of 0 hears at once, but after what is in the mailbox", function()
      local client = start { handle_info = function(self, message)
        note(self, message)
        if message == "arm" then return { timeout = 0 } end
      end }
      client:send "arm"
      clock:advance(0)
      assert.same({ "arm", "timeout" }, notes)
      client:send "arm"
      client:send "event"
      clock:advance(0)
      assert.same({ "arm", "timeout", "arm", "event" }, notes)
    end)

    it("of 0 again and again lets the others live", function()
      local rounds = 0
      start {
        init = function() return { timeout = 0 } end,
        handle_info = function()
          rounds = rounds + 1
          if rounds < 100 then return { timeout = 0 } end
        end,
      }
      local heard
      local other = start { handle_info = function() heard = rounds end }
      other:send "hello"
      clock:advance(0)
      assert.is_true(heard < 100)
    end)

    it("from init and from a reply hears as well", function()
      local client = start {
        init = function() return "ok", { timeout = 100 } end,
        handle_info = note,
        handle_call = function() return "reply", 1, { timeout = 10 } end,
      }
      clock:advance(100)
      assert.same({ "timeout" }, notes)
      story.ask(host, slipstream.call, client, 1)
      clock:advance(10)
      assert.same({ "timeout", "timeout" }, notes)
    end)

    it("hears of it after connect_params too, which is no event", function()
      start {
        init = function(self)
          self:connect { uri = URI }
          return { timeout = 100 }
        end,
        connect_params = function() story.pause(200) end,
        handle_info = note,
      }
      clock:advance(199)
      assert.same({}, notes)
      clock:advance(1)
      clock:advance(0)
      assert.same({ "timeout" }, notes)
    end)

    it("hears nothing after its end", function()
      local client = armed { timeout = 100 }
      client:stop()
      clock:advance(1000)
      assert.same({ "arm" }, notes)
    end)
  end)

  describe("with a continue", function()
    it("goes on with that before anything that waits already", function()
      local notes, note = story.notes()
      local client = start {
        init = function(self)
          self:client():send "waiting"
          return { continue = 1 }
        end,
        handle_continue = function(self, term)
          note(self, term)
          if term < 3 then return "noreply", { continue = term + 1 } end
        end,
        handle_info = note,
      }
      assert.same({}, notes) -- it is no part of the start
      clock:advance(0)
      client:send "later"
      clock:advance(0)
      assert.same({ 1, 2, 3, "waiting", "later" }, notes)
    end)

    it("keeps its place while it waits", function()
      local notes, note = story.notes()
      local client = start {
        handle_info = function(self, message)
          note(self, message)
          if message == "go" then return { continue = "on" } end
        end,
        handle_continue = function(self, term)
          story.pause(100)
          note(self, term)
        end,
      }
      client:send "go"
      client:send "next"
      clock:advance(100)
      clock:advance(0)
      assert.same({ "go", "on", "next" }, notes)
    end)

    it("may continue with false", function()
      local notes, note = story.notes()
      start { init = function() return { continue = false } end, handle_continue = note }
      clock:advance(0)
      assert.same({ false }, notes)
    end)

    it("leaves their turns to others, however long it goes on", function()
      local count, has_heard = 0, false
      start {
        init = function() return { continue = 1 } end,
        handle_continue = function()
          count = count + 1
          if not has_heard and count < 1000 then return { continue = 1 } end
        end,
      }
      start({ handle_info = function() has_heard = true end }):send "hello"
      clock:advance(0)
      assert.is_true(has_heard and count < 10)
    end)

    it("may do so more often than C's stack is deep", function()
      local client = start {
        init = function() return { continue = 1 } end,
        handle_continue = function(_, n) if n < 300 then return { continue = n + 1 } end end,
      }
      clock:advance(0)
      assert.equal("running", client:status())
    end)

    it("without a handle_continue is a failure", function()
      start { init = function() return { continue = 1 } end }
      clock:advance(0)
      assert.matches("handle_continue is not implemented", first_error())
    end)
  end)

  describe("to hibernate", function()
    local function hibernate() return { hibernate = true } end

    -- How many full collections processes ask for while fn runs; others may do so as well.
    local function collections_in(fn)
      local count, original = 0, collectgarbage
      _G.collectgarbage = function(...) -- luacheck: ignore 122
        if debug.getinfo(2, "S").source:find "process%.lua$" then count = count + 1 end
        return original(...)
      end
      local ok, err = pcall(fn)
      _G.collectgarbage = original -- luacheck: ignore 122
      assert(ok, err)
      return count
    end

    it("collects garbage, once for all who ask for it at a time", function()
      local garbage = setmetatable({ {} }, { __mode = "v" })
      for _ = 1, 2 do start({ handle_info = hibernate }):send "go" end
      assert.equal(1, collections_in(function() clock:advance(0) end))
      assert.is_nil(garbage[1])
    end)

    it("collects again when asked again, also after a host that was closed meanwhile", function()
      local other = phoenix.pretend()
      story.start(other, { init = hibernate })
      phoenix.close(other)
      local client = start { handle_info = hibernate }
      for _ = 1, 2 do
        client:send "go"
        assert.equal(1, collections_in(function() clock:advance(0) end))
      end
    end)
  end)

  describe("that is none", function()
    local function fault(...)
      local values = table.pack(...)
      server.logged = {}
      local former = slipstream.log.set_sink(function(_, entry) table.insert(server.logged, entry) end)
      local client = told(function() return table.unpack(values, 1, values.n) end)
      slipstream.log.set_sink(former)
      assert.equal("ended", client:status())
      return first_error()
    end

    it("ends the client, and names the callback and what is wrong", function()
      assert.matches('handle_info returned "go"; it may return', fault "go")
      assert.matches("handle_info returned 5; it may return", fault(5))
      assert.matches("^%S+:%d+: handle_info returned 5", fault(5))
      assert.matches("handle_info returned a boolean", fault(false))
      assert.matches('handle_info returned "reply", which only handle_call may', fault("reply", 1))
      assert.matches("handle_info returned 5 where a table of actions may be", fault("ok", 5))
      assert.matches('handle_info returned the action "timout", .*did you mean timeout', fault { timout = 1 })
      assert.matches('the action timeout with %-1', fault { timeout = -1 })
      assert.matches('the action timeout with 1.5', fault { timeout = 1.5 })
      assert.matches('the action hibernate with 1', fault { hibernate = 1 })
      assert.matches("both timeout and continue", fault { timeout = 1, continue = 1 })
      assert.matches("handle_info returned actions with a stop", fault("stop", "normal", { timeout = 1 }))
    end)
  end)
end)
