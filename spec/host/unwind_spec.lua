local phoenix = require "spec.support.phoenix"
local endings = require "slipstream.ending"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local waiting = require "spec.support.waiting"

describe("a client that ends while it waits", function()
  local host, server, clock, trace

  before_each(function()
    host, server, clock = phoenix.pretend()
    trace = {}
  end)
  after_each(function() phoenix.close(host) end)

  local function note(text) trace[#trace + 1] = text end

  local function closing(name)
    return setmetatable({}, { __close = function(_, err) note(name .. (err and " with an error" or "")) end })
  end

  -- Waits for ever, with things to close.
  local function wait_inside(self)
    local _ <close> = closing "outer"
    pcall(function()
      local _ <close> = closing "inner"
      self:await_message("room:1", "never", nil, 60000)
      note "went on"
    end)
    note "went on after pcall"
  end

  local function waiter(own)
    own = own or {}
    own.terminate = own.terminate or function(self, reason)
      note("terminate " .. tostring(reason))
      self:disconnect()
    end
    return waiting.joined_client(host, server, wait_inside, own)
  end

  local function messages(level)
    local list = {}
    for _, entry in ipairs(server.logged) do
      if entry.level == level then list[#list + 1] = entry.text end
    end
    return list
  end

  it("closes its variables in order, once, before terminate, and goes on with nothing else", function()
    local calls = waiter()
    calls.client:stop "normal"
    assert.same({}, trace)
    clock:advance(0)
    assert.same({ "inner", "outer", "terminate normal" }, trace)
    server:expect_close()
    server:send_close(1000)
    clock:advance(100000)
    assert.same({ "inner", "outer", "terminate normal" }, trace)
    assert.is_false(calls.client:alive())
    assert.is_false(calls.socket._waiters)
    assert.same({}, messages "error")
  end)

  it("does so when it is cut without a word", function()
    local calls = waiter()
    endings.kill(calls.socket, "normal")
    assert.same({ "inner", "outer" }, trace)
    assert.is_false(calls.client:alive())
  end)

  it("does so when the host's story ends", function()
    waiter()
    phoenix.close(host)
    assert.same({ "inner", "outer" }, trace)
    host, server, clock = phoenix.pretend()
  end)

  it("does so when another function of its own raises", function()
    local calls = waiting.client(host, server, function(self)
      self:join("room:2", function()
        slipstream.await(function() end, 10)
        error "boom"
      end)
      return wait_inside(self)
    end)
    clock:advance(10)
    assert.same({ "inner", "outer" }, trace)
    assert.equal("script_error", recorder.last(calls, "terminate").kind)
  end)

  it("unwinds connect_params and join params that wait, too", function()
    local module = slipstream.client {}
    function module:init() self:connect { uri = "ws://phoenix.test/socket" } end
    function module.connect_params()
      local _ <close> = closing "params"
      slipstream.await(function() end, 60000)
      note "went on"
    end
    local client = slipstream.start(module, nil, { host = host })
    clock:advance(0)
    client:stop()
    clock:advance(0)
    assert.same({ "params" }, trace)
    assert.is_false(client:alive())
    assert.is_false(server:was_dialled())
  end)

  it("logs what goes wrong while variables are closed, and closes the others", function()
    local calls = waiting.joined_client(host, server, function(self)
      local _ <close> = closing "first"
      local _ <close> = setmetatable({}, { __close = function() error "broken" end })
      local _ <close> = closing "last"
      self:await_message("room:1")
    end)
    calls.client:stop()
    clock:advance(0)
    assert.same({ "last", "first with an error" }, trace)
    assert.equal("normal", recorder.last(calls, "terminate"))
    assert.equal(1, #messages "error")
    server:send_close(1000)
    assert.is_false(calls.client:alive())
  end)

  it("cannot wait while its variables are closed", function()
    local text
    local calls = waiting.joined_client(host, server, function(self)
      local _ <close> = setmetatable({}, { __close = function()
        text = select(2, pcall(function() self:await_message("room:1") end))
      end })
      self:await_message("room:1")
    end)
    calls.client:stop()
    clock:advance(0)
    assert.truthy(text:find("unwind_spec.lua:%d+: 'await_message' waits"), text)
    assert.equal("normal", recorder.last(calls, "terminate"))
  end)

  it("leaves no timer behind", function()
    local calls = waiter()
    calls.socket:send_interval(10, "tick")
    calls.client:stop()
    clock:advance(0)
    server:send_close(1000)
    assert.is_nil(calls.socket._alarm:left())
    assert.is_false(calls.socket._timers)
  end)

  it("leaves no timer behind when a pattern of its raises, whether that is caught or not", function()
    local caught
    local calls = waiting.joined_client(host, server, function(self)
      local function boom() error "boom" end
      pcall(self.await_message, self, boom, nil, nil, 60000)
      caught = { left = self._alarm:left() }
      self:await_message(boom, nil, nil, 60000)
    end)
    calls.join:push("news")
    assert.same({ left = nil }, caught)
    assert.equal("stopping", calls.client:status())
    assert.is_nil(calls.socket._alarm:left())
  end)

  it("is on no list any more, as of one whose start it waits for", function()
    local module, starter, client = slipstream.client {}, slipstream.client {}, nil
    function module:init()
      client = self:client()
      slipstream.await(function() end, 60000)
    end
    function starter.init() slipstream.start(module, nil, { host = host }) end
    slipstream.start(starter, nil, { host = host }):stop()
    assert.truthy(next(client._awaiting))
    clock:advance(1)
    assert.is_nil(next(client._awaiting))
    client:stop()
  end)

  it("answers who called it, and who waits for its end", function()
    local calls = waiter()
    local asker = slipstream.client {}
    local seen = {}
    function asker.handle_info(_, what)
      seen[what] = what == "call" and { calls.client:call "hello" } or { calls.client:await_end() }
    end
    for _, what in ipairs { "call", "await_end" } do
      slipstream.start(asker, nil, { host = host }):send(what)
    end
    clock:advance(0)
    calls.client:stop "done"
    clock:advance(0)
    assert.same({ nil, "done" }, seen.call)
    server:send_close(1000)
    clock:advance(0)
    assert.same({ true, "done" }, seen.await_end)
  end)

  it("may wait for the call of another one, whose reply goes nowhere then", function()
    local from
    local slow = slipstream.client {}
    function slow.handle_call(_, _, given) from = given end
    local server_client = assert(slipstream.start(slow, nil, { host = host }))
    local calls = waiting.client(host, server, function()
      local _ <close> = closing "call"
      server_client:call "hello"
      note "went on"
    end)
    clock:advance(0)
    calls.client:stop()
    clock:advance(0)
    assert.same({ "call" }, trace)
    assert.is_false(slipstream.reply(from, 1))
    assert.is_true(server_client:alive())
    clock:advance(10000)
    assert.same({ "call" }, trace)
  end)

  it("may wait in init: start gives nil and the reason", function()
    local module = slipstream.client {}
    local client
    function module:init()
      client = self:client()
      local _ <close> = closing "init"
      slipstream.await(function() end, 60000)
    end
    local seen
    local starter = slipstream.client {}
    function starter.init() seen = { slipstream.start(module, nil, { host = host }) } end
    slipstream.start(starter, nil, { host = host })
    assert.is_nil(seen)
    client:stop "enough"
    clock:advance(0)
    clock:advance(0)
    assert.same({ "init" }, trace)
    assert.same({ nil, "enough" }, seen)
  end)

  it("may wait in terminate: a kill unwinds that", function()
    local calls = waiting.joined_client(host, server, function() end, {
      terminate = function()
        local _ <close> = closing "terminate"
        slipstream.await(function() end, 60000)
      end,
    })
    calls.client:stop()
    clock:advance(0)
    assert.equal("stopping", calls.client:status())
    endings.kill(calls.socket, "normal")
    assert.same({ "terminate" }, trace)
    assert.is_false(calls.client:alive())
  end)

  it("does not hear what it waited for when both come in the same turn", function()
    local go_on
    local calls = waiting.client(host, server, function()
      slipstream.await(function(resume) go_on = resume end)
      note "went on"
    end)
    calls.client:stop()
    clock:advance(0)
    go_on()
    clock:advance(0)
    assert.same({}, trace)
    assert.is_nil(calls.results)
  end)
end)
