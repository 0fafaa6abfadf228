-- Calls: a question to a client, and the reply that comes at once, later or never.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"

describe("a call", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function start(callbacks, options) return story.start(host, callbacks, options) end

  -- The answer to a call out of a script, once there is one.
  local function call(client, ...)
    local answer = story.ask(host, slipstream.call, client, ...)
    clock:advance(0)
    return answer
  end

  -- A callback that waits for nothing in particular.
  local function pause() story.pause(1000) end

  local function echo(_, request) return "reply", request end

  it("is answered with what handle_call replies", function()
    start({ handle_call = echo }, { name = "echo" })
    local answer = call("echo", { deep = { 1, 2 } })
    assert.same({ { deep = { 1, 2 } }, n = 1 }, answer)
  end)

  it("goes by handle as well as by name", function()
    local client = start { handle_call = echo }
    assert.same({ 1, n = 1 }, call(client, 1))
    local answer = story.ask(host, function() return client:call(2) end)
    clock:advance(0)
    assert.same({ 2, n = 1 }, answer)
  end)

  it("may be answered with nil or false", function()
    local client = start { handle_call = echo }
    assert.same({ false, n = 1 }, call(client, false))
    assert.same({ n = 1 }, call(client, nil))
  end)

  it("takes the reply from another callback, long after", function()
    local from
    local client = start {
      handle_call = function(_, _, who) from = who end,
      handle_info = function(_, value) slipstream.reply(from, value) end,
    }
    local answer = call(client, "when?")
    clock:advance(3000)
    assert.is_nil(answer.n)
    client:send "now"
    clock:advance(0)
    assert.same({ "now", n = 1 }, answer)
  end)

  it("takes the reply from a timer", function()
    local client = start {
      handle_call = function(self, _, from) self:send_after(1000, from) end,
      handle_info = function(_, from) slipstream.reply(from, "in time") end,
    }
    local answer = call(client, "please")
    clock:advance(999)
    assert.is_nil(answer.n)
    clock:advance(1)
    assert.same({ "in time", n = 1 }, answer)
  end)

  it("takes the reply from another client", function()
    local worker = start { handle_cast = function(_, from) slipstream.reply(from, "done") end }
    local front = start { handle_call = function(_, _, from) worker:cast(from) end }
    assert.same({ "done", n = 1 }, call(front, "work"))
  end)

  it("takes a reply by hand from the handle_call under way, which then stops", function()
    local client = start {
      handle_call = function(_, _, from)
        slipstream.reply(from, "farewell")
        return "stop", "normal"
      end,
    }
    assert.same({ "farewell", n = 1 }, call(client, "last words?"))
    assert.is_false(client:alive())
  end)

  it("takes one reply: of the second nobody hears", function()
    local results = {}
    local client = start {
      handle_call = function(_, _, from)
        results[1] = slipstream.reply(from, "first")
        results[2] = slipstream.reply(from, "second")
        return "reply", "third"
      end,
    }
    assert.same({ "first", n = 1 }, call(client, "which?"))
    assert.same({ true, false }, results)
    assert.is_true(client:alive())
  end)

  it("goes on with the actions that come with a reply", function()
    local notes, note = story.notes()
    local client = start {
      handle_call = function() return "reply", nil, { continue = "then" } end,
      handle_continue = note,
    }
    assert.same({ n = 1 }, call(client, "go"))
    assert.same({ "then" }, notes)
  end)

  it("times out after five seconds, or as asked, and drops a late reply", function()
    local froms, late = {}, {}
    local client = start {
      handle_call = function(_, _, from) froms[#froms + 1] = from end,
      handle_info = function() late[1] = slipstream.reply(froms[1], "late") end,
    }
    local patient, hasty = call(client, 1), call(client, 2, 100)
    clock:advance(99)
    assert.is_nil(hasty.n)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout", n = 3 }, hasty)
    clock:advance(4899)
    assert.is_nil(patient.n)
    clock:advance(1)
    assert.same({ nil, "timeout", "timeout", n = 3 }, patient)
    client:send "reply"
    clock:advance(0)
    assert.same({ false }, late)
  end)

  it("gets no late reply in place of the next one's", function()
    local froms = {}
    local client = start {
      handle_call = function(_, request, from)
        froms[request] = from
        if request == 2 then slipstream.reply(froms[1], "late") return "reply", "right" end
      end,
    }
    local answer = story.ask(host, function()
      local _, why = client:call(1, 10)
      return why, client:call(2, 10)
    end)
    clock:advance(10)
    clock:advance(0)
    assert.same({ "timeout", "right", n = 2 }, answer)
  end)

  it("may wait not at all", function()
    local client = start { handle_call = function() end }
    local answer = call(client, 1, 0)
    assert.same({ nil, "timeout", "timeout", n = 3 }, answer)
  end)

  it("of what is not there is noproc", function()
    local noproc = { nil, "noproc", "noproc", n = 3 }
    assert.same(noproc, call("nobody", 1))
    local client = start({ handle_call = echo }, { name = "gone" })
    client:stop()
    clock:advance(0)
    assert.same(noproc, call(client, 1))
    assert.same(noproc, call("gone", 1))
  end)

  it("of a client on its way out is noproc", function()
    local client = start({
      init = function(self) self:connect { uri = "ws://phoenix.test/socket/websocket" } end,
      handle_call = echo,
    }, { name = "leaving" })
    server:accept()
    client:stop()
    clock:advance(0)
    assert.equal("stopping", client:status())
    assert.same({ nil, "noproc", "noproc", n = 3 }, call("leaving", 1))
  end)

  it("hears why the client that it asked has ended", function()
    local dying = start { handle_call = function() return "stop", "tired" end }
    assert.same({ nil, "tired", n = 2 }, call(dying, 1))

    local failing = start { handle_call = function() error "oh" end }
    local answer = call(failing, 1)
    assert.is_nil(answer[1])
    assert.equal("script_error", answer[2].kind)

    local stopped = start { handle_call = function() end }
    answer = call(stopped, 1)
    stopped:stop("shutdown")
    clock:advance(0)
    assert.same({ nil, "shutdown", n = 2 }, answer)
  end)

  it("has the reason of the end for itself, as any message", function()
    local why = { kind = "tired" }
    local client = start { handle_call = function() return "stop", why end }
    local answer = call(client, 1)
    assert.same(why, answer[2])
    assert.not_equal(why, answer[2])
  end)

  it("hears of the end also when it still lies in the mailbox", function()
    local client = start { handle_info = pause, handle_call = echo }
    client:send "wait"
    clock:advance(0)
    local answer = call(client, 1)
    client:stop()
    clock:advance(0)
    assert.equal("normal", answer[2])
  end)

  it("may be answered in terminate yet", function()
    local from
    local client = start {
      handle_call = function(_, _, who) from = who end,
      terminate = function() slipstream.reply(from, "at last") end,
    }
    local answer = call(client, 1)
    client:stop()
    clock:advance(0)
    assert.same({ "at last", n = 1 }, answer)
  end)

  it("does not wait for ever when terminate raises or waits", function()
    for _, terminate in ipairs { function() error "no" end, pause } do
      local client = start { handle_call = function() end, terminate = terminate }
      local answer = call(client, 1)
      client:stop()
      clock:advance(5000)
      assert.same({ nil, "normal", n = 2 }, answer)
    end
  end)

  it("with a reply that cannot be copied ends the client, and the caller hears it", function()
    local deep = {}
    for _ = 1, 2000 do deep = { deep } end
    local client = start { handle_call = function() return "reply", deep end }
    local answer = call(client, 1)
    assert.equal("script_error", answer[2].kind)
    assert.is_false(client:alive())
    assert.matches("nested deeper", answer[2].text)
  end)

  describe("to oneself", function()
    local function calls_itself(callback, how)
      local failed
      local callbacks = {}
      callbacks[callback] = function(self)
        local ok, err = pcall(how, self)
        failed = not ok and err
        return callback == "handle_call" and "reply" or nil
      end
      return callbacks, function() return failed end
    end

    local function by_handle(self)
      local answer = self:client():call("me")
      return answer
    end
    local function by_name()
      local answer = slipstream.call("self", "me")
      return answer
    end

    it("raises instead of waiting, by handle and by name, also in init", function()
      for _, callback in ipairs { "init", "handle_info", "terminate" } do
        for _, how in ipairs { by_handle, by_name } do
          local callbacks, failed = calls_itself(callback, how)
          local client = start(callbacks, { name = "self" })
          client:send "go"
          clock:advance(0)
          client:stop()
          clock:advance(0)
          assert.matches("call_spec.lua:%d+: 'call' waits for the client itself", failed())
        end
      end
    end)

    it("raises in connect_params as well", function()
      local failed
      start {
        init = function(self) self:connect { uri = "ws://phoenix.test/socket/websocket" } end,
        connect_params = function(self)
          local _, err = pcall(by_handle, self)
          failed = err
        end,
      }
      clock:advance(0)
      assert.matches("call_spec.lua:%d+: 'call' waits for the client itself", failed)
    end)
  end)

  it("of two clients to each other times out on the side that asked first", function()
    local results, patience = {}, { a = 2000, b = 1000 }
    local function asker(other)
      return {
        handle_info = function() results[other] = { slipstream.call(other, "you?", patience[other]) } end,
        handle_call = function() return "reply", "me" end,
      }
    end
    start(asker "b", { name = "a" }):send "ask"
    start(asker "a", { name = "b" }):send "ask"
    clock:advance(1000)
    assert.same({ nil, "timeout", "timeout" }, results.b)
    clock:advance(0)
    assert.same({ "me" }, results.a)
  end)

  it("may lead to the next one, on and on through more clients than C's stack is deep", function()
    local chain = {}
    for n = 1, 300 do
      chain[n] = start { handle_call = function(_, sum)
        if n == 300 then return "reply", sum end
        return "reply", (chain[n + 1]:call(sum + 1))
      end }
    end
    assert.same({ 299, n = 1 }, call(chain[1], 0))
  end)

  it("out of connect_params reaches another client", function()
    start({ handle_call = function() return "reply", "secret" end }, { name = "vault" })
    start {
      init = function(self) self:connect { uri = "ws://phoenix.test/socket/websocket" } end,
      connect_params = function() return { params = { token = slipstream.call("vault", "token") } } end,
    }
    clock:advance(0)
    assert.matches("token=secret", server:accept().line)
  end)

  it("from where nothing can wait raises at the script's line", function()
    local client = start { handle_call = echo }
    local line = debug.getinfo(1, "l").currentline + 1
    local ok, err = pcall(function() client:call(1) end)
    assert.is_false(ok)
    assert.matches("call_spec.lua:" .. line .. ": 'call' waits: call it in a callback", err)
    assert.has_error(function() slipstream.call("nobody", 1) end)
  end)

  it("leaves the mailbox of the caller in order", function()
    local notes, note = story.notes()
    local slow = start { handle_call = function(self, _, from) self:send_after(10, from) end,
      handle_info = function(_, from) slipstream.reply(from, "reply") end }
    local client = start { handle_info = function(self, message)
      note(self, message)
      if message == "ask" then note(self, slow:call(1)) end
    end }
    client:send "ask"
    client:send "first"
    client:send "second"
    clock:advance(10)
    clock:advance(0)
    assert.same({ "ask", "reply", "first", "second" }, notes)
  end)

  it("is called off with its caller", function()
    local from, closed
    local client = start { handle_call = function(_, _, who) from = who end }
    local caller = start { handle_info = function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      client:call(1)
    end }
    caller:send "go"
    clock:advance(0)
    caller:stop()
    clock:advance(0)
    assert.is_true(closed)
    assert.is_false(slipstream.reply(from, 1))
  end)

  it("refuses wrong arguments by their places", function()
    local client = start { handle_call = echo }
    local function fault(fn, ...)
      local answer = story.ask(host, fn, ...)
      return answer.err
    end
    assert.matches("bad argument #2 to 'call'", fault(function() client:call(1, -1) end))
    assert.matches("bad argument #3 to 'call'", fault(function() slipstream.call(client, 1, -1) end))
    assert.matches("bad argument #1 to 'call' %(client or name expected, got number%)",
      fault(function() slipstream.call(5, 1) end))
    assert.matches("bad argument #1 to 'reply'", fault(function() slipstream.reply({}, 1) end))
  end)
end)
