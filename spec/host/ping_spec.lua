local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local script = require "slipstream.script"
local slipstream = require "slipstream"
local waiting = require "spec.support.waiting"

local results = waiting.results

describe("a ping", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function ping(self) return self:ping() end

  it("gives the time to the answer of the server", function()
    local calls = waiting.client(host, server, ping)
    local heartbeat = server:expect_heartbeat()
    clock:advance(37)
    assert.is_nil(calls.results)
    heartbeat:reply("ok")
    assert.equal(37, (results(calls)))
  end)

  it("needs no heartbeat of the client's own", function()
    local calls = waiting.client(host, server, ping, nil, { heartbeat_interval_msec = 0 })
    server:expect_heartbeat():reply("ok")
    assert.equal(0, (results(calls)))
    clock:advance(100000)
    assert.is_true(server:is_silent())
  end)

  it("shares the heartbeat that is under way", function()
    local calls = waiting.client(host, server, function(self)
      slipstream.await(function() end, 1020)
      return self:ping()
    end, nil, { heartbeat_interval_msec = 1000 })
    clock:advance(1020)
    local heartbeat = server:expect_heartbeat()
    assert.is_true(server:is_silent())
    clock:advance(10)
    heartbeat:reply("ok")
    assert.equal(30, (results(calls)))
  end)

  it("may be asked for by two at once", function()
    local socket
    local seen = {}
    local function ping_too()
      local rtt_msec = socket:ping()
      seen[#seen + 1] = rtt_msec
    end
    script.begin({ host = host }, function()
      socket = assert(slipstream.connect({ uri = "ws://phoenix.test/socket" }))
      socket:await_connect()
      ping_too()
    end)
    server:accept()
    clock:advance(5)
    script.begin({ host = host }, ping_too)
    clock:advance(5)
    local heartbeat = server:expect_heartbeat()
    assert.is_true(server:is_silent())
    heartbeat:reply("ok")
    assert.same({ 10, 10 }, seen)
  end)

  it("gives up after 5000 msec, and the next one waits on", function()
    local calls = waiting.client(host, server, function(self)
      local _, first = self:ping()
      return first, self:ping()
    end)
    local heartbeat = server:expect_heartbeat()
    clock:advance(4999)
    assert.is_nil(calls.results)
    clock:advance(11)
    heartbeat:reply("ok")
    assert.same({ "timeout", 5010 }, { results(calls) })
  end)

  it("does not take the answer to an earlier one", function()
    local calls = waiting.client(host, server, function(self)
      self:ping(10)
      self:await_message("room:1", nil, nil, 100) -- the answer comes now
      return self:ping()
    end)
    local first = server:expect_heartbeat()
    clock:advance(50)
    first:reply("ok")
    clock:advance(60)
    local second = server:expect_heartbeat()
    assert.is_nil(calls.results)
    clock:advance(7)
    second:reply("ok")
    assert.equal(7, (results(calls)))
  end)

  it("ends with the connection, which it cuts when it is not answered", function()
    local calls = waiting.client(host, server, function(self) return self:ping(20000) end)
    server:expect_heartbeat()
    clock:advance(15000)
    assert.equal("heartbeat_timeout", select(2, results(calls)).kind)
    clock:advance(0)
    assert.equal("heartbeat_timeout", recorder.last(calls, "handle_disconnect").kind)
    local other = waiting.client(host, server, ping)
    server:drop()
    assert.equal("connection_lost", select(2, results(other)).kind)
  end)

  it("is not sent where there is no connection", function()
    local calls = waiting.client(host, server, function(self)
      self:disconnect()
      return self:ping()
    end)
    assert.same({ nil, "not_connected", "not_connected" }, { results(calls) })
  end)

  it("is nobody else's event: a client that waits for something else goes on", function()
    local calls = waiting.joined_client(host, server, function(self)
      return self:await_message("room:1", nil, nil, 20000)
    end, nil, { heartbeat_interval_msec = 1000 })
    for _ = 1, 3 do
      clock:advance(1000)
      server:expect_heartbeat():reply("ok")
    end
    calls.join:push("new", { n = 1 })
    assert.same({ n = 1 }, (results(calls)))
    clock:advance(0)
    assert.is_true(calls.client:alive())
    assert.same({ "handle_connect" }, recorder.names(calls))
  end)
end)
