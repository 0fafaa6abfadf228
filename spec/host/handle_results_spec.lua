local phoenix = require "spec.support.phoenix"
local script = require "slipstream.script"
local slipstream = require "slipstream"

describe("a client's handle", function()
  local host, clock, _

  before_each(function() host, _, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  it("answers no reason of an end that it has not come to", function()
    local client = slipstream.start(slipstream.client(), nil, { host = host })
    assert.same({ n = 1, "running" }, table.pack(client:status()))
  end)

  it("answers true and the reason when its end was awaited, and nothing behind them", function()
    local client, results = slipstream.start(slipstream.client(), nil, { host = host }), nil
    client:stop "shutdown"
    script.begin({ host = host }, function() results = table.pack(client:await_end()) end)
    clock:advance(1)
    assert.same({ n = 2, true, "shutdown" }, results)
  end)
end)
