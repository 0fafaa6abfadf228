-- What a client does about its reconnect for the server's sake.
local log = require "slipstream.log"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local workers = require "spec.support.workers"

describe("the reconnect policy", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function()
    log.set_level "info"
    phoenix.close(host)
  end)

  local function start(own, config)
    local module, calls = recorder.module(config, own)
    slipstream.start(module, nil, { host = host })
    return calls
  end

  -- Lets time pass until the client dials, and answers how much that was.
  local function time_to_dial(most_msec)
    local waited = 0
    while not server:was_dialled() and waited < most_msec do
      clock:advance(1)
      waited = waited + 1
    end
    assert.is_true(server:was_dialled(), ("no dial in %d msec"):format(most_msec))
    return waited
  end

  local function end_with(code)
    server:send_close(code)
    assert.equal(code, (server:expect_close()))
  end

  local function logged(level) return workers.logged(server, level) end

  for _, code in ipairs { 1000, 1001, 1002, 1011, 4000 } do
    it(("goes by the table after a close with %d"):format(code), function()
      start()
      server:accept()
      end_with(code)
      assert.equal(10, time_to_dial(10))
    end)
  end

  it("goes by the table after a loss without a word", function()
    start()
    server:accept()
    server:drop()
    assert.equal(10, time_to_dial(10))
  end)

  it("gives a server that restarts (1012) one to five seconds", function()
    local waits = {}
    for seed = 1, 20 do
      host:close()
      host, server, clock = phoenix.pretend(seed)
      start()
      server:accept()
      end_with(1012)
      waits[seed] = time_to_dial(5000)
      assert.is_true(waits[seed] >= 1000)
    end
    table.sort(waits)
    assert.is_true(waits[20] - waits[1] > 2000, "all waits are about the same")
  end)

  it("gives a server that is full (1013) half a minute to one", function()
    start()
    server:accept()
    end_with(1013)
    assert.is_true(time_to_dial(60000) >= 30000)
  end)

  it("stops at 1008, and says so", function()
    local calls = start()
    server:accept()
    end_with(1008)
    clock:advance(3600000)
    assert.is_false(server:was_dialled())
    assert.is_true(recorder.last(calls, "handle_disconnect").is_final)
    assert.same({ "not reconnecting: the server does not want this client" }, logged "warn")
  end)

  it("lets a script reconnect after 1008 all the same", function()
    start { handle_disconnect = function(self) assert(self:reconnect()) end }
    server:accept()
    end_with(1008)
    assert.equal(10, time_to_dial(10))
  end)

  for _, status in ipairs { "401 Unauthorized", "403 Forbidden" } do
    it(("asks for new params and goes on after %s"):format(status), function()
      local asked = {}
      start { connect_params = function(_, attempt, last)
        asked[#asked + 1] = { attempt, last and last.status }
        return { params = { token = "t" .. attempt } }
      end }
      server:refuse(status)
      assert.equal(10, time_to_dial(10))
      local line = server:accept().line
      assert.truthy(line:find("token=t2", 1, true), line)
      assert.same({ { 1 }, { 2, tonumber(status:sub(1, 3)) } }, asked)
    end)
  end

  -- The server refuses with these headers; how long the client stays away.
  local function wait_after(status, headers)
    start()
    server:read_request()
    server:send_raw(("HTTP/1.1 %s\r\n%sContent-Length: 0\r\n\r\n"):format(status, headers))
    return time_to_dial(100000)
  end

  it("takes Retry-After in seconds", function()
    local wait = wait_after("503 Service Unavailable", "Retry-After: 20\r\n")
    assert.is_true(wait >= 20000 and wait <= 22000, wait)
  end)

  it("takes Retry-After as a date, next to the answer's own", function()
    local wait = wait_after("429 Too Many Requests", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      .. "Retry-After: Sun, 06 Nov 1994 08:49:57 GMT\r\n")
    assert.is_true(wait >= 20000 and wait <= 22000, wait)
  end)

  it("takes Retry-After as a date by the calendar, when the answer has none", function()
    -- the pretended calendar begins at midnight, and its clock at one second
    local wait = wait_after("503 Service Unavailable", "Retry-After: Thu, 01 Jan 2026 00:00:21 GMT\r\n")
    assert.is_true(wait >= 20000 and wait <= 22000, wait)
  end)

  it("goes by the table after a refusal that does not say when", function()
    assert.equal(10, wait_after("503 Service Unavailable", ""))
  end)

  it("holds for a script that reconnects by itself", function()
    local calls = start { handle_disconnect = function() end }
    server:accept()
    end_with(1013)
    clock:advance(10000)
    assert.is_true(calls.socket:reconnect())
    assert.is_true(time_to_dial(50000) >= 20000)
  end)

  describe("for a connection that flaps", function()
    -- Connects and is dropped at once, so often; how long it waits after the last time.
    local function drop(count)
      local wait
      for _ = 1, count do
        server:accept()
        server:drop()
        wait = time_to_dial(5000)
      end
      return wait
    end

    it("waits for the longest step from the tenth drop on, and warns once", function()
      start(nil, { stable_after_msec = 0 })
      assert.equal(10, drop(9))
      assert.same({}, logged "warn")
      assert.equal(5000, drop(1))
      assert.equal(5000, drop(1))
      assert.same({ "flapping: connections are lost as soon as they are made" }, logged "warn")
    end)

    it("goes by the table again after a connection that held, and warns the next time", function()
      start(nil, { stable_after_msec = 0 })
      assert.equal(5000, drop(10))
      server:accept()
      clock:advance(5000)
      server:drop()
      assert.equal(10, time_to_dial(5000))
      assert.equal(5000, drop(10))
      assert.equal(2, #logged "warn")
    end)
  end)
end)
