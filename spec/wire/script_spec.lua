-- Scripts on luv's own loop, against the embedded server.
local core = require "slipstream.core"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local new_server = require "slipstream.server".new
local slipstream = require "slipstream"
local uv = require "luv"

describe("slipstream.run #wire", function()
  local handle, config, former

  before_each(function()
    former = log.set_sink(function() end)
    local app = new_server()
    app:channel("room:*", {
      join = function(_, topic) return "ok", { topic = topic } end,
      handle_in = function(_, _, payload) return "reply", "ok", payload end,
    })
    handle = assert(app:listen { port = 0 })
    config = { uri = ("ws://127.0.0.1:%d/socket/websocket"):format(handle.port) }
  end)

  after_each(function()
    handle:stop()
    core.host():close()
    assert.is_true(loop.is_empty())
    log.set_sink(former)
  end)

  it("connects, joins, pushes, pings, and closes what it connected", function()
    local client
    local topic, status, echo, rtt_msec = slipstream.run(function(name)
      local socket = assert(slipstream.connect(config))
      client = socket:client()
      assert(socket:await_connect())
      socket:join(name)
      local response = assert(socket:await_join(name))
      local status, echo = socket:await_reply(socket:push(name, "echo", { n = 1 }))
      return response.topic, status, echo.n, socket:ping()
    end, "room:1")
    assert.same({ "room:1", "ok", 1 }, { topic, status, echo })
    assert.equal("integer", math.type(rtt_msec))
    assert.same({ "ended", "normal" }, { client:status() })
  end)

  it("answers what its function returns, where there is nothing to wait for", function()
    assert.same({ 1, nil, 3 }, { slipstream.run(function(...) return ... end, 1, nil, 3) })
    assert.same({}, { slipstream.run(function() end) })
  end)

  it("raises what its function raises, with the place, when its clients have ended", function()
    local client
    local ok, text = pcall(slipstream.run, function()
      local socket = slipstream.connect(config)
      client = socket:client()
      socket:await_connect()
      error "boom"
    end)
    assert.is_false(ok)
    assert.truthy(text:find "^spec/wire/script_spec.lua:%d+: boom\nstack traceback:")
    assert.is_false(client:alive())
  end)

  it("waits for a timer of luv's and for the clients that it started", function()
    local module, has_ended = slipstream.client {}, false
    function module:init() self:send_after(20, "stop") end
    function module.handle_info() return "stop" end
    function module.terminate() has_ended = true end
    local answer = slipstream.run(function()
      slipstream.start(module)
      local timer <const> = uv.new_timer()
      return slipstream.await(function(go_on)
        timer:start(5, 0, function()
          timer:close()
          go_on "rang"
        end)
      end)
    end)
    assert.equal("rang", answer)
    assert.is_true(has_ended)
  end)

  it("lets nobody wait in a callback of luv's", function()
    local failure
    slipstream.run(function()
      slipstream.await(function(go_on)
        local timer = uv.new_timer()
        timer:start(1, 0, function()
          timer:close()
          failure = select(2, pcall(slipstream.await, function() end))
          go_on()
        end)
      end)
    end)
    assert.truthy(failure:find("'await' waits: call it in a callback", 1, true), failure)
  end)
end)

describe("slipstream.run with nothing else on the loop #wire", function()
  it("ends a client that waits in terminate when nothing is left that could happen", function()
    assert.is_true(loop.is_empty())
    local idle, module, seen = slipstream.client {}, slipstream.client {}, {}
    function module.terminate()
      local _ <close> = setmetatable({}, { __close = function() seen.is_unwound = true end })
      slipstream.run(function() seen.idle = slipstream.start(idle) end)
    end
    slipstream.run(function() seen.client = slipstream.start(module) end)
    assert.equal("ended", seen.client:status())
    assert.is_true(seen.is_unwound)
    assert.is_false(uv.run "default")
    assert.equal("ended", seen.idle:status())
    core.host():close()
    assert.is_true(loop.is_empty())
  end)
end)
