-- A host's own timers, and the function that it calls in a turn when it was woken.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local uv = require "luv"

-- What fn was called with, one text each.
local function new_journal()
  local journal = {}
  return journal, function(owner) journal[#journal + 1] = owner end
end

local function ignore() end

-- A table that shows whether the value is still there.
local function watch(value) return setmetatable({ value }, { __mode = "v" }) end

-- Twice: what a finalizer held goes in the second.
local function collect()
  collectgarbage()
  collectgarbage()
end

describe("a timer", function()
  local host

  before_each(function() host = core.pretend() end)
  after_each(function() host:close() end)

  it("is not set when it is made", function()
    local journal, note = new_journal()
    local timer = host:timer(note, "tea")
    assert.is_nil(timer:left())
    host:advance(1000)
    assert.same({}, journal)
  end)

  it("calls with its owner and itself when it is due, once", function()
    local calls = {}
    local timer = host:timer(function(...) calls[#calls + 1] = { ... } end, "tea")
    assert.is_true(timer:set(100))
    host:advance(99)
    assert.same({}, calls)
    host:advance(1)
    assert.equal(1, #calls)
    assert.equal("tea", calls[1][1])
    assert.equal(timer, calls[1][2])
    host:advance(1000)
    assert.equal(1, #calls)
  end)

  it("takes nil for an owner", function()
    local calls = 0
    host:timer(function(owner) calls = calls + (owner == nil and 1 or 0) end):set(0)
    host:advance(0)
    assert.equal(1, calls)
  end)

  it("says how long until it is due", function()
    local timer = host:timer(ignore)
    timer:set(100)
    assert.equal(100, timer:left())
    host:advance(30)
    assert.equal(70, timer:left())
    host:advance(70)
    assert.is_nil(timer:left())
  end)

  it("comes in the order of the deadlines", function()
    local journal, note = new_journal()
    for _, msec in ipairs { 30, 10, 20 } do host:timer(note, msec):set(msec) end
    host:advance(30)
    assert.same({ 10, 20, 30 }, journal)
  end)

  it("can be unset, and unset again", function()
    local journal, note = new_journal()
    local timer = host:timer(note, "tea")
    timer:set(100)
    timer:unset()
    timer:unset()
    assert.is_nil(timer:left())
    host:advance(1000)
    assert.same({}, journal)
  end)

  it("moves both ways when it is set again", function()
    local journal, note = new_journal()
    local timer = host:timer(note, "tea")
    timer:set(100)
    timer:set(200)
    host:advance(199)
    assert.same({}, journal)
    timer:set(1000)
    timer:set(0)
    host:advance(0)
    assert.same({ "tea" }, journal)
    host:advance(5000)
    assert.same({ "tea" }, journal)
  end)

  it("is unset before its function is called, which may set it again", function()
    local left = {}
    host:timer(function(_, timer)
      left[#left + 1] = timer:left() or "none"
      if #left < 3 then timer:set(10) end
    end):set(10)
    host:advance(20)
    assert.same({ "none", "none" }, left)
    host:advance(1000)
    assert.same({ "none", "none", "none" }, left)
  end)

  it("can unset another that is due at the same time", function()
    local journal, note = new_journal()
    local other = host:timer(note, "other")
    host:timer(function()
      note "first"
      other:unset()
    end):set(10)
    other:set(10)
    host:advance(10)
    assert.same({ "first" }, journal)
  end)

  it("waits as long as a script can ask for", function()
    local timer = host:timer(ignore)
    assert.is_true(timer:set(1 << 53))
    assert.equal(1 << 53, timer:left())
    assert.error_matches(function() timer:set((1 << 53) + 1) end, "out of range")
    assert.error_matches(function() timer:set(-1) end, "out of range")
    assert.error_matches(function() timer:set(0.5) end, "no integer representation")
    assert.equal(1 << 53, timer:left())
  end)

  it("is refused without a function", function()
    assert.error_matches(function() host:timer() end, "function expected")
  end)

  it("is collected while it is not set", function()
    local timer = host:timer(ignore, {})
    timer:set(10)
    timer:unset()
    local seen = watch(timer)
    timer = nil -- luacheck: ignore
    collect()
    assert.is_nil(seen[1])
  end)

  it("stays while it is set, though nobody holds it, and goes when it was due", function()
    local journal, note = new_journal()
    local timer = host:timer(note, "tea")
    timer:set(10)
    local seen = watch(timer)
    timer = nil -- luacheck: ignore
    collect()
    assert.is_not_nil(seen[1])
    host:advance(10)
    assert.same({ "tea" }, journal)
    collect()
    assert.is_nil(seen[1])
  end)

  it("keeps the host of a set one", function()
    local journal, note = new_journal()
    local other = core.pretend()
    local timer = other:timer(note, "tea")
    timer:set(10)
    local seen = watch(other)
    other = nil -- luacheck: ignore
    collect()
    seen[1]:advance(10)
    assert.same({ "tea" }, journal)
    timer = nil -- luacheck: ignore
    collect()
    assert.is_nil(seen[1])
  end)

  it("is unset when its host closes, and cannot be set any more", function()
    local journal, note = new_journal()
    local timer, other = host:timer(note, 1), host:timer(note, 2)
    timer:set(10)
    host:close()
    assert.is_nil(timer:left())
    timer:unset()
    for _, each in ipairs { timer, other } do
      assert.error_matches(function() each:set(10) end, "attempt to use a closed host")
    end
    assert.error_matches(function() host:timer(note) end, "attempt to use a closed host")
    assert.same({}, journal)
  end)

  it("may be collected after its host, or with it", function()
    local timers, seen = {}, watch(host)
    for i = 1, 100 do
      timers[i] = host:timer(ignore)
      timers[i]:set(i)
    end
    host:close()
    host = core.pretend()
    collect()
    assert.is_not_nil(seen[1]) -- the timers hold it
    for i = 1, 100, 2 do timers[i] = false end
    collect()
    timers = nil -- luacheck: ignore
    collect()
    assert.is_nil(seen[1])
  end)

  it("leaves those of another host alone when its host closes", function()
    local journal, note = new_journal()
    local other = core.pretend()
    host:timer(note, "here"):set(10)
    other:timer(note, "there"):set(10)
    host:close()
    other:advance(10)
    assert.same({ "there" }, journal)
    other:close()
  end)

  it("cannot drive its pretended host", function()
    local texts = {}
    host:timer(function()
      for _, drive in ipairs { function() host:advance(1) end, function() host:close() end } do
        texts[#texts + 1] = select(2, pcall(drive))
      end
    end):set(0)
    host:advance(0)
    assert.equal(2, #texts)
    for _, text in ipairs(texts) do assert.matches("from inside an event", text) end
    host:advance(0) -- from outside again
  end)

  it("comes cheap: 50,000 set and unset", function()
    local journal, note = new_journal()
    local began = os.clock()
    local timers = {}
    for i = 1, 50000 do
      timers[i] = host:timer(note, i)
      timers[i]:set(i * 7919 % 100000)
    end
    for i = 1, 50000, 2 do timers[i]:unset() end
    host:advance(100000)
    assert.equal(25000, #journal)
    assert.is_true(os.clock() - began < 10) -- a search through all would take minutes
  end)
end)

describe("a host that is woken", function()
  local host

  before_each(function() host = core.pretend() end)
  after_each(function() host:close() end)

  it("calls its function in the next round, not at once, and once", function()
    local calls = 0
    host:on_turn(function(...)
      calls = calls + 1
      assert.equal(0, select("#", ...))
    end)
    host:advance(0)
    assert.equal(0, calls)
    host:wake()
    host:wake()
    assert.equal(0, calls)
    host:advance(0)
    assert.equal(1, calls)
    host:advance(1000)
    assert.equal(1, calls)
  end)

  it("that wakes itself inside is called again within the same advance", function()
    local calls, is_inside = 0, false
    host:on_turn(function()
      assert.is_false(is_inside)
      is_inside = true
      calls = calls + 1
      if calls < 3 then host:wake() end
      is_inside = false
    end)
    host:wake()
    host:advance(0)
    assert.equal(3, calls)
  end)

  it("takes its turn with the clients, in the order of asking", function()
    local journal, note = new_journal()
    local client = host:client({ connect_due = function() note "client" end }, {})
    host:on_turn(function()
      note "turn"
      if #journal == 1 then host:wake() end
    end)
    host:wake()
    client:connect()
    host:advance(0)
    assert.same({ "turn", "client", "turn" }, journal)
  end)

  it("can be woken by its timer", function()
    local journal, note = new_journal()
    host:on_turn(function() note(host:now()) end)
    local due = host:now() + 50
    host:timer(function() host:wake() end):set(50)
    host:advance(100)
    assert.same({ due }, journal)
  end)

  it("calls the function that it was given last", function()
    local journal, note = new_journal()
    host:on_turn(function() note "first" end)
    host:wake()
    host:on_turn(function() note "second" end)
    host:advance(0)
    assert.same({ "second" }, journal)
  end)

  it("has nothing to call without one", function()
    host:wake()
    host:advance(0)
    assert.error_matches(function() host:on_turn() end, "function expected")
  end)

  it("cannot be driven from inside", function()
    local texts = {}
    host:on_turn(function()
      for _, drive in ipairs { function() host:advance(1) end, function() host:close() end } do
        texts[#texts + 1] = select(2, pcall(drive))
      end
    end)
    host:wake()
    host:advance(0)
    assert.equal(2, #texts)
    for _, text in ipairs(texts) do assert.matches("from inside an event", text) end
  end)

  it("calls nothing once it is closed", function()
    local journal, note = new_journal()
    host:on_turn(function() note "turn" end)
    host:wake()
    host:close()
    assert.error_matches(function() host:wake() end, "attempt to use a closed host")
    assert.error_matches(function() host:on_turn(note) end, "attempt to use a closed host")
    assert.same({}, journal)
  end)

  it("stays until then, though nobody holds it", function()
    local other = core.pretend()
    other:on_turn(ignore)
    other:wake()
    local seen = watch(other)
    other = nil -- luacheck: ignore
    collect()
    seen[1]:advance(0)
    collect()
    assert.is_nil(seen[1])
  end)
end)

-- How long the loop lives with them is shown by spec/script/turn_test.c, on a loop without the handles of
-- other specs.
describe("on luv's loop", function()
  local host

  before_each(function()
    host = core.host()
    loop.turn()
  end)
  after_each(function() host:on_turn(ignore) end) -- it stays for the specs that come

  it("a timer is due in time", function()
    local due
    local began = uv.hrtime()
    host:timer(function() due = uv.hrtime() end):set(20)
    assert.is_true(loop.wait(function() return due end))
    assert.is_true(due - began >= 19e6) -- libuv counts whole msec
  end)

  it("a wait begins when it is asked for, however long the turn took before", function()
    local began, due
    local first = uv.new_timer()
    first:start(0, 0, function()
      local busy_until = uv.hrtime() + 30e6
      repeat until uv.hrtime() > busy_until
      began = uv.hrtime()
      host:timer(function() due = uv.hrtime() end):set(20)
    end)
    assert.is_true(loop.wait(function() return due end))
    assert.is_true(due - began >= 19e6)
    loop.close(first)
  end)

  it("a timer that sets itself at once does not starve the loop", function()
    local is_over, calls = false, 0
    local limit = uv.new_timer()
    limit:start(1, 1, function() is_over = calls > 1 end)
    host:timer(function(_, timer)
      calls = calls + 1
      if not is_over then timer:set(0) end
    end):set(0)
    assert.is_true(loop.wait(function() return is_over end))
    loop.close(limit)
  end)

  it("the host is called once, in the next turn", function()
    local journal, note = new_journal()
    host:on_turn(function() note "turn" end)
    host:wake()
    host:wake()
    assert.same({}, journal)
    loop.turn()
    loop.turn()
    assert.same({ "turn" }, journal)
  end)

  it("a host that wakes itself again and again does not starve the loop", function()
    local is_over, calls = false, 0
    local limit = uv.new_timer()
    limit:start(1, 1, function() is_over = calls > 1 end)
    host:on_turn(function()
      calls = calls + 1
      if not is_over then host:wake() end
    end)
    host:wake()
    assert.is_true(loop.wait(function() return is_over end))
    loop.close(limit)
  end)

  local starters = {
    timer = function(close) host:timer(close):set(0) end,
    turn = function(close)
      host:on_turn(close)
      host:wake()
    end,
  }
  for name, start in pairs(starters) do
    it("a host may be closed from inside its " .. name, function()
      local is_closed = false
      local journal, note = new_journal()
      start(function()
        host:timer(note, "late"):set(20)
        host:close()
        collect()
        is_closed = true
      end)
      assert.is_true(loop.wait(function() return is_closed end))
      local late = uv.new_timer()
      local is_late = false
      late:start(30, 0, function() is_late = true end)
      assert.is_true(loop.wait(function() return is_late end))
      assert.same({}, journal)
      assert.error_matches(function() host:wake() end, "attempt to use a closed host")
      loop.close(late)
      host = core.host()
    end)
  end
end)
