-- The network of a scenario, and how it can be made a bad one.
local door_app = require "spec.support.door_app"
local stage = require "spec.support.stage"
local uv = require "luv"

describe("the network of a scenario", function()
  local it_plays

  before_each(function() it_plays = stage.open(door_app.new()) end)
  after_each(function() assert.is_true(it_plays:close()) end)

  local function msec_of(fn)
    local began = uv.hrtime()
    fn()
    return (uv.hrtime() - began) / 1e6
  end

  it("is there from the start, or from where it is first asked for", function()
    it_plays:passes(function(t)
      local ann, bob = t:connect(), t:connect { uri = it_plays.uri }
      t.net:cut()
      ann:await_disconnect "connection_lost"
      bob:join "door:1"
    end, { net = true })
    it_plays:passes(function(t)
      local ann = t:connect()
      t.net:latency(1)
      local bob = t:connect()
      t.net:reset()
      bob:await_disconnect "connection_lost"
      ann:join "door:1"
    end)
  end)

  it("may be slow, both ways or one, until it is healed", function()
    it_plays:passes(function(t)
      local ann = t:connect()
      ann:join "door:1"
      local function request() ann:request("door:1", "echo") end
      t.net:latency(20)
      t.is_true(msec_of(request) >= 39)
      t.net:heal()
      t.net.to_client:latency(30)
      t.is_true(msec_of(request) >= 29)
      t.net:latency():slice(1)
      request()
    end, { net = true })
  end)

  it("raises for what is no fault", function()
    it_plays:fails("bad argument #1 to 'latency'", function(t) t.net:latency "slow" end)
    it_plays:fails("calling 'cut' on bad self", function(t) t.net.cut() end)
  end)

  it("may be down and up again", function()
    it_plays:passes(function(t)
      local ann = t:connect { reconnect_after_msec = { 5 } }
      ann:join "door:1"
      t.net:down()
      ann:await_disconnect()
      t:async(function()
        t:think(30)
        t.net:up()
      end)
      ann:await_connect()
      ann:join "door:1"
    end, { net = true })
  end)

  it("is healed before all is closed, which then is in good order", function()
    it_plays:passes(function(t)
      t:connect():join "door:1"
      t.net:stall()
    end, { net = true })
    assert.equal(1, it_plays.handle:stats().closed)
  end)

  it("does not fail a scenario for what it has swallowed", function()
    it_plays:passes(function(t)
      local ann = t:connect()
      ann:join "door:1"
      t.net:black_hole()
      ann:push("door:1", "echo")
      ann:refute_message("door:1", "said", 20)
    end, { net = true })
  end)
end)
