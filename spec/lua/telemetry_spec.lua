local log = require "slipstream.log"
local story = require "spec.support.story"
local phoenix = require "spec.support.phoenix"
local core = require "slipstream.core"
local telemetry = require("slipstream").telemetry

describe("telemetry", function()
  local heard

  -- A handler that notes the names of its events.
  local function hear(event) heard[#heard + 1] = event end

  before_each(function() heard = {} end)
  after_each(function()
    for _, handler in ipairs(telemetry.list()) do telemetry.detach(handler.id) end
    log.set_sink(nil)
  end)

  describe("attach", function()
    it("hears of the event with its measurements, its metadata and the config", function()
      local got
      assert.is_true(telemetry.attach("mine", "shop.sold", function(...) got = { ... } end, { "config" }))
      telemetry.execute("shop.sold", { price = 3 }, { what = "tea" })
      assert.same({ "shop.sold", { price = 3 }, { what = "tea" }, { "config" } }, got)
    end)

    it("gets empty tables where nothing is told", function()
      local got
      telemetry.attach("mine", "shop.sold", function(...) got = { ... } end)
      telemetry.execute "shop.sold"
      assert.same({ "shop.sold", {}, {} }, got)
    end)

    it("matches names, and how they begin before a star", function()
      telemetry.attach("exact", "shop.sold", hear)
      telemetry.execute "shop.sold.twice"
      telemetry.execute "shop"
      assert.same({}, heard)
      telemetry.attach("star", "shop.*", hear)
      telemetry.execute "shop.sold.twice"
      telemetry.execute "shop"
      telemetry.execute "shops.open"
      assert.same({ "shop.sold.twice" }, heard)
      telemetry.attach("all", "*", hear)
      telemetry.execute "anything"
      assert.same({ "shop.sold.twice", "anything" }, heard)
    end)

    it("takes the signs of Lua's patterns as they are", function()
      telemetry.attach("mine", "shop.s%l+d*", hear)
      telemetry.execute "shop.sold"
      telemetry.execute "shop.s%l+d.x"
      assert.same({ "shop.s%l+d.x" }, heard)
    end)

    it("refuses an id that is taken, and keeps the first", function()
      telemetry.attach("mine", "shop.sold", hear)
      assert.same({ nil, "already_attached", "already_attached" },
        { telemetry.attach("mine", "shop.*", error) })
      telemetry.execute "shop.sold"
      assert.same({ "shop.sold" }, heard)
    end)

    it("calls handlers in the order in which they came", function()
      for _, id in ipairs { "c", "a", "b" } do
        telemetry.attach(id, "shop.*", function() hear(id) end)
      end
      telemetry.execute "shop.sold"
      assert.same({ "c", "a", "b" }, heard)
    end)

    it("hears of an event that was told before in vain", function()
      telemetry.execute "shop.sold"
      telemetry.attach("mine", "shop.sold", hear)
      telemetry.execute "shop.sold"
      assert.same({ "shop.sold" }, heard)
    end)

    it("raises on what is no id, pattern or function", function()
      assert.error_matches(function() telemetry.attach(nil, "a", hear) end, "#1 to 'attach' %(an id expected")
      assert.error_matches(function() telemetry.attach("a", 1, hear) end, "#2 to 'attach' %(string expected")
      assert.error_matches(function() telemetry.attach("a", "", hear) end, "got an empty string")
      assert.error_matches(function() telemetry.attach("a", "a.*.b", hear) end, "may only be the last")
      assert.error_matches(function() telemetry.attach("a", "a") end, "#3 to 'attach' %(function expected")
      assert.error_matches(function() telemetry.attach_many("a", { "a", 2 }, hear) end, "string expected")
      assert.same({}, telemetry.list())
    end)
  end)

  it("tells a handler of several patterns once of each event", function()
    assert.is_true(telemetry.attach_many("mine", { "shop.sold", "shop.*", "bank.paid" }, hear))
    telemetry.execute "shop.sold"
    telemetry.execute "bank.paid"
    telemetry.execute "bank.broke"
    assert.same({ "shop.sold", "bank.paid" }, heard)
  end)

  it("tells no more who is detached", function()
    telemetry.attach("mine", "shop.*", hear)
    assert.is_true(telemetry.detach "mine")
    telemetry.execute "shop.sold"
    assert.same({}, heard)
    assert.same({ nil, "not_found", "not_found" }, { telemetry.detach "mine" })
  end)

  it("does not tell who was detached by a handler before it", function()
    telemetry.attach("first", "shop.*", function() telemetry.detach "second" end)
    telemetry.attach("second", "shop.*", hear)
    telemetry.execute "shop.sold"
    assert.same({}, heard)
  end)

  it("detaches a handler that raises, with a warning, and tells the others", function()
    local logged = {}
    log.set_sink(function(_, entry) logged[#logged + 1] = entry end)
    telemetry.attach("bad", "shop.*", function() error "oh" end)
    telemetry.attach("good", "shop.*", hear)
    telemetry.execute "shop.sold"
    telemetry.execute "shop.sold"
    assert.same({ "shop.sold", "shop.sold" }, heard)
    assert.equal(1, #logged)
    assert.equal("warn", logged[1].level)
    assert.equal("a telemetry handler raised and is detached", logged[1].text)
    assert.same({ "bad", "shop.sold" }, { logged[1].fields.handler, logged[1].fields.event })
    assert.truthy(logged[1].fields.error:find "telemetry_spec.lua:%d+: oh$")
    assert.truthy(logged[1].fields.traceback:find "telemetry_spec.lua")
  end)

  it("lists who is attached, all or those that share events with a pattern", function()
    telemetry.attach("one", "shop.sold", hear, 1)
    telemetry.attach_many("two", { "bank.*", "shop.*" }, hear)
    telemetry.attach("three", "bank.paid", hear)
    local function ids(pattern)
      local list = {}
      for place, handler in ipairs(telemetry.list(pattern)) do list[place] = handler.id end
      return list
    end
    assert.same({ "one", "two", "three" }, ids())
    assert.same({ "one", "two" }, ids "shop.sold")
    assert.same({ "two", "three" }, ids "bank.*")
    assert.same({ "two" }, ids "bank.broke")
    assert.same({ id = "one", patterns = { "shop.sold" }, fn = hear, config = 1 }, telemetry.list()[1])
  end)

  it("is not changed by who changes a list of it", function()
    local patterns = { "shop.sold" }
    telemetry.attach_many("mine", patterns, hear)
    patterns[1] = "bank.paid"
    telemetry.list()[1].patterns[1] = "bank.paid"
    telemetry.execute "shop.sold"
    telemetry.execute "bank.paid"
    assert.same({ "shop.sold" }, heard)
  end)

  describe("span", function()
    local told

    local function tell(event, measurements, metadata) told[#told + 1] = { event, measurements, metadata } end

    before_each(function() told = {} end)

    it("tells of the beginning and the end, and answers what the function does", function()
      telemetry.attach("mine", "shop.sell.*", tell)
      assert.same({ 1, nil, 3 }, { telemetry.span("shop.sell", { what = "tea" }, function()
        assert.equal(1, #told)
        return 1, nil, 3
      end) })
      local first, last = told[1], told[2]
      assert.same({ "shop.sell.start", { what = "tea" } }, { first[1], first[3] })
      assert.same({ "shop.sell.stop", { what = "tea" } }, { last[1], last[3] })
      assert.equal(last[2].monotonic_msec - first[2].monotonic_msec, last[2].duration_msec)
      assert.is_true(last[2].duration_msec >= 0)
      assert.equal(2, #told)
    end)

    it("tells of an error, and lets it go on", function()
      telemetry.attach("mine", "shop.sell.exception", tell)
      local fault = { "sold out" }
      local ok, err = pcall(telemetry.span, "shop.sell", { what = "tea" }, function() error(fault) end)
      assert.same({ false, fault }, { ok, err })
      assert.equal(fault, err)
      assert.equal("shop.sell.exception", told[1][1])
      assert.same({ what = "tea", reason = fault }, told[1][3])
      assert.equal("number", type(told[1][2].duration_msec))
    end)

    it("only calls the function when nobody listens", function()
      telemetry.attach("mine", "shop.sold", tell)
      assert.equal("tea", telemetry.span("shop.sell", nil, function() return "tea" end))
      assert.same({}, told)
    end)

    it("may wait, and has the time that this took", function()
      local host, _, clock = phoenix.pretend()
      telemetry.attach("mine", "shop.*", tell)
      story.ask(host, telemetry.span, "shop.sell", nil, function() story.pause(30) end)
      clock:advance(30)
      phoenix.close(host)
      assert.same({ "shop.sell.stop", { monotonic_msec = 1030, duration_msec = 30 }, {} }, told[2])
    end)

    it("is cancelled with what waits in it", function()
      local host, _, clock = phoenix.pretend()
      telemetry.attach("mine", "shop.*", tell)
      local client = story.start(host, {
        handle_info = function() telemetry.span("shop.sell", {}, function() story.pause(1000) end) end,
      })
      client:send "sell"
      clock:advance(10)
      client:stop()
      clock:advance(0)
      phoenix.close(host)
      assert.same({ "shop.sell.exception", { monotonic_msec = 1010, duration_msec = 10 },
        { reason = "cancelled" } }, told[2])
    end)
  end)

  describe("leaves messages the shortest way to their callbacks", function()
    -- Whether the core observes events, all of them or another kind, while somebody is attached to these.
    local function is_observed_with(pattern, kind)
      local observe, is_observed = stub(core, "observe"), nil
      telemetry.attach("mine", pattern, hear)
      for _, call in ipairs(observe.calls) do
        if call.vals[1] == (kind or "all") then is_observed = call.vals[2] end
      end
      observe:revert()
      telemetry.detach "mine"
      return is_observed
    end

    for _, pattern in ipairs { "client.ended", "connection.connect.*", "shop.*", "client.join.stop" } do
      it("with " .. pattern, function() assert.is_false(is_observed_with(pattern)) end)
    end

    for _, pattern in ipairs { "*", "client.*", "connection.handle.stop", "client.push.exception",
      "client.handle_message.*", "client.handle_reply.start" } do
      it("but not with " .. pattern, function() assert.is_true(is_observed_with(pattern)) end)
    end

    it("and so joins and leaves that nobody wants to hear of", function()
      assert.is_nil(is_observed_with("client.ended", "topics"))
      for _, pattern in ipairs { "topic.join.stop", "client.handle_leave.start", "client.join.*" } do
        assert.is_true(is_observed_with(pattern, "topics"))
      end
    end)
  end)
end)
