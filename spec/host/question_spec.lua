-- Questions, of params, that are asked again before they are answered.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local waiting = require "spec.support.waiting"

describe("params that have to be waited for", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  -- What asks for its answer, and the list of those that it was not given yet.
  local function asking()
    local answers = {}
    return function()
      return { n = slipstream.await(function(resume) answers[#answers + 1] = resume end) }
    end, answers
  end

  it("are those of the last time they were asked for", function()
    local params, answers = asking()
    local calls = waiting.client(host, server, function(self) self:join("room:1", params) end)
    server:drop()
    calls.socket:reconnect() -- its handle_disconnect waits for the answer
    clock:advance(10)
    server:accept()
    answers[1](1)
    assert.is_true(server:is_silent())
    answers[2](2)
    assert.same({ n = 2 }, server:expect_join("room:1").payload)
  end)

  it("are those of the last join, although the former ones come first", function()
    local former, formers = asking()
    local params, answers = asking()
    local calls = waiting.client(host, server, function(self)
      self:join("room:1", former)
      self:join("room:2", former)
    end)
    calls.socket:leave("room:1")
    calls.socket:join("room:1", params)
    clock:advance(0)
    formers[1](1)
    assert.is_true(server:is_silent())
    formers[2](2)
    assert.same({ n = 2 }, server:expect_join("room:2").payload)
    answers[1](3)
    assert.same({ n = 3 }, server:expect_join("room:1").payload)
  end)

  it("are those of its own attempt to connect", function()
    local params, answers = asking()
    local module = slipstream.client {}
    function module:init() self:connect { uri = "ws://phoenix.test/socket", jitter = 0 } end
    function module.connect_params() return { params = params() } end
    local client = slipstream.start(module, nil, { host = host })
    client._socket:disconnect()
    client._socket:reconnect()
    clock:advance(10)
    answers[1](1)
    assert.is_false(server:was_dialled())
    answers[2](2)
    assert.truthy(server:accept().line:find("n=2", 1, true))
  end)
end)
