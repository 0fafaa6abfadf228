-- What becomes of a scenario that is played: its result, and that nothing of it stays open.
local loop = require "spec.support.loop"
local phoenix = require "spec.support.phoenix"
local play = require "slipstream.scenario.play"
local script = require "slipstream.script"
local slipstream = require "slipstream"
local stage = require "spec.support.stage"

local FILE <const> = "spec/scenario/play_spec.lua"

-- The line that calls it.
local function here() return debug.getinfo(2, "l").currentline end

describe("a scenario", function()
  local it_plays

  before_each(function() it_plays = stage.open() end)
  after_each(function() assert.is_true(it_plays:close()) end)

  it("passes when its function comes to its end", function()
    local result = it_plays:play(function(t)
      local ann, bob = t:connect { params = { user = "ann" } }, t:connect()
      ann:join("room:lobby", { user = "ann" })
      bob:join "room:lobby"
      ann:push("room:lobby", "shout", { body = "hi" })
      t.same({ user = "ann", body = "hi" }, bob:await_message("room:lobby", "shout"))
    end)
    assert.equal("passed", result.status)
    assert.is_nil(result.failure)
    assert.same({ "a scenario", {} }, { result.case.name, result.logs })
  end)

  it("leaves its topics and closes its sockets with 1000, when it passes and when it fails", function()
    local ends = {}
    it_plays.app:channel("seat:*", {
      join = function() return "ok" end,
      handle_in = function() end,
      terminate = function(_, reason) ends[#ends + 1] = reason end,
    })
    for _, outcome in ipairs { "passed", "failed" } do
      local result = it_plays:play(function(t)
        t:connect():join "seat:1"
        t:connect():join "seat:2"
        t.equal("passed", outcome)
      end)
      assert.equal(outcome, result.status)
    end
    assert.same({ "left", "left", "left", "left" }, ends)
    local stats = it_plays.handle:stats()
    assert.same({ 4, 0, 0 }, { stats.closed, stats.lost, stats.open })
  end)

  it("fails by an error with its text and place", function()
    local line
    local failure = it_plays:play(function(t)
      t:connect()
      line = here() + 1
      error "boom"
    end).failure
    assert.same({ "boom", "error", FILE, line }, { failure.text, failure.kind, failure.file, failure.line })
    assert.same({}, failure.story)
  end)

  it("fails when it takes too long, and says what it waited for", function()
    local text, story = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "room:lobby"
      ann:await_message("room:lobby", "shout")
    end, { timeout = 300 })
    local verb = 'ann:await_message("room:lobby", "shout")'
    assert.equal("the scenario took longer than 300 msec; it waited in " .. verb, text)
    assert.truthy(story:find "^ann, in the %d+ msec since the scenario began:\n", story)
    assert.equal(0, it_plays.handle:stats().lost)
  end)

  it("takes with it the clients that it has started, and the sockets of slipstream.connect", function()
    local client = slipstream.client()
    function client:init(uri) self:connect { uri = uri } end
    it_plays:passes(function(t)
      slipstream.start(client, it_plays.uri)
      slipstream.connect { uri = it_plays.uri }:await_connect()
      t:async(function() slipstream.start(client, it_plays.uri) end)
    end)
    assert.same({}, slipstream.clients())
    assert.equal(0, it_plays.handle:stats().lost)
  end)

  it("is skipped where it says so", function()
    local result = it_plays:play(function(t)
      t:connect()
      t:skip "not today"
    end)
    assert.same({ "skipped", "not today" }, { result.status, result.failure.text })
  end)

  it("fails when it is interrupted, and is closed in good order", function()
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      ann:join "room:lobby"
      t:async(function() t:think(1) play.interrupt "interrupted by SIGINT" end)
      ann:await_message("room:lobby", "shout")
    end)
    assert.equal('interrupted by SIGINT; it waited in ann:await_message("room:lobby", "shout")', text)
    assert.same({ 1, 0 }, { it_plays.handle:stats().closed, it_plays.handle:stats().lost })
  end)

  it("leaves nothing behind when whoever plays it waits no longer", function()
    local case = stage.case(function(t)
      t.net:latency(1)
      t:connect():await_disconnect()
    end)
    local playing = script.begin({}, play.run, case, { uri = it_plays.uri })
    assert.is_true(loop.wait(function() return it_plays.handle:stats().open == 1 end))
    script.cancel(playing)
    assert.is_true(loop.wait(function() return it_plays.handle:stats().open == 0 end))
    assert.same({}, slipstream.clients())
  end)

  it("fails when the server answers neither a leave nor the closing handshake", function()
    local host, server, clock = phoenix.pretend()
    local case = stage.case(function(t) t:connect { jitter = 0 }:join "room:1" end)
    local playing = script.begin({ host = host }, play.run, case, { uri = "ws://phoenix.test/socket" })
    server:accept()
    server:expect_join("room:1"):reply "ok"
    server:expect_leave "room:1"
    clock:advance(2500)
    assert.same({ 1000, "" }, { server:expect_close() })
    clock:advance(2499)
    assert.falsy(playing.is_over)
    clock:advance(1)
    local result = playing.outcome[2]
    phoenix.close(host)
    assert.equal("socket 1 could not leave room:1: there was no answer", result.failure.text)
    assert.same({ "and then: socket 1 could not be closed: the server did not answer the closing handshake" },
      result.failure.story)
  end)

  it("measures its verbs, and counts what fails and what went over the wire", function()
    local meter = { samples = {}, fails = {}, counts = {} }
    function meter:sample(name, usec)
      assert(math.type(usec) == "integer" and usec >= 0)
      self.samples[#self.samples + 1] = name
    end
    function meter:fail(name, kind) self.fails[#self.fails + 1] = name .. " " .. kind end
    function meter:count(name, n) self.counts[name] = (self.counts[name] or 0) + n end
    local text = it_plays:failure(function(t)
      local ann = t:connect()
      t:step("enter", function() ann:join "room:lobby" end)
      ann:request("room:lobby", "shout", { body = "hi" })
      ann:await_message("room:lobby", "shout")
      ann:leave "room:lobby"
      ann:disconnect()
      t:connect():join "room:lobby"
      t:step("enter again", function() t:connect():join "room:secret" end)
    end, { play = { meter = meter } })
    assert.truthy(text:find("the join was refused", 1, true), text)
    assert.equal("connect join step:enter reply message leave disconnect connect join connect",
      table.concat(meter.samples, " "))
    assert.same({ "join refused", "step:enter again refused" }, meter.fails)
    assert.same({ 3, 1 }, { meter.counts.connections, meter.counts.messages_out })
    for _, name in ipairs { "messages_in", "bytes_in", "bytes_out" } do
      assert.is_true(meter.counts[name] > 3, name)
    end
    it_plays:failure(function(t) t:connect():await_close "room:1" end, { play = { meter = meter } })
    assert.equal("close closed", meter.fails[3])
    it_plays:play(function(t) t:step("skips", t.skip, t) end, { play = { meter = meter } })
    assert.equal(3, #meter.fails)
  end)
end)
