local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("an error in a callback", function()
  local host, server, ends, unwatch

  before_each(function()
    host, server = phoenix.pretend()
    ends = {}
    unwatch = slipstream.watch(function(client, reason, is_failure)
      ends[#ends + 1] = { client = client, reason = reason, is_failure = is_failure }
    end)
  end)

  after_each(function()
    unwatch()
    host:close()
  end)

  local function start(own, config)
    local module, calls = recorder.module(config, own)
    local client, reason = slipstream.start(module, nil, { host = host })
    return client, calls, reason
  end

  local function errors()
    local list = {}
    for _, entry in ipairs(server.logged) do
      if entry.level == "error" then list[#list + 1] = entry end
    end
    return list
  end

  it("ends that client alone, cleanly", function()
    local bad, calls = start { handle_connect = function() error("boom") end }
    server:accept()
    local bad_peer = server.peer
    local good = start()
    assert.same({ 1000, "" }, { server:expect_close() })
    server:send_close(1000)
    assert.is_false(bad:alive())
    assert.equal("graceful", bad_peer:closed())
    assert.is_true(good:alive())
    local reason = recorder.last(calls, "terminate")
    assert.equal("script_error", reason.kind)
    assert.truthy(reason.text:find("script_error_spec.lua:%d+: boom$"))
    assert.equal(1, #ends)
    assert.is_true(ends[1].is_failure)
  end)

  it("is logged once, with the places in the user's files only", function()
    start { handle_connect = function() error("boom") end }
    server:accept()
    assert.equal(1, #errors())
    local entry = errors()[1]
    assert.equal("handle_connect", entry.fields.callback)
    assert.truthy(entry.fields.traceback:find("script_error_spec.lua", 1, true))
    assert.is_nil(entry.fields.traceback:find("slipstream/process.lua", 1, true))
    assert.is_nil(entry.fields.traceback:find("[C]", 1, true))
  end)

  it("may be any value", function()
    local _, calls = start { handle_connect = function() error(setmetatable({}, {
      __tostring = function() error("worse") end,
    })) end }
    server:accept()
    assert.equal("an error that cannot be shown", recorder.last(calls, "terminate").text)
  end)

  it("is told by its type when it says nothing of itself", function()
    local values = { { nil, "nil" }, { {}, "a table" }, { true, "a boolean" }, { print, "a function" } }
    for _, case in ipairs(values) do
      start { handle_connect = function() error(case[1]) end }
      server:accept()
      local entry = errors()[#errors()]
      assert.equal("error value is " .. case[2], entry.text)
      assert.truthy(entry.fields.traceback:find("script_error_spec.lua", 1, true))
    end
  end)

  it("is told as it is when it is a number, and by its __tostring", function()
    local _, calls = start { handle_connect = function() error(42) end }
    server:accept()
    assert.equal("42", recorder.last(calls, "terminate").text)
    local sad = setmetatable({}, { __tostring = function() return "sad" end })
    _, calls = start { handle_connect = function() error(sad) end }
    server:accept()
    assert.equal("sad", recorder.last(calls, "terminate").text)
  end)

  it("may be a stack that overflows", function()
    local function dig(n) return 1 + dig(n + 1) end
    local _, calls = start { handle_connect = function() dig(1) end }
    server:accept()
    assert.truthy(recorder.last(calls, "terminate").text:find("stack overflow", 1, true))
  end)

  it("in terminate changes nothing", function()
    local client = start {
      handle_connect = function() return "stop", "normal" end,
      terminate = function() error("boom") end,
    }
    server:accept()
    assert.equal(1000, (server:expect_close()))
    server:send_close(1000)
    assert.is_false(client:alive())
    assert.is_false(ends[1].is_failure)
    assert.equal("terminate", errors()[1].fields.callback)
  end)

  it("in init makes start fail", function()
    local module = slipstream.client {}
    function module.init() error("boom") end
    local client, reason = slipstream.start(module, nil, { host = host })
    assert.is_nil(client)
    assert.equal("script_error", reason.kind)
    assert.is_true(ends[1].is_failure)
  end)

  it("in join params or connect_params is the client's error", function()
    local client = start {
      handle_connect = function(self) self:join("room:1", function() error("boom") end) end,
    }
    server:accept()
    assert.equal(1000, (server:expect_close()))
    server:send_close(1000)
    assert.is_false(client:alive())
    local other = start { connect_params = function() error("boom") end }
    server:was_dialled()
    assert.is_false(other:alive())
  end)
end)

describe("a callback's verdict", function()
  local host, server

  before_each(function() host, server = phoenix.pretend() end)
  after_each(function() host:close() end)

  -- What terminate was told after handle_connect answered that.
  local function reason_after(...)
    local answer = table.pack(...)
    local module, calls = recorder.module(nil, {
      handle_connect = function() return table.unpack(answer, 1, answer.n) end,
    })
    slipstream.start(module, nil, { host = host })
    server:accept()
    local reason = recorder.last(calls, "terminate")
    return reason and tostring(reason)
  end

  it("goes on with nothing, ok and noreply", function()
    assert.is_nil(reason_after())
    assert.is_nil(reason_after "ok")
    assert.is_nil(reason_after "noreply")
  end)

  it("stops with its reason", function()
    assert.equal("normal", reason_after("stop", "normal"))
  end)

  it("is an error that names the callback when it is something else", function()
    assert.truthy(reason_after("okay"):find('handle_connect returned "okay"', 1, true))
    assert.truthy(reason_after(7):find("handle_connect returned 7", 1, true))
    assert.truthy(reason_after("ignore"):find("which only init may", 1, true))
  end)

  it("ignores a client when init says so", function()
    local module = slipstream.client {}
    function module.init() return "ignore" end
    assert.same({ nil, "ignore" }, { slipstream.start(module, nil, { host = host }) })
  end)
end)
