-- What a socket says of itself when it is printed.
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("a socket that is printed", function()
  local host, server

  before_each(function() host, server = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  it("has the name of its client, and how it stands", function()
    local said = {}
    local module, calls = recorder.module(nil, {
      handle_connect = function(self)
        self:join "room:1"
        self:join "room:2"
      end,
    })
    function module:init()
      said[1] = tostring(self)
      calls.socket = self
      assert(self:connect { uri = "ws://phoenix.test/", jitter = 0 })
    end
    local function say() said[#said + 1] = tostring(calls.socket):match "%((.*)%)" end
    slipstream.start(module, nil, { host = host, name = "ann" })
    say()
    server:accept()
    say()
    server:expect_join("room:1"):reply "ok"
    say()
    server:expect_join("room:2"):reply "ok"
    say()
    calls.socket:disconnect()
    say()
    server:send_close(1000)
    say()
    assert.same({
      "socket of client ann (not connected)", "connecting or closing", "connected, 0 topics",
      "connected, 1 topic",
      "connected, 2 topics", "connecting or closing", "not connected",
    }, said)
  end)
end)
