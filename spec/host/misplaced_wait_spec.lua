local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local waiting = require "spec.support.waiting"

describe("waiting where one cannot", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local PLACE = "misplaced_wait_spec.lua:%d+: "

  -- A client that runs `fn` ends with an error that matches, at its own line; the host lives on.
  local function expect_error(pattern, fn)
    local calls = waiting.client(host, server, fn)
    assert.is_nil(calls.results)
    local reason = recorder.last(calls, "terminate")
    assert.equal("script_error", reason and reason.kind)
    assert.truthy(reason.text:find(PLACE .. pattern), reason.text)
    server:send_close(1000)
    assert.is_false(calls.client:alive())
    local other = waiting.client(host, server, function(self) return self:await_connect() end)
    assert.is_true(waiting.results(other))
  end

  local IN_C = "'await_message' waits, which a function called by C, as by table.sort or string.gsub, "
    .. "cannot do"

  it("is an error in the comparator of table.sort", function()
    expect_error(IN_C, function(self)
      table.sort({ 2, 1 }, function() self:await_message("room:1") end)
    end)
  end)

  it("is an error in a function that string.gsub calls", function()
    expect_error(IN_C, function(self)
      string.gsub("a", "a", function() self:await_message("room:1") end)
    end)
  end)

  it("is an error in a coroutine of the script's own", function()
    expect_error("'await_message' waits, which a coroutine of the script's own cannot do", function(self)
      coroutine.wrap(function() self:await_message("room:1") end)()
    end)
  end)

  it("is an error for everything that waits, by its own name", function()
    local client = assert(slipstream.start(slipstream.client {}, nil, { host = host }))
    local function in_c(name, fn)
      local pattern = ("'%s' waits, which a function called by C"):format(name)
      expect_error(pattern, function(self)
        table.sort({ 2, 1 }, function() fn(self) end)
      end)
    end
    in_c("await_connect", function(self) self:await_connect() end)
    in_c("await_disconnect", function(self) self:await_disconnect() end)
    in_c("await_join", function(self) self:await_join("room:1") end)
    in_c("await_leave", function(self) self:await_leave("room:1") end)
    in_c("await_topic_close", function(self) self:await_topic_close("room:1") end)
    in_c("await_reply", function(self) self:await_reply(1) end)
    in_c("ping", function(self) self:ping() end)
    in_c("await", function() slipstream.await(function() end) end)
    in_c("run", function() slipstream.run(function() end) end)
    in_c("call", function() client:call(1) end)
    in_c("await_end", function() client:await_end() end)
  end)

  it("is an error for what is no topic and no time, by its own name", function()
    local function wants(name, fn)
      expect_error(("bad argument #1 to '%s' %%(string expected, got no value"):format(name), fn)
      expect_error(("bad argument #2 to '%s' %%(an integer of msec from"):format(name), function(self)
        fn(self, "room:1", -1)
      end)
    end
    wants("await_join", function(self, ...) self:await_join(...) end)
    wants("await_leave", function(self, ...) self:await_leave(...) end)
    wants("await_topic_close", function(self, ...) self:await_topic_close(...) end)
    for _, name in ipairs { "await_join", "await_leave" } do
      wants(name, function(self, ...) self[name](self, ...) end)
    end
  end)

  it("is an error outside of callbacks and scripts", function()
    local calls = waiting.client(host, server, function() end)
    local ok, text = pcall(function() calls.socket:await_connect() end)
    assert.is_false(ok)
    local fault = "'await_connect' waits: call it in a callback, in slipstream.run or in a script of "
    assert.truthy(text:find(PLACE .. fault .. "`slipstream run`$"), text)
  end)

  it("is an error while a finalizer runs, which is logged", function()
    local failure
    local calls = waiting.client(host, server, function(self)
      setmetatable({}, { __gc = function() failure = select(2, pcall(self.await_connect, self)) end })
      collectgarbage()
      return "done"
    end)
    assert.same({ "done", n = 1 }, calls.results)
    assert.truthy(failure:find("waits, which", 1, true), failure)
  end)

  it("is an error for the events of another client", function()
    local other = waiting.client(host, server, function() end)
    local fault = "'await_message' waits for events of another client, which are for its own callbacks"
    expect_error(fault, function() other.socket:await_message("room:1") end)
    expect_error("'ping' waits for events of another client", function() other.socket:ping() end)
  end)

  it("is an error for a coroutine.yield that nobody goes on with", function()
    local calls = waiting.client(host, server, function() coroutine.yield(1) end)
    local reason = recorder.last(calls, "terminate")
    assert.truthy(reason.text:find("yielded, but not to wait", 1, true))
    assert.truthy(reason.traceback:find("misplaced_wait_spec.lua", 1, true))
    assert.equal(0, #recorder.names(calls) - 2)
  end)

  it("leaves coroutines of the script's own alone", function()
    local calls = waiting.client(host, server, function()
      local numbers = coroutine.wrap(function() for index = 1, 3 do coroutine.yield(index) end end)
      return numbers(), numbers(), numbers()
    end)
    assert.same({ 1, 2, 3 }, { waiting.results(calls) })
  end)

  it("is none inside of pcall, xpcall, metamethods and iterators", function()
    local function pause() slipstream.await(function() end, 10) end
    local calls = waiting.client(host, server, function()
      local ok, text = pcall(function()
        pause()
        error("odd", 0)
      end)
      local _, caught = xpcall(function()
        pause()
        error("odder", 0)
      end, function(err) return err .. "!" end)
      local sum = setmetatable({}, { __add = function()
        pause()
        return 7
      end }) + 1
      local count = 0
      for _ in function() pause() count = count + 1 return count < 3 and count or nil end do pause() end
      do local _ <close> = setmetatable({}, { __close = pause }) end
      return ok, text, caught, sum, count
    end)
    clock:advance(200)
    assert.same({ false, "odd", "odder!", 7, 3 }, { waiting.results(calls) })
  end)
end)
