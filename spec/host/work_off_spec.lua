-- What waits in a client's mailbox, worked off while a callback takes some of it out of turn.
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("a mailbox that is worked off", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  it("goes on where a callback has taken what came behind its own entry", function()
    local seen = {}
    local module = recorder.module(nil, {
      handle_connect = function(self) self:join "room:1" end,
      handle_join = function(self) self:send_after(10, "wait") end,
      handle_info = function(self, message)
        if message == "wait" then return self:await_message("room:1", "go") and nil end
        seen[1] = self:await_message("room:1", "late").n
      end,
      handle_message = function() seen[2] = "called for what was awaited" end,
    })
    local client = assert(slipstream.start(module, nil, { host = host }))
    server:accept()
    server:expect_join("room:1"):reply("ok")
    clock:advance(10)
    client:send "take" -- waits behind "wait", and "late" behind both
    server:broadcast("room:1", "late", { n = 1 })
    server:broadcast("room:1", "go", {})
    clock:advance(0)
    assert.same({ 1 }, seen)
    client:send "still there"
    server:broadcast("room:1", "late", { n = 2 })
    clock:advance(0)
    assert.same({ 2 }, seen)
  end)
end)
