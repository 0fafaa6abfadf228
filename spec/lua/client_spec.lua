local log = require "slipstream.log"
local slipstream = require "slipstream"

describe("a client module", function()
  local former

  before_each(function() former = log.set_sink(function() end) end)
  after_each(function() log.set_sink(former) end)

  -- Starts a client whose init is that function.
  local function with_init(init)
    local module = slipstream.client {}
    module.init = init
    return slipstream.start(module)
  end

  it("finds a name in itself, then in the defaults, then among the socket's methods", function()
    local module = slipstream.client {}
    assert.equal(slipstream.default.handle_connect, module.handle_connect)
    function module.handle_connect() end
    assert.not_equal(slipstream.default.handle_connect, module.handle_connect)
    assert.is_function(module.push)
    assert.is_nil(module.no_such_thing)
    assert.is_true(slipstream.is_client(module))
    assert.is_false(slipstream.is_client {})
    assert.is_false(slipstream.is_client(nil))
  end)

  it("refuses options that there are not", function()
    local function client(options) return function() slipstream.client(options) end end
    local function says(words) return "bad argument #1 to 'client' (" .. words .. ")" end
    assert.has_error(client { restrat = "x" }, says "no such option: restrat, did you mean restart?")
    assert.has_error(client { restart = "often" },
      says [[restart: "permanent", "transient" or "temporary" expected, got "often"]])
    assert.has_error(client(7), says "table expected, got number")
  end)

  it("gets its args, and assigns are its own", function()
    local seen = {}
    local module = slipstream.client {}
    function module:init(args)
      self:assign("n", args):assign { a = 1, b = 2 }
      self:update("n", function(n) return n + 1 end)
      seen[#seen + 1] = self.assigns
    end
    slipstream.start(module, 1):stop()
    slipstream.start(module, 5):stop()
    assert.same({ { n = 2, a = 1, b = 2 }, { n = 6, a = 1, b = 2 } }, seen)
  end)

  it("cannot update what was not assigned", function()
    local _, reason = with_init(function(self) self:update("n", print) end)
    assert.truthy(reason.text:find("client_spec.lua:%d+: no such key in assigns: n"))
  end)

  it("answers requests without a connection", function()
    local answers
    with_init(function(self)
      answers = {
        { self:join "room:1" }, { self:push("room:1", "x") }, { self:rejoin "room:1" },
        { self:reconnect() }, { self:leave "room:1" }, { self:disconnect() }, { self:connected() },
        { self:joined "room:1" }, { self:join_status "room:1" }, { self:stats() },
      }
    end):stop()
    local function no(code) return { nil, code, code } end
    assert.same({
      no "not_connected", no "not_connected", no "never_joined", no "no_config",
      { true }, { true }, { false }, { false }, {}, no "no_config",
    }, answers)
  end)

  -- What a method raises, without its place, which must be here.
  local function fault_of(call)
    local ok, text = pcall(call)
    assert.is_false(ok)
    local words = text:match "^[^:]*client_spec.lua:%d+: (.*)$"
    assert.truthy(words, text)
    return words
  end

  it("raises on wrong arguments, at the caller's line and with the caller's words", function()
    local wrong = {
      { "join", 7 }, { "join", "room:1", 7 }, { "rejoin" }, { "leave" }, { "push", "room:1" },
      { "join_status" }, { "joined" }, { "push_or_raise" }, { "connect" }, { "connect", "ws://phoenix.test" },
      { "push", "room:1", "x", {}, 7 }, { "push", "room:1", "x", {}, { timeout = 0 } },
      { "push", "room:1", "x", {}, { timeout = 0x80000000 } }, { "push", "room:1", "x", {}, { timeuot = 1 } },
      { "push", "room:1", "x", {}, { timeout = "1" } }, { "push", "room:1", "x", {}, { buffer = 1 } },
      { "disconnect", "1000" }, { "disconnect", 70000 }, { "disconnect", 1006 }, { "disconnect", 1000, 7 },
      { "update", "n" }, { "assign" }, { "assign", 0 / 0 },
    }
    local positions = { 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 1, 1, 1, 2, 2, 1, 1 }
    with_init(function(self)
      for i, call in ipairs(wrong) do
        local words = fault_of(function() self[call[1]](self, table.unpack(call, 2)) end)
        local wanted = "^bad argument #" .. positions[i] .. " to '[^']*' %(.+%)$"
        assert.truthy(words:find(wanted), words)
      end
      assert.equal("bad argument #4 to 'push' (no such option: timeuot, did you mean timeout?)",
        fault_of(function() self:push("room:1", "x", {}, { timeuot = 1 }) end))
      assert.equal("bad argument #1 to 'push_or_raise' (string expected, got no value)",
        fault_of(function() self:push_or_raise() end))
    end):stop()
  end)

  it("names the codes that may be sent when one may not", function()
    local words = "(a close code from 1000 to 1003, 1007 to 1014 or 3000 to 4999 expected, got 70000)"
    with_init(function(self)
      assert.equal("bad argument #1 to 'disconnect' " .. words,
        fault_of(function() self:disconnect(70000) end))
    end):stop()
    local client = with_init(function() end)
    assert.equal("bad argument #2 to 'stop' " .. words, fault_of(function() client:stop("x", 70000) end))
    client:stop()
  end)

  it("names what was called in a tail call, whose place is lost", function()
    with_init(function(self)
      local function leave() return self:leave() end
      assert.has_error(leave, "bad argument #1 to 'leave' (string expected, got no value)")
    end):stop()
    local client = with_init(function() end)
    local function await_end() return client:await_end "soon" end
    assert.has_error(await_end,
      "bad argument #1 to 'await_end' (an integer of msec from 0 to 2147483647 expected, got soon)")
    client:stop()
  end)

  it("raises when a method is called with a dot", function()
    local client = with_init(function(self)
      assert.equal("calling 'push' on bad self (slipstream.socket expected, got string)",
        fault_of(function() self.push("room:1", "x") end))
      assert.equal("calling 'connected' on bad self (slipstream.socket expected, got no value)",
        fault_of(function() self.connected() end))
      assert.equal("calling 'leave' on bad self (slipstream.socket expected, got slipstream.module)",
        fault_of(function() self.leave(slipstream.client(), "room:1") end))
    end)
    assert.equal("calling 'stop' on bad self (slipstream.client expected, got no value)",
      fault_of(function() client.stop() end))
    client:stop()
  end)

  it("says by default that it does not know calls, casts and continues", function()
    for _, name in ipairs { "handle_call", "handle_cast", "handle_continue" } do
      local _, reason = with_init(function(self) self[name](self) end)
      assert.truthy(reason.text:find(name .. " is not implemented", 1, true))
    end
    with_init(function(self) self:handle_info("x") end):stop()
  end)
end)

describe("slipstream", function()
  it("marks bytes and arrays", function()
    assert.equal("\0", slipstream.binary("\0").bytes)
    assert.equal(slipstream.array_mt, getmetatable(slipstream.array { 1 }))
    assert.same({}, slipstream.array())
    assert.has_error(function() slipstream.binary(7) end,
      "bad argument #1 to 'binary' (string expected, got number)")
    assert.has_error(function() slipstream.array(7) end,
      "bad argument #1 to 'array' (table expected, got number)")
  end)
end)
