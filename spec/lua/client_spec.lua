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
    local function fault(options) return select(2, pcall(slipstream.client, options)) end
    local guess = "client: no such option: restrat, did you mean restart?"
    assert.truthy(fault({ restrat = "x" }):find(guess, 1, true))
    assert.truthy(fault({ restart = "often" }):find("got often", 1, true))
    assert.truthy(fault(7):find("bad argument #1 to 'client'", 1, true))
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

  it("raises on wrong arguments, at the caller's line", function()
    local calls = {
      { "join", 7 }, { "join", "room:1", 7 }, { "rejoin" }, { "leave" }, { "push", "room:1" },
      { "join_status" },
      { "push", "room:1", "x", {}, 7 }, { "push", "room:1", "x", {}, { timeout = 0 } },
      { "push", "room:1", "x", {}, { buffer = true } }, { "disconnect", "1000" }, { "update", "n" },
    }
    with_init(function(self)
      for _, call in ipairs(calls) do
        local ok, text = pcall(function() self[call[1]](self, table.unpack(call, 2)) end)
        assert.is_false(ok)
        assert.truthy(text:find("^[^:]*client_spec.lua:%d+: "), text)
      end
    end):stop()
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
    assert.has_error(function() slipstream.binary(7) end, "bad argument #1 to 'binary' (string expected)")
    assert.has_error(function() slipstream.array(7) end, "bad argument #1 to 'array' (table expected)")
  end)
end)
