local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("a pretended host", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() host:close() end)

  local drivers = {
    advance = function() clock:advance(1) end,
    close = function() host:close() end,
    accept = function() server.peer:accept() end,
    send = function() server.peer:send("x") end,
    finish = function() server.peer:finish() end,
    window = function() server.peer:window(0) end,
  }

  for name, drive in pairs(drivers) do
    it("cannot be driven from inside an event: " .. name, function()
      local ok, text
      local function inside(self)
        ok, text = pcall(drive)
        self._core:close()
      end
      slipstream.start(recorder.module(nil, { handle_connect = inside }), nil, { host = host })
      server:accept()
      assert.is_false(ok)
      assert.matches("from inside an event", text)
    end)
  end
end)
