-- Peers that are there and say nothing, at each stage of the way to a connection: that is noticed in the
-- configured time, the reason names the stage, the link is closed at once, and the next attempt follows.
local core = require "slipstream.core"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local recorder = require "spec.support.recorder"
local shell = require "spec.support.shell"
local slipstream = require "slipstream"
local uv = require "luv"

local TIMEOUT = 80 -- msec
local SOON = 2000 -- msec; the machine may be busy

describe("a silent peer #wire", function()
  local server, client, attempts, former

  before_each(function()
    former = log.set_sink(function() end)
    server, attempts = raw_server.listen(), 0
  end)

  after_each(function()
    client:stop()
    assert.is_true(loop.wait(function() return not client:alive() end))
    server:close()
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
    log.set_sink(former)
  end)

  local function uri(scheme, host)
    return ("%s://%s:%d/socket/websocket"):format(scheme, host or "127.0.0.1", server.port)
  end

  -- Connects, and waits until the attempt is given up for that stage.
  local function assert_noticed(stage, config)
    config.connect_timeout_msec, config.reconnect_after_msec = TIMEOUT, { 20 }
    local reason
    local module = recorder.module(config, {
      connect_params = function(_, attempt) attempts = attempt end,
      handle_disconnect = function(self, given)
        reason = reason or given
        return slipstream.default.handle_disconnect(self, given)
      end,
    })
    local began = uv.hrtime()
    client = assert(slipstream.start(module))
    assert.is_true(loop.wait(function() return reason end))
    local msec = (uv.hrtime() - began) / 1e6
    assert.same({ "connect_timeout", stage }, { reason.kind, reason.stage })
    assert.is_true(msec >= TIMEOUT - 1 and msec < TIMEOUT + SOON, msec)
  end

  local function assert_tries_again()
    assert.is_true(loop.wait(function() return attempts > 1 end))
  end

  local function assert_hung_up()
    assert.truthy(server:accept():ending())
  end

  -- Takes all threads that resolve names: each waits until somebody writes to a FIFO. Answers what frees
  -- them.
  local function keep_resolvers_busy()
    local path = program.folder() .. "/fifo"
    assert(shell.run("mkfifo " .. path))
    local count, opened = tonumber(os.getenv "UV_THREADPOOL_SIZE" or 4), 0
    for _ = 1, count do
      uv.fs_open(path, "r", 0, function(_, file)
        opened = opened + 1
        uv.fs_close(file)
      end)
    end
    return function()
      local writer = assert(io.open(path, "w"))
      assert.is_true(loop.wait(function() return opened == count end))
      writer:close()
    end
  end

  it("resolves no name, for long", function()
    local free = keep_resolvers_busy()
    assert_noticed("dns", { uri = uri("ws", "localhost") })
    assert_tries_again()
    free()
    assert.truthy(server:accept():key())
  end)

  -- Linux drops what would come into a full queue. luv takes one out of it, and then no more.
  local function fill_queue()
    local full = uv.new_tcp()
    local handles = { full }
    assert(full:bind("127.0.0.1", 0))
    assert(full:listen(1, function() end))
    local port = full:getsockname().port
    for _ = 1, 8 do
      local caller = uv.new_tcp()
      handles[#handles + 1] = caller
      caller:connect("127.0.0.1", port, function() end)
      loop.turn()
    end
    return port, handles
  end

  it("does not even accept", function()
    local port, handles = fill_queue()
    assert_noticed("tcp", { uri = ("ws://127.0.0.1:%d/"):format(port) })
    assert_tries_again()
    for _, handle in ipairs(handles) do loop.close(handle) end
  end)

  it("is a proxy", function()
    local proxy = ("http://127.0.0.1:%d"):format(server.port)
    assert_noticed("proxy", { uri = "ws://phoenix.test/", proxy = proxy })
    assert_hung_up()
    assert_tries_again()
  end)

  it("does not answer the TLS handshake", function()
    assert_noticed("tls", { uri = uri "wss" })
    assert_hung_up()
    assert_tries_again()
  end)

  it("does not answer the upgrade", function()
    assert_noticed("upgrade", { uri = uri "ws" })
    assert_hung_up()
    assert_tries_again()
  end)
end)
