local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("the heartbeat", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() host:close() end)

  local function connected(config)
    local module, calls = recorder.module(config)
    slipstream.start(module, nil, { host = host })
    server:accept()
    return calls
  end

  it("goes out every interval as long as it is answered", function()
    connected { heartbeat_interval_msec = 1000 }
    for _ = 1, 3 do
      clock:advance(999)
      assert.is_true(server:is_silent())
      clock:advance(1)
      server:expect_heartbeat():reply("ok")
    end
  end)

  it("closes with 1000 when it is not answered in time", function()
    local calls = connected { heartbeat_interval_msec = 1000, heartbeat_timeout_msec = 300 }
    clock:advance(1000)
    server:expect_heartbeat()
    clock:advance(299)
    assert.is_true(server:is_silent())
    clock:advance(1)
    assert.same({ 1000, "heartbeat timeout" }, { server:expect_close() })
    assert.equal("heartbeat_timeout", recorder.last(calls, "handle_disconnect").kind)
    clock:advance(10)
    assert.is_true(server:was_dialled())
  end)

  it("goes out at once when asked for, and again an interval after its answer", function()
    local socket = connected({ heartbeat_interval_msec = 1000 }).socket
    clock:advance(900)
    assert.is_true(socket._core:ping())
    local ping = server:expect_heartbeat()
    clock:advance(200)
    assert.is_true(server:is_silent())
    ping:reply("ok")
    clock:advance(999)
    assert.is_true(server:is_silent())
    clock:advance(1)
    server:expect_heartbeat()
  end)

  it("is refused while one is under way, and without a connection", function()
    local socket = connected().socket
    assert.is_true(socket._core:ping())
    assert.same({ nil, "busy", "busy" }, { socket._core:ping() })
    server:expect_heartbeat():reply("ok")
    assert.is_true(socket._core:ping())
    server:drop()
    assert.same({ nil, "not_connected", "not_connected" }, { socket._core:ping() })
  end)

  it("is off at 0", function()
    connected { heartbeat_interval_msec = 0 }
    clock:advance(3600000)
    assert.is_true(server:is_silent())
  end)
end)
