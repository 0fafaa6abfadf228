-- Timers of a client: messages to itself, later.
local phoenix = require "spec.support.phoenix"
local story = require "spec.support.story"

describe("a client's timer", function()
  local host, clock, notes, note

  before_each(function()
    local _
    host, _, clock = phoenix.pretend()
    notes, note = story.notes()
  end)
  after_each(function() phoenix.close(host) end)

  -- A client that notes its messages, and its socket.
  local function start(callbacks)
    callbacks = callbacks or {}
    callbacks.handle_info = callbacks.handle_info or note
    local client = story.start(host, callbacks)
    return client._socket, client
  end

  -- From now on the loop finds the timer due so many msec too late.
  local function stall(timer, msec)
    local socket, late = timer.socket, {}
    function late.now() return host:now() + msec end
    timer.socket = setmetatable({ _client = { _host = late } }, { __index = socket })
  end

  it("brings its message when it is due, once", function()
    start():send_after(100, { hello = "you" })
    clock:advance(99)
    assert.same({}, notes)
    clock:advance(1)
    assert.same({ { hello = "you" } }, notes)
    clock:advance(1000)
    assert.equal(1, #notes)
  end)

  it("of 0 msec comes after the callback that set it", function()
    start {
      init = function(self)
        self:send_after(0, "timer")
        note(self, "init")
      end,
    }
    clock:advance(0)
    assert.same({ "init", "timer" }, notes)
  end)

  it("comes in the order of the times, and of the calls where those are equal", function()
    local socket = start()
    socket:send_after(20, 4)
    socket:send_after(10, 1)
    socket:send_after(10, 2)
    socket:send_after(10, 3)
    clock:advance(20)
    assert.same({ 1, 2, 3, 4 }, notes)
  end)

  it("waits in the mailbox while the client waits", function()
    local socket = start {
      handle_info = function(self, message)
        note(self, message)
        if message == "wait" then story.pause(100) end
      end,
    }
    socket:send_after(10, "wait")
    socket:send_after(50, "during")
    clock:advance(109)
    assert.same({ "wait" }, notes)
    clock:advance(1)
    clock:advance(0)
    assert.same({ "wait", "during" }, notes)
  end)

  it("when it repeats, brings its message again and again, from the first interval on", function()
    start():send_interval(100, "tick")
    clock:advance(99)
    assert.same({}, notes)
    clock:advance(1)
    clock:advance(250)
    assert.equal(3, #notes)
  end)

  it("when it repeats, does not drift", function()
    local at, begin = {}, host:now()
    local socket = start { handle_info = function() at[#at + 1] = host:now() - begin end }
    socket:send_interval(100, "tick")
    for _ = 1, 10 do clock:advance(33) end
    clock:advance(170)
    assert.same({ 100, 200, 300, 400, 500 }, at)
  end)

  it("when it repeats, leaves out what a stall has missed, and keeps its beat", function()
    local timer = start():send_interval(100, "tick")
    stall(timer, 450)
    clock:advance(100)
    assert.equal(1, #notes)
    assert.equal(50, timer._clock:left())
  end)

  it("can be cancelled, which tells what was left", function()
    local socket = start()
    local timer = socket:send_after(100, "never")
    clock:advance(40)
    assert.equal(60, socket:cancel_timer(timer))
    assert.is_nil(socket:cancel_timer(timer))
    clock:advance(1000)
    assert.same({}, notes)
  end)

  it("tells that nothing was left once it has come", function()
    local socket = start()
    local timer = socket:send_after(100, "come")
    clock:advance(100)
    assert.is_nil(socket:cancel_timer(timer))
  end)

  it("can be cancelled where its message is handled", function()
    local timer, left
    local socket = start { handle_info = function(self, message)
      note(self, message)
      if #notes == 2 then left = self:cancel_timer(timer) end
    end }
    timer = socket:send_interval(100, "tick")
    clock:advance(1000)
    assert.same({ "tick", "tick" }, notes)
    assert.equal(100, left)
  end)

  it("that was cancelled too late has its message in the mailbox", function()
    local timer
    local socket = start { handle_info = function(self, message)
      note(self, message)
      if message ~= "wait" then return end
      story.pause(100)
      note(self, self:cancel_timer(timer) or "over")
    end }
    socket:send_after(0, "wait")
    timer = socket:send_after(50, "late")
    clock:advance(200)
    assert.same({ "wait", "over", "late" }, notes)
  end)

  it("ends with its client, and terminate still runs", function()
    local socket, client = start { terminate = function(self) note(self, "terminate") end }
    socket:send_after(100, "never")
    socket:send_interval(100, "never")
    client:stop()
    clock:advance(1000)
    assert.same({ "terminate" }, notes)
    assert.equal("ended", client:status())
  end)

  it("cannot be set by a client on its way out", function()
    local answer
    local _, client = start { terminate = function(self)
      answer = { self:send_after(10, "no") }
      note(self, (select(2, self:send_interval(10, "no"))))
    end }
    client:stop()
    clock:advance(1000)
    assert.same({ nil, "stopping", "stopping" }, answer)
    assert.same({ "stopping" }, notes)
  end)

  it("takes whole numbers however they are written", function()
    local client = story.start(host, {
      init = function(self)
        self:send_after(2e1, "after")
        self:send_interval(5e1, "interval")
        return { timeout = 1e1 }
      end,
      handle_info = note,
    })
    clock:advance(100)
    assert.same({ "timeout", "after", "interval", "interval" }, notes)
    client:stop()
  end)

  it("refuses wrong arguments", function()
    local socket = start()
    assert.has_error(function() socket:send_after(-1, 1) end,
      "bad argument #1 to 'send_after' (an integer of msec from 0 to 9007199254740992 expected, got -1)")
    assert.has_error(function() socket:send_after(1.5, 1) end,
      "bad argument #1 to 'send_after' (an integer of msec from 0 to 9007199254740992 expected, got 1.5)")
    assert.has_error(function() socket:send_interval(0, 1) end,
      "bad argument #1 to 'send_interval' (an integer of msec from 1 to 9007199254740992 expected, got 0)")
    assert.has_error(function() socket:send_after(math.maxinteger, 1) end,
      "bad argument #1 to 'send_after' (an integer of msec from 0 to 9007199254740992 expected, got "
        .. math.maxinteger .. ")")
    assert.has_error(function() socket:cancel_timer "tea" end,
      "bad argument #1 to 'cancel_timer' (a timer expected)")
  end)

  it("may be one of fifty thousand, which cost nothing while they wait", function()
    local socket, client = start()
    for n = 1, 50000 do socket:send_after(1000 * n, n) end
    local before = collectgarbage "count"
    for _ = 1, 999 do clock:advance(1) end
    assert.is_true(collectgarbage "count" - before < 100)
    assert.same({}, notes)
    clock:advance(4001)
    assert.same({ 1, 2, 3, 4, 5 }, notes)
    client:stop()
    clock:advance(0)
    assert.equal("ended", client:status())
  end)
end)
