-- Restarts: which ends a client is started again after, when, how often, and what stays.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"

local URI = "ws://phoenix.test/socket/websocket"

describe("a restart", function()
  local host, server, clock, lives

  before_each(function()
    host, server, clock = phoenix.pretend()
    lives = 0
  end)
  after_each(function() phoenix.close(host) end)

  -- A client that counts its lives, and ends as its messages say.
  local function start(options, callbacks)
    callbacks = callbacks or {}
    local init = callbacks.init
    function callbacks.init(self, args)
      lives = lives + 1
      if init then return init(self, args) end
    end
    callbacks.handle_info = callbacks.handle_info or function(_, message)
      if message == "crash" then error "oh" end
      return "stop", message
    end
    local module = story.module(callbacks, options)
    return assert(slipstream.start(module, { "args" }, { host = host, name = "phoenix" }))
  end

  local function ended_with(client, message)
    client:send(message)
    clock:advance(0)
  end

  it("comes or not as the policy says", function()
    -- policy → after "normal", after a stop with a bad reason, after an error
    local table_of = {
      permanent = { normal = true, shutdown = true, bad = true, crash = true },
      transient = { normal = false, shutdown = false, bad = true, crash = true },
      temporary = { normal = false, shutdown = false, bad = false, crash = false },
      none = { normal = false, shutdown = false, bad = true, crash = true },
    }
    for policy, expected in pairs(table_of) do
      for message, is_again in pairs(expected) do
        lives = 0
        local client = start { restart = policy ~= "none" and policy or nil }
        ended_with(client, message)
        assert.equal(is_again and "restarting" or "ended", client:status(), policy .. " " .. message)
        clock:advance(100)
        assert.equal(is_again and 2 or 1, lives, policy .. " " .. message)
        client:stop()
        clock:advance(0)
        assert.equal("ended", client:status())
      end
    end
  end)

  it("is as start says rather than the module", function()
    local module = story.module({ handle_info = function() error "oh" end }, { restart = "permanent" })
    local client = slipstream.start(module, nil, { host = host, restart = "temporary" })
    ended_with(client, 1)
    assert.equal("ended", client:status())
    assert.has_error(function() slipstream.start(module, nil, { host = host, restart = "often" }) end)
    assert.has_error(function() slipstream.client { restart = "often" } end)
  end)

  it("comes after 100 msec, 200, 400, and then no more", function()
    local heard
    local unwatch = slipstream.watch(function(...) heard = { ... } end)
    local client = start { restart = "permanent" }
    for count, pause in ipairs { 100, 200, 400 } do
      ended_with(client, "crash")
      clock:advance(pause - 1)
      assert.equal(count, lives)
      assert.equal("restarting", client:status())
      assert.is_nil(heard)
      clock:advance(1)
      assert.equal(count + 1, lives)
      assert.equal("running", client:status())
      assert.equal(count, client.restarts)
    end
    ended_with(client, "crash")
    unwatch()
    local status, reason = client:status()
    assert.equal("gave_up", status)
    assert.equal("script_error", reason.kind)
    assert.same({ client, reason, true }, heard)
    clock:advance(100000)
    assert.equal(4, lives)
  end)

  it("that is given up stands in the log and in clients(), but the name is free", function()
    local client = start({ restart = "permanent", max_restarts = 0 })
    ended_with(client, "crash")
    assert.equal("gave_up", client:status())
    local last = server.logged[#server.logged]
    for _, entry in ipairs(server.logged) do
      if entry.text:find "gave up" then last = entry end
    end
    assert.equal("error", last.level)
    assert.equal("client gave up: it failed too often", last.text)
    local listed
    for _, each in ipairs(slipstream.clients()) do listed = listed or each == client end
    assert.is_true(listed)
    assert.is_nil(slipstream.whereis "phoenix")
    assert.same({ nil, "noproc", "noproc" }, { client:send(1) })
    assert.same({ nil, "noproc", "noproc" }, { client:stop() })
    start {}
  end)

  it("goes on for ever when the ends are further from each other than max_seconds", function()
    local client = start { restart = "permanent", max_restarts = 1, max_seconds = 2 }
    for _ = 1, 5 do
      ended_with(client, "crash")
      clock:advance(100)
      assert.equal("running", client:status())
      clock:advance(2000)
    end
    assert.equal(6, lives)
    ended_with(client, "crash")
    clock:advance(1000)
    ended_with(client, "crash")
    assert.equal("gave_up", client:status())
  end)

  it("waits for five seconds at most", function()
    local client = start { restart = "permanent", max_restarts = 20, max_seconds = 1000 }
    local waited = {}
    for count = 1, 8 do
      ended_with(client, "crash")
      local begin = host:now()
      repeat clock:advance(100) until lives == count + 1
      waited[count] = host:now() - begin
    end
    assert.same({ 100, 200, 400, 800, 1600, 3200, 5000, 5000 }, waited)
  end)

  it("keeps the handle, the name and the args, and begins with new assigns", function()
    local seen = {}
    local client = start({ restart = "permanent" }, {
      init = function(self, args)
        seen[#seen + 1] = { self, args[1], next(self.assigns) }
        self:assign("dirty", true)
      end,
    })
    ended_with(client, "normal")
    clock:advance(100)
    assert.equal("args", seen[2][2])
    assert.is_nil(seen[2][3])
    assert.not_equal(seen[1][1], seen[2][1])
    assert.equal(client, seen[2][1]:client())
    assert.equal(client, slipstream.whereis "phoenix")
  end)

  it("keeps the name while it is awaited: nobody is there, and nobody else may be", function()
    local client = start { restart = "permanent" }
    ended_with(client, "normal")
    assert.is_nil(slipstream.whereis "phoenix")
    assert.is_false(client:alive())
    assert.same({ nil, "noproc", "noproc" }, { client:send(1) })
    assert.same({ nil, "noproc", "noproc" }, { slipstream.send("phoenix", 1) })
    assert.same({ nil, "already_started", "already_started" },
      { slipstream.start(story.module {}, nil, { host = host, name = "phoenix" }) })
  end)

  it("connects and joins again", function()
    local client = start({ restart = "permanent" }, {
      init = function(self) self:connect { uri = URI } end,
      handle_connect = function(self) self:join "room:1" end,
    })
    server:accept()
    server:expect_join("room:1"):reply "ok"
    ended_with(client, "crash")
    server:expect_close()
    assert.equal("stopping", client:status())
    server:send_close(1000)
    server:drop()
    assert.equal("restarting", client:status())
    clock:advance(100)
    server:accept()
    server:expect_join("room:1"):reply "ok"
    assert.is_true(client._socket:joined "room:1")
  end)

  it("does not begin with what the former life left in its mailbox or its timers", function()
    local notes, note = story.notes()
    local client = start({ restart = "permanent" }, {
      handle_info = function(self, message)
        note(self, message)
        self:send_after(150, "timer")
        if message == "crash" then error "oh" end
      end,
    })
    client:send "crash"
    client:send "left over"
    clock:advance(1000)
    assert.same({ "crash" }, notes)
  end)

  it("counts when its init fails, and tries again", function()
    local client = start({ restart = "permanent" }, {
      init = function() if lives > 1 then error "not yet" end end,
    })
    ended_with(client, "crash")
    clock:advance(100)
    assert.equal(2, lives)
    assert.equal("restarting", client:status())
    clock:advance(200)
    assert.equal(3, lives)
    clock:advance(400)
    assert.equal(4, lives)
    assert.equal("gave_up", client:status())
  end)

  it("is over when its init ignores it", function()
    local client = start({ restart = "permanent" }, {
      init = function() if lives > 1 then return "ignore" end end,
    })
    ended_with(client, "crash")
    clock:advance(100)
    assert.same({ "ended", "ignore" }, { client:status() })
  end)

  it("comes when handle_continue fails right after init", function()
    local client = start({ restart = "permanent" }, {
      init = function() return { continue = 1 } end,
      handle_continue = function() if lives == 1 then error "oh" end end,
    })
    clock:advance(0)
    assert.equal("restarting", client:status())
    clock:advance(100)
    assert.equal("running", client:status())
  end)

  describe("never comes after a stop", function()
    local function stays_ended(client)
      clock:advance(100000)
      assert.equal("ended", client:status())
      assert.equal(1, lives)
      assert.is_nil(slipstream.whereis "phoenix")
    end

    it("of one that runs", function()
      local client = start { restart = "permanent" }
      client:stop "a bad reason"
      stays_ended(client)
    end)

    it("in the pause, by handle", function()
      local client = start { restart = "permanent" }
      ended_with(client, "crash")
      assert.is_true(client:stop())
      assert.same({ "ended", "normal" }, { client:status() })
      stays_ended(client)
    end)

    it("in the pause, by name", function()
      local client = start { restart = "permanent" }
      ended_with(client, "crash")
      assert.is_true(slipstream.stop "phoenix")
      stays_ended(client)
    end)

    it("of one that is failing already", function()
      local client = start({ restart = "permanent" }, { terminate = function() story.pause(100) end })
      ended_with(client, "crash")
      assert.equal("stopping", client:status())
      assert.is_true(client:stop())
      stays_ended(client)
    end)

    it("of one that fails before the stop takes effect", function()
      local client = start { restart = "permanent" }
      client:send "crash"
      client:stop()
      stays_ended(client)
    end)
  end)

  it("is awaited by await_end, which is for the end for good", function()
    local client = start { restart = "permanent" }
    local answer = story.ask(host, function() return client:await_end(10000) end)
    ended_with(client, "crash")
    clock:advance(100)
    assert.is_nil(answer.n)
    client:stop()
    clock:advance(0)
    clock:advance(0)
    assert.same({ true, "normal" }, { answer[1], answer[2] })
  end)

  it("of one leaves the others as they are", function()
    local other = story.start(host, {})
    local client = start { restart = "permanent" }
    for _ = 1, 4 do
      ended_with(client, "crash")
      clock:advance(1000)
    end
    assert.equal("gave_up", client:status())
    assert.equal("running", other:status())
  end)
end)
