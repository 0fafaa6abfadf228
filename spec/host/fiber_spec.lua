local core = require "slipstream.core"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

require "slipstream.process" -- sets what the fibers tell of errors

describe("a fiber of the core", function()
  local function owner() return { _fiber = false, _mailbox = false, _timeout = false } end

  it("answers nothing when its function has returned nothing", function()
    local own = owner()
    assert.equal(0, select("#", core.begin(own, function() end)))
    assert.is_false(own._fiber)
  end)

  it("answers what its function has returned", function()
    local answer = table.pack(core.begin(owner(), function(...) return ... end, 1, nil, 3))
    assert.same({ "done", 1, nil, 3, n = 4 }, answer)
  end)

  it("answers what the handler of errors made of one", function()
    local state, caught = core.begin(owner(), function() error("no luck", 0) end)
    assert.equal("raised", state)
    assert.equal("no luck", caught.text)
  end)

  it("keeps its coroutine until it has returned", function()
    local own = owner()
    local state, has_yielded, value = core.begin(own, function(name)
      coroutine.yield "later"
      return name
    end, "ann")
    assert.same({ "interrupted", true, "later" }, { state, has_yielded, value })
    assert.equal("thread", type(own._fiber))
    assert.same({ "done", "ann" }, { core.go_on(own) })
    assert.is_false(own._fiber)
  end)

  it("uses a coroutine again, also after one that waited", function()
    local first, second, third
    core.begin(owner(), function() first = coroutine.running() end)
    local waiting = owner()
    core.begin(waiting, function()
      second = coroutine.running()
      coroutine.yield()
    end)
    core.go_on(waiting)
    core.begin(owner(), function() third = coroutine.running() end)
    assert.equal(first, second)
    assert.equal(second, third)
  end)

  it("wants an owner and a function", function()
    assert.error_matches(function() core.begin(1, print) end, "table expected, got number")
    assert.error_matches(function() core.begin {} end, "value expected")
    assert.error_matches(function() core.go_on {} end, "owner of a fiber expected, got table")
  end)

  it("is nobody's outside of all", function()
    assert.is_false(core.owner())
  end)

  it("is its owner's, whatever runs inside of it", function()
    local outer, inner, seen = owner(), owner(), {}
    core.begin(outer, function()
      core.begin(inner, function() seen[1] = core.owner() end)
      seen[2] = core.owner()
    end)
    assert.equal(inner, seen[1])
    assert.equal(outer, seen[2])
  end)
end)

describe("a callback of an event", function()
  local host, server

  before_each(function() host, server = phoenix.pretend() end)
  after_each(function()
    core.observe("all", false)
    host:close()
  end)

  -- A client in the topic room:1 that hears messages with `hear`.
  local function start(hear)
    local module, calls = recorder.module({}, {
      handle_connect = function(self) assert(self:join "room:1") end,
      handle_message = hear,
    })
    slipstream.start(module, nil, { host = host })
    server:accept()
    server:expect_join("room:1"):reply("ok", {})
    return calls
  end

  for _, is_observed in ipairs { false, true } do
    describe(is_observed and "when callbacks are observed" or "when nothing stands between", function()
      before_each(function() core.observe("all", is_observed) end)

      it("hears it as the client's fiber", function()
        local heard, owned
        start(function(self, topic, event, payload)
          heard, owned = { topic, event, payload }, core.owner() == self
        end)
        server:broadcast("room:1", "said", { text = "hi" })
        assert.same({ "room:1", "said", { text = "hi" } }, heard)
        assert.is_true(owned)
      end)

      it("hears it while the collector runs at each allocation", function()
        local heard = {}
        start(function(_, _, event, payload) heard[event] = payload end)
        local mode = collectgarbage("incremental", 1, 1000, 30)
        collectgarbage() -- sets when it is to run next
        server:broadcast("room:1", "first", { list = { "a", {} }, text = "one" })
        server:broadcast("room:1", "second", { list = { "b", {} }, text = "two" })
        collectgarbage("incremental", 200, 100, 13)
        collectgarbage(mode)
        assert.same({
          first = { list = { "a", {} }, text = "one" }, second = { list = { "b", {} }, text = "two" },
        }, heard)
      end)

      it("may wait, and hears what came meanwhile afterwards", function()
        local heard = {}
        start(function(_, _, event)
          slipstream.await(function(go_on) go_on() end)
          heard[#heard + 1] = event
        end)
        server:broadcast("room:1", "first", {})
        server:broadcast("room:1", "second", {})
        host:advance(0)
        assert.same({ "first", "second" }, heard)
      end)

      it("ends the client with an error that it raises", function()
        local calls = start(function() error("enough", 0) end)
        server:broadcast("room:1", "said", {})
        assert.matches("enough", recorder.last(calls, "terminate").text, 1, true)
      end)

      it("ends the client by what it returns", function()
        local calls = start(function() return "stop", "normal" end)
        server:broadcast("room:1", "said", {})
        assert.equal("normal", recorder.last(calls, "terminate"))
      end)
    end)
  end
end)
