local chatter = require "spec.support.chatter"
local core = require "slipstream.core"
local log = require "slipstream.log"
local slipstream = require "slipstream"
local test = require "slipstream.test"
local uv = require "luv"

describe("the test kit", function()
  after_each(test.reset)

  it("leaves nothing behind: no client, no name, nothing on the loop, the log where it was", function()
    local function sink() end
    local former = log.set_sink(sink)
    test.begin()
    local Failing = slipstream.client { max_restarts = 0 }
    function Failing:handle_info() error "boom" end -- luacheck: ignore self
    local Waiting = slipstream.client()
    function Waiting:init() self:send_interval(10, "tick") end
    function Waiting:handle_info() self:await_connect() end
    test.start(chatter.module(), nil, { name = "ann" })
    test.start(Failing):send "fail"
    test.start(Waiting)
    test.advance(50)
    assert.equal("gave_up", (slipstream.clients()[2]:status()))
    test.async(function() slipstream.await(function() end) end)

    test.reset()
    assert.same({}, slipstream.clients())
    assert.is_nil(slipstream.whereis "ann")
    assert.is_false(uv.loop_alive())
    assert.equal(sink, log.set_sink(former))
  end)

  it("is ended by busted's finally as well", function()
    finally(test.reset)
    test.accept_connect(test.start(chatter.module()))
  end)

  it("begins afresh each time", function()
    test.begin()
    local first = test.start(chatter.module(), nil, { name = "ann" })
    test.advance(70)
    test.begin()
    assert.equal(0, test.clock())
    assert.is_false(first:alive())
    assert(test.start(chatter.module(), nil, { name = "ann" }))
    assert.has_error(function() test.accept_connect(first) end,
      "client ann was not started in the test kit: call test.begin first, or start it by test.start")
  end)

  it("begins by itself at the first call, and has what slipstream.start starts then", function()
    local client = test.start(chatter.module())
    local other = slipstream.start(chatter.module())
    test.accept_connect(other)
    test.accept_connect(client)
  end)

  it("is on for the time of a function, also of one that raises", function()
    local client
    local function story(...)
      client = test.start(chatter.module())
      test.accept_connect(client)
      return ...
    end
    assert.same({ 1, 2 }, { test.with(story, 1, 2) })
    assert.is_false(client:alive())
    assert.has_error(function() test.with(error, "no", 0) end, "no")
    assert.same({}, slipstream.clients())
    assert.has_error(function() test.with(nil) end,
      "bad argument #1 to 'with' (function expected, got no value)")
  end)

  it("lets time pass at once", function()
    local ticks = 0
    local Clock = slipstream.client()
    function Clock:init() self:send_interval(1000, "tick") end
    function Clock:handle_info() ticks = ticks + 1 end -- luacheck: ignore self
    test.start(Clock)
    local began = uv.hrtime()
    test.advance(999)
    assert.equal(0, ticks)
    test.advance(1)
    assert.equal(1, ticks)
    test.advance(3600000)
    assert.equal(3601, ticks)
    assert.equal(3601000, test.clock())
    assert.is_true(uv.hrtime() - began < 60e9) -- an hour that took no hour
    assert.has_error(function() test.advance(-1) end,
      "bad argument #1 to 'advance' (an integer of msec from 0 expected)")
  end)

  it("says that a client finds no rest, where that would take no end", function()
    local text = "the clients find no rest: what they do makes more to do, and no time passes meanwhile"
    local restless = {
      message = function(self) self:client():send "again" end,
      timer = function(self) self:send_after(0, "again") end,
      continue = function() return { continue = 1 } end,
      heartbeat = function(self) while self:ping() do end end, -- luacheck: ignore
    }
    for _, act in pairs(restless) do
      test.begin()
      local Busy = slipstream.client()
      function Busy:init() self:connect { uri = chatter.uri } end
      function Busy:handle_info() return act(self) end
      function Busy:handle_continue() return { continue = 1 } end -- luacheck: ignore self
      local client = test.start(Busy)
      test.accept_connect(client)
      client:send "begin"
      assert.has_error(function() test.advance(1) end, text)
      test.reset()
      assert.same({}, slipstream.clients())
    end
  end)

  it("answers why a client did not start", function()
    local Refusing = slipstream.client()
    function Refusing:init() return "stop", "no reason" end -- luacheck: ignore self
    assert.same({ nil, "no reason" }, { test.start(Refusing) })
  end)

  it("takes no client from elsewhere", function()
    local host <close> = core.pretend()
    local client = assert(slipstream.start(chatter.module(), nil, { host = host }))
    assert.error_matches(function() test.accept_connect(client) end, "was not started in the test kit")
    assert.has_error(function() test.accept_connect "ann" end,
      "bad argument #1 to 'accept_connect' (client expected, got string)")
    client:stop()
    host:advance(0)
  end)

  it("is not for callbacks, nor for what it runs beside itself", function()
    local text = "'advance' is for the test itself: "
    local Busy, err = slipstream.client(), nil
    function Busy:init() self:send_after(5, "now") end
    function Busy:handle_info() err = select(2, pcall(test.advance, 1)) end -- luacheck: ignore self
    test.start(Busy)
    test.advance(5)
    assert.equal(text .. "a client is in the middle of something here", err)
    local others = text .. "not for what slipstream.run or test.async runs"
    assert.has_error(function() test.async(test.advance, 1):await() end, others)
  end)

  it("has options, and no others", function()
    test.begin { timeout = 20 }
    local client = test.start(slipstream.client())
    test.refute_connect(client)
    assert.equal(20, test.clock())
    assert.has_error(function() test.begin { timeouts = 1 } end,
      "bad argument #1 to 'begin' (no such option: timeouts, did you mean timeout?)")
    assert.has_error(function() test.begin { timeout = -1 } end)
  end)

  it("has the same luck each time, unless another seed is wanted", function()
    local function back_off(seed)
      test.begin { seed = seed }
      local client = test.start(chatter.module(nil, { jitter = 1 }))
      test.fail_connect(client)
      test.fail_connect(client)
      test.accept_connect(client)
      return test.clock()
    end
    assert.equal(back_off(1), back_off(1))
    assert.not_equal(back_off(1), back_off(2))
  end)

  it("keeps the log for the test, and writes it when asked", function()
    local lines = {}
    local former = log.set_sink(function(line) lines[#lines + 1] = line end)
    test.begin()
    slipstream.log.warn("beware", { of = "the dog" })
    assert.equal(0, #lines)
    assert.equal("beware", test.log()[1].text)
    assert.same({ of = "the dog" }, test.log()[1].fields)
    test.begin { log = true }
    assert.same({}, test.log())
    slipstream.log.warn "beware"
    test.reset()
    log.set_sink(former)
    assert.equal(1, #lines)
  end)
end)

describe("test_mode", function()
  after_each(test.reset)

  local function connect(config)
    local Client, results = slipstream.client(), nil
    function Client:init() results = table.pack(self:connect(config)) end
    slipstream.start(Client):stop()
    return table.unpack(results, 1, results.n)
  end

  it("keeps a client from any network but that of the kit", function()
    local config = { uri = "ws://127.0.0.1:1/socket", test_mode = true }
    local text = "test_mode: the client was not started in the test kit, see docs/testing.md"
    assert.same({ nil, text, "invalid" }, { connect(config) })
    uv.run "nowait"
    test.begin()
    assert.is_true(connect(config))
  end)

  it("may be off, and is true or false", function()
    test.begin()
    assert.is_true(connect { uri = chatter.uri, test_mode = false })
    assert.same({ nil, "test_mode: boolean expected, got number", "invalid" },
      { connect { uri = chatter.uri, test_mode = 1 } })
  end)
end)
