local config = require "slipstream.config"
local log = require "slipstream.log"
local core = require "slipstream.core"
local event = require "slipstream.event"
local reason = require "slipstream.reason"
local slipstream = require "slipstream"

-- A client's core that only notes what it is asked; `answers` has what it answers.
local function fake_core(answers)
  local calls = {}
  return setmetatable({ calls = calls }, { __index = function(_, name)
    return function(_, ...)
      calls[#calls + 1] = { name, ... }
      return table.unpack(answers[name] or { true })
    end
  end })
end

describe("the process", function()
  local former, logged, client, socket, fake, host

  -- A running client with a fake core.
  local function start(own, answers)
    local module = slipstream.client { restart = "temporary" }
    for name, fn in pairs(own or {}) do module[name] = fn end
    client = assert(slipstream.start(module, nil, { host = host }))
    fake = fake_core(answers or {})
    socket = client._socket
    socket._core = fake
    socket._config = assert(config.read { uri = "ws://phoenix.test/socket" })
  end

  local function asked(name)
    local found = {}
    for _, call in ipairs(fake.calls) do
      if call[1] == name then found[#found + 1] = { table.unpack(call, 2) } end
    end
    return found
  end

  local function stop(...)
    client:stop(...)
    host:advance(0)
  end

  before_each(function()
    host = core.pretend()
    logged = {}
    former = log.set_sink(function(_, entry) logged[#logged + 1] = entry end)
  end)

  after_each(function()
    if client then stop() end
    client = nil
    host:close()
    log.set_sink(former)
  end)

  it("answers connect_due with what to dial", function()
    start()
    event.connect_due(socket, 1)
    assert.same({ { { uri = "ws://phoenix.test/socket?vsn=2.0.0" } } }, asked "dial")
  end)

  it("gives an attempt up in words when it cannot be dialled", function()
    start({ connect_params = function() return { nonsense = 1 } end })
    event.connect_due(socket, 1)
    local fault = "connect_params: nonsense: no such key; there are auth_token, headers, params, uri"
    assert.same({ { fault } }, asked "dial_failed")
    start(nil, { dial = { nil, "not_due", "not_due" } })
    event.connect_due(socket, 1)
    assert.same({}, asked "dial_failed")
    start(nil, { dial = { nil, "no memory", "no_memory" } })
    event.connect_due(socket, 1)
    assert.same({ { "no memory" } }, asked "dial_failed")
  end)

  it("sends a join again later when it has no room now", function()
    start(nil, { send_join = { nil, "queue_full", "queue_full" } })
    socket._params = { ["room:1"] = '{"a":1}' }
    event.join_due(socket, "room:1")
    assert.same({ { "room:1", '{"a":1}', false } }, asked "send_join")
    assert.same({ { "room:1" } }, asked "drop_join")
    assert.same({ { "room:1" } }, asked "rejoin")
  end)

  it("lets a join go that is not due any more", function()
    start(nil, { send_join = { nil, "not_due", "not_due" } })
    event.join_due(socket, "room:1")
    assert.same({}, asked "drop_join")
  end)

  it("reconnects and rejoins by default", function()
    start()
    event.disconnected(socket, reason.new "connection_lost")
    assert.equal(1, #asked "reconnect")
    event.topic_closed(socket, "room:1", reason.new "channel_error")
    event.topic_closed(socket, "room:1", reason.new "channel_closed")
    event.topic_closed(socket, "room:1", reason.new "disconnected")
    assert.same({ { "room:1" } }, asked "rejoin")
  end)

  it("puts the reason in the place of a reply that there is not", function()
    local seen = {}
    start { handle_reply = function(_, ...) seen[#seen + 1] = { ... } end }
    local lost = reason.new "disconnected"
    event.reply(socket, 7, "ok", { a = 1 })
    event.reply(socket, 8, "error", nil, lost)
    assert.same({ { 7, "ok", { a = 1 } }, { 8, "error", lost } }, seen)
  end)

  it("waits for the end of the connection before a client has ended", function()
    start(nil, { idle = { false } })
    stop()
    assert.is_true(client:alive())
    assert.is_true(#asked "disconnect" > 0)
    assert.same({}, asked "close")
    event.disconnected(socket, reason.new "closed_by_client")
    assert.is_false(client:alive())
    assert.equal(1, #asked "close")
  end)

  it("tells a watcher once, until it is told no more", function()
    local seen = {}
    local unwatch = slipstream.watch(function(...) seen[#seen + 1] = { ... } end)
    start()
    local calm = client
    stop "normal"
    start()
    stop "on fire"
    unwatch()
    start()
    stop()
    assert.equal(2, #seen)
    assert.equal(calm, seen[1][1])
    assert.same({ "normal", false }, { seen[1][2], seen[1][3] })
    assert.same({ "on fire", true }, { seen[2][2], seen[2][3] })
  end)

  it("tells all watchers that there were, also when one of them goes", function()
    local seen, unwatch = {}, nil
    unwatch = slipstream.watch(function()
      seen[#seen + 1] = "first"
      unwatch()
    end)
    local unwatch_second = slipstream.watch(function() seen[#seen + 1] = "second" end)
    start()
    stop()
    unwatch_second()
    assert.same({ "first", "second" }, seen)
  end)

  it("tells a function that watches twice until both have ended", function()
    local count = 0
    local function note() count = count + 1 end
    local unwatch, unwatch_second = slipstream.watch(note), slipstream.watch(note)
    unwatch()
    unwatch()
    start()
    stop()
    unwatch_second()
    start()
    stop()
    assert.equal(1, count)
  end)

  it("outlives a watcher that raises", function()
    local unwatch = slipstream.watch(function() error("boom") end)
    start()
    stop()
    unwatch()
    assert.is_false(client:alive())
    assert.truthy(logged[#logged].text:find("boom", 1, true))
  end)

  it("ends a client when one of its own handlers was at fault", function()
    start()
    event.failed(socket, "message", "the text")
    assert.is_false(client:alive())
    assert.equal("error", logged[1].level)
  end)

  it("lists clients in the order of their starts, by name", function()
    local module = slipstream.client {}
    local before = #slipstream.clients()
    local one = slipstream.start(module, nil, { name = "ann", host = host })
    local two = slipstream.start(module, nil, { host = host })
    local list = slipstream.clients()
    assert.equal(one, list[before + 1])
    assert.equal(two, list[before + 2])
    assert.equal("client ann", tostring(one))
    one:stop()
    two:stop()
    host:advance(0)
    assert.equal(before, #slipstream.clients())
  end)

  it("starts client modules only", function()
    local fault = "bad argument #1 to 'start' (client module expected)"
    assert.has_error(function() slipstream.start {} end, fault)
    assert.has_error(function() slipstream.start() end, fault)
  end)

  it("refuses options of start that there are not, and watches with functions only", function()
    local module = slipstream.client()
    local function fault_of(options)
      local ok, text = pcall(function() slipstream.start(module, nil, options) end)
      assert.is_false(ok)
      return text:match "^[^:]*process_spec.lua:%d+: bad argument #3 to 'start' %((.*)%)$"
    end
    assert.equal("no such option: nmae, did you mean name?", fault_of { nmae = "ann" })
    assert.equal("name: string expected, got number", fault_of { name = 7 })
    assert.equal("table expected, got string", fault_of "ann")
    assert.has_error(function() slipstream.watch() end,
      "bad argument #1 to 'watch' (function expected, got no value)")
  end)
end)
