local phoenix = require "spec.support.phoenix"
local script = require "slipstream.script"
local slipstream = require "slipstream"

local config = { uri = "ws://phoenix.test/socket", heartbeat_interval_msec = 0, jitter = 0 }

describe("a script", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function begin(fn, ...) return script.begin({ host = host }, fn, ...) end

  -- What a script that is over returned; its error is raised.
  local function outcome(begun)
    assert(begun.is_over, "it still waits")
    if not begun.outcome[1] then error(begun.outcome[2].text, 0) end
    return table.unpack(begun.outcome, 2, begun.outcome.n)
  end

  local function pause(msec) slipstream.await(function() end, msec) end

  it("connects, joins, pushes and hears without a module", function()
    local begun = begin(function()
      local socket = assert(slipstream.connect(config))
      assert(socket:await_connect())
      socket:join("room:1", { user = "ann" })
      local seat = socket:await_join("room:1").seat
      local status, response = socket:await_reply(socket:push("room:1", "hello"))
      local news = socket:await_message("room:1", "news")
      return seat, status, response.a, news.b
    end)
    server:accept()
    local join = server:expect_join("room:1"):reply("ok", { seat = 7 })
    assert.same({ user = "ann" }, join.payload)
    server:expect("room:1", "hello"):reply("ok", { a = 1 })
    join:push("news", { b = 2 })
    assert.same({ 7, "ok", 1, 2 }, { outcome(begun) })
  end)

  it("closes its sockets with the closing handshake when it is done", function()
    local begun = begin(function() assert(slipstream.connect(config)):await_connect() end)
    server:accept()
    assert.is_true(begun.is_over)
    assert.same({ 1000, "" }, { server:expect_close() })
    assert.equal(1, #slipstream.clients())
    server:send_close(1000)
    assert.equal(0, #slipstream.clients())
  end)

  it("is not needed for one that a callback connects, which ends with its client", function()
    local module = slipstream.client()
    function module:init() self:assign("other", assert(slipstream.connect(config))) end
    local client = slipstream.start(module, nil, { host = host })
    server:accept()
    client:stop()
    assert.same({ 1000, "" }, { server:expect_close() })
    server:send_close(1000)
    assert.equal(0, #slipstream.clients())
  end)

  it("is not needed for one that terminate connects, either", function()
    local module = slipstream.client {}
    function module.terminate() assert(slipstream.connect(config)) end
    slipstream.start(module, nil, { host = host }):stop()
    clock:advance(1)
    assert.is_false(server:was_dialled())
    assert.equal(0, #slipstream.clients())
  end)

  it("is told that a socket which has ended is not connected", function()
    local begun = begin(function()
      local socket = slipstream.connect(config)
      socket:await_connect()
      socket:client():stop()
      socket:client():await_end()
      local seen = { socket:connected(), socket:joined "room:1" }
      for _, verb in ipairs { "push", "join", "stats", "reconnect" } do
        seen[#seen + 1] = select(3, socket[verb](socket, "room:1", verb == "push" and "hello" or nil))
      end
      return seen
    end)
    server:accept()
    server:expect_close()
    server:send_close(1000)
    local wanted = { false, false, "not_connected", "not_connected", "no_config", "stopping" }
    assert.same(wanted, (outcome(begun)))
  end)

  it("says what is wrong with a config", function()
    local ok, text, code = outcome(begin(slipstream.connect, { uri = "http://phoenix.test" }))
    assert.same({ nil, "uri: scheme must be ws or wss, got http", "invalid" }, { ok, text, code })
    assert.equal(0, #slipstream.clients())
  end)

  it("refuses an empty name", function()
    local is_begun, text = outcome(begin(pcall, slipstream.connect, config, { name = "" }))
    assert.is_false(is_begun)
    assert.equal("bad argument #2 to 'connect' (name: a string that is not empty expected)", text)
  end)

  it("has names for its sockets, which are free again after the end", function()
    local begun = begin(function()
      local socket = slipstream.connect(config, { name = "ann" })
      socket:await_connect()
      local _, taken = slipstream.connect(config, { name = "ann" })
      socket:await_disconnect()
      local again = slipstream.connect(config, { name = "ann" })
      return taken, again ~= nil
    end)
    server:accept()
    server:drop()
    assert.same({ "already_started", true }, { outcome(begun) })
  end)

  it("does nothing by default after a loss or a refusal", function()
    begin(function()
      local socket = slipstream.connect(config)
      socket:await_connect()
      socket:join "room:1"
      pause(60000)
    end)
    server:accept()
    server:expect_join("room:1"):reply("error")
    clock:advance(20000)
    assert.is_true(server:is_silent())
    server:drop()
    clock:advance(20000)
    assert.is_false(server:was_dialled())
  end)

  it("connects and joins again by hand, past what came before", function()
    local seen = {}
    local begun = begin(function()
      local socket = slipstream.connect(config)
      for turn = 1, 3 do
        socket:await_connect()
        socket:join "room:1"
        seen[turn] = socket:await_join("room:1").turn
        local _, reason = socket:await_message("room:1")
        seen[turn] = seen[turn] .. " " .. reason.kind
        socket:reconnect()
      end
      return socket._mailbox:count()
    end)
    for turn = 1, 3 do
      server:accept()
      server:expect_join("room:1"):reply("ok", { turn = turn })
      server:drop()
      clock:advance(5000)
    end
    assert.equal(0, (outcome(begun)))
    assert.same({ "1 connection_lost", "2 connection_lost", "3 connection_lost" }, seen)
  end)

  it("joins again after a refusal, and hears that outcome", function()
    local begun = begin(function()
      local socket = slipstream.connect(config)
      socket:await_connect()
      socket:join "room:1"
      pause(100)
      socket:join "room:1"
      return socket:await_join("room:1")
    end)
    server:accept()
    server:expect_join("room:1"):reply("error")
    clock:advance(100)
    server:expect_join("room:1"):reply("ok", { seat = 2 })
    assert.same({ seat = 2 }, (outcome(begun)))
  end)

  it("keeps what nobody awaits in order, for whoever does", function()
    local begun = begin(function()
      local socket = slipstream.connect(config)
      socket:await_connect()
      socket:join "room:1"
      socket:await_join "room:1"
      local third = socket:await_message("room:1", "c")
      local first = socket:await_message(slipstream.any)
      local second = socket:await_message(slipstream.any)
      return first.n, second.n, third.n
    end)
    server:accept()
    local join = server:expect_join("room:1"):reply("ok")
    join:push("a", { n = 1 }):push("b", { n = 2 }):push("c", { n = 3 })
    assert.same({ 1, 2, 3 }, { outcome(begun) })
  end)

  it("shares a socket with another: who waits longest is served first", function()
    local socket
    local main = begin(function()
      socket = slipstream.connect(config)
      socket:await_connect()
      socket:join "room:1"
      socket:await_join "room:1"
      pause(1000)
    end)
    server:accept()
    local join = server:expect_join("room:1"):reply("ok")
    local function await(event)
      return begin(function() return (socket:await_message("room:1", event)).n end)
    end
    local first, second, special = await(), await(), await "special"
    join:push("special", { n = 1 }):push("a", { n = 2 }):push("special", { n = 3 })
    assert.same({ 1, 2, 3 }, { outcome(first), outcome(second), (outcome(special)) })
    assert.equal(0, socket._mailbox:count())
    clock:advance(1000)
    assert.is_true(main.is_over)
  end)

  it("hears at once that its socket was stopped", function()
    local client
    local begun = begin(function()
      local socket = slipstream.connect(config)
      client = socket:client()
      socket:await_connect()
      local _, reason = socket:await_message("room:1")
      return reason, select(2, socket:await_connect())
    end)
    server:accept()
    client:stop "enough"
    clock:advance(0)
    server:expect_close()
    server:send_close(1000)
    assert.same({ "enough", "enough" }, { outcome(begun) })
  end)

  it("gets what it awaits from anything that calls back", function()
    local go_on
    local begun = begin(function() return slipstream.await(function(resume) go_on = resume end) end)
    go_on(1, nil, 3)
    go_on(4)
    clock:advance(0)
    assert.same({ 1, nil, 3 }, { outcome(begun) })
    local at_once = begin(slipstream.await, function(resume) resume "now" end)
    assert.equal("now", (outcome(at_once)))
    local late = begin(function()
      local _, reason = slipstream.await(function(resume) go_on = resume end, 10)
      return reason, slipstream.await(function() end, 20)
    end)
    clock:advance(10)
    go_on "late"
    clock:advance(20)
    assert.same({ "timeout", nil, "timeout", "timeout" }, { outcome(late) })
  end)

  describe("run inside of another", function()
    it("hands results through, also of functions that wait", function()
      local begun = begin(function()
        return slipstream.run(function(a)
          pause(10)
          return a, nil, slipstream.run(function() return "inner" end)
        end, "arg")
      end)
      clock:advance(10)
      assert.same({ "arg", nil, "inner" }, { outcome(begun) })
    end)

    it("raises what its function raises, with the place", function()
      local begun = begin(function()
        return pcall(slipstream.run, function()
          pause(10)
          error "boom"
        end)
      end)
      clock:advance(10)
      local ok, text = outcome(begun)
      assert.is_false(ok)
      assert.truthy(text:find "^spec/host/script_spec.lua:%d+: boom\nstack traceback:")
    end)

    local function idle() return slipstream.client { restart = "permanent" } end

    it("waits for the clients that it started, also for one that was started again", function()
      local module, lives = idle(), 0
      function module:init()
        lives = lives + 1
        self:send_after(100, "fail")
      end
      function module.handle_info()
        if lives == 2 then return "stop" end
        error "boom"
      end
      local options = { restart = "transient" }
      local begun = begin(function()
        return slipstream.run(function() return slipstream.start(module, nil, options) ~= nil end)
      end)
      clock:advance(299)
      assert.is_false(begun.is_over or false)
      clock:advance(1)
      assert.equal(2, lives)
      assert.is_true(outcome(begun))
    end)

    it("ends the clients that it started when it raises, before it does", function()
      local module, ended = idle(), false
      function module:init() self:connect(config) end
      function module:terminate()
        self:disconnect()
        pause(50)
        ended = true
      end
      local begun = begin(function()
        local ok = pcall(slipstream.run, function()
          slipstream.start(module)
          pause(10)
          error "boom"
        end)
        return ok, ended
      end)
      server:accept()
      clock:advance(10)
      server:expect_close()
      server:send_close(1000)
      clock:advance(50)
      assert.same({ false, true }, { outcome(begun) })
    end)

    it("ends the clients that it started when it yields to nobody, too", function()
      local client
      begin(function()
        slipstream.run(function()
          client = slipstream.start(slipstream.client {}, nil, { host = host })
          coroutine.yield()
        end)
      end)
      clock:advance(1)
      assert.equal("ended", client:status())
    end)

    it("runs in a callback", function()
      local module, seen = idle(), nil
      function module:init() self:send_after(0, "go") end
      function module.handle_info()
        seen = { slipstream.run(function()
          local socket = slipstream.connect(config)
          return socket:await_connect()
        end) }
      end
      slipstream.start(module, nil, { host = host })
      clock:advance(0)
      server:accept()
      assert.is_nil(seen)
      server:expect_close()
      server:send_close(1000)
      clock:advance(0)
      assert.same({ true }, seen)
    end)

    it("ends, with its clients, when the client that waits for it does", function()
      local module, closed = idle(), {}
      function module:init() self:send_after(0, "go") end
      function module.handle_info()
        slipstream.run(function()
          local _ <close> = setmetatable({}, { __close = function() closed[1] = true end })
          slipstream.connect(config):await_connect()
          pause(60000)
          closed[2] = "went on"
        end)
      end
      local client = slipstream.start(module, nil, { host = host })
      clock:advance(0)
      server:accept()
      client:stop()
      clock:advance(0)
      assert.same({ true }, closed)
      server:expect_close()
      server:send_close(1000)
      assert.equal(0, #slipstream.clients())
    end)
  end)

  it("leaves no memory behind for the sockets that it dropped", function()
    local COUNT = 400
    -- What is finalized goes with the next collection.
    local function in_use()
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    local function once()
      local socket = assert(slipstream.connect(config))
      assert(socket:await_connect())
      socket:join "room:1"
      assert(socket:await_join "room:1")
      socket:disconnect()
      assert(socket:await_disconnect())
    end
    local left
    local begun = begin(function()
      for _ = 1, 200 do once() end
      local before = in_use()
      for _ = 1, COUNT - 200 do once() end
      left = in_use() - before
    end)
    for _ = 1, COUNT do
      server.logged = {}
      server:accept()
      server:expect_join("room:1"):reply("ok")
      server:expect_close()
      server:send_close(1000)
    end
    outcome(begun)
    assert.equal(0, #slipstream.clients())
    -- Less than 200 bytes for each: lists that grew, not sockets.
    assert.is_true(left < 0.2 * COUNT, ("%.0f KiB are left"):format(left))
  end)
end)
