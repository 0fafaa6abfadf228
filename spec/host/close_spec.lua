local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("closing", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() host:close() end)

  local function start(own, config)
    local module, calls = recorder.module(config, own)
    local client = slipstream.start(module, nil, { host = host })
    return client, calls
  end

  it("is the closing handshake, with the code and text that were asked for", function()
    local _, calls = start { handle_disconnect = function() end }
    server:accept()
    assert.is_true(calls.socket:disconnect(4001, "bye"))
    assert.same({ 4001, "bye" }, { server:expect_close() })
    server:send_close(4001)
    local reason = recorder.last(calls, "handle_disconnect")
    assert.equal("closed_by_client", reason.kind)
    assert.equal("graceful", server.peer:closed())
  end)

  it("does nothing when there is nothing to close", function()
    local module = slipstream.client {}
    local answer
    function module:init() answer = self:disconnect() end
    slipstream.start(module, nil, { host = host })
    assert.is_true(answer)
  end)

  it("carries a text of at most 123 bytes, and the reason has what was sent", function()
    local _, calls = start { handle_disconnect = function() end }
    server:accept()
    assert.same({ nil, "text: not valid UTF-8", "utf8" }, { calls.socket:disconnect(1000, "\xff") })
    assert.is_true(server:is_silent())
    assert.is_true(calls.socket:disconnect(1000, ("€"):rep(50)))
    assert.same({ 1000, ("€"):rep(41) }, { server:expect_close() })
    server:send_close(1000)
    assert.equal(("€"):rep(41), recorder.last(calls, "handle_disconnect").text)
  end)

  it("for a fault of the server's says in the reason with which code", function()
    local faults = {
      { 1002, "protocol_error", { opcode = 3 } },
      { 1007, "protocol_error", { payload = "\xff" } },
      { 1007, "protocol_error", { payload = "{}" } },
      { 1009, "message_too_big", { payload = ("x"):rep(2000) } },
    }
    for _, fault in ipairs(faults) do
      local code, kind, frame = table.unpack(fault)
      local client, calls = start({ handle_disconnect = function() end }, { max_message_bytes = 1000 })
      server:accept()
      server:send_frame(frame)
      assert.equal(code, (server:expect_close()))
      server:drop()
      local reason = recorder.last(calls, "handle_disconnect")
      assert.same({ kind, code }, { reason.kind, reason.code })
      client:stop()
    end
  end)

  it("waits at most five seconds for the server's answer", function()
    local client = start()
    server:accept()
    client:stop()
    assert.equal(1000, (server:expect_close()))
    clock:advance(4999)
    assert.is_true(client:alive())
    clock:advance(1)
    assert.is_false(client:alive())
  end)

  it("of a client runs terminate, and no callback after it", function()
    local client, calls = start()
    server:accept()
    client:stop("shutdown")
    client:stop("again")
    server:expect_close()
    server:send_close(1000)
    assert.same({ "handle_connect", "terminate" }, recorder.names(calls))
    assert.equal("shutdown", recorder.last(calls, "terminate"))
    assert.is_false(client:alive())
  end)

  it("for a shutdown leaves the topics first, then closes with its code", function()
    local client = start { handle_connect = function(self) self:join("room:1") end }
    server:accept()
    server:expect_join("room:1"):reply("ok")
    client:stop("shutdown", 1001)
    server:expect_leave("room:1")
    assert.equal(1001, (server:expect_close()))
    server:send_close(1001)
    assert.is_false(client:alive())
  end)

  it("ends a client at once that is dialling or waiting to", function()
    local dialling = start()
    assert.is_true(server:was_dialled())
    dialling:stop()
    clock:advance(0)
    assert.is_false(dialling:alive())
    local waiting = start()
    server:take_dial():finish("tcp", "connection refused")
    clock:advance(0)
    waiting:stop()
    clock:advance(0)
    assert.is_false(waiting:alive())
    clock:advance(60000)
    assert.is_false(server:was_dialled())
  end)

  it("leaves no trace: ended clients are collected, running ones are not", function()
    local others = #slipstream.clients()
    local ended = setmetatable({}, { __mode = "v" })
    ended[1] = start()
    server:accept()
    collectgarbage()
    assert.is_true(ended[1]:alive())
    ended[1]:stop()
    server:expect_close()
    server:send_close(1000)
    collectgarbage()
    collectgarbage()
    assert.is_nil(ended[1])
    assert.equal(others, #slipstream.clients())
  end)

  it("may happen in any callback", function()
    local story = {
      handle_connect = function() end,
      handle_join = function(join) join:reply("ok") end,
      handle_message = function(join) join:reply("ok"):push("new") end,
      handle_topic_close = function(join) join:reply("error") end,
      handle_leave = function(join) join:reply("ok"):push("leave") end,
    }
    for name, tell in pairs(story) do
      local own = {
        handle_connect = function(self) self:join("room:1") end,
        handle_message = function(self, topic) self:leave(topic) end,
      }
      own[name] = function() return "stop", "normal" end
      local client = start(own)
      server:accept()
      if name ~= "handle_connect" then tell(server:expect_join("room:1")) end
      if name == "handle_leave" then server:expect_leave("room:1"):reply("ok") end
      assert.equal(1000, (server:expect_close()), name)
      server:send_close(1000)
      assert.is_false(client:alive(), name)
    end
  end)
end)
