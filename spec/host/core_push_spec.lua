local core = require "slipstream.core"
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("core.push", function()
  local host, server

  before_each(function() host, server = phoenix.pretend() end)
  after_each(function() host:close() end)

  -- A socket that is in the topic room:1.
  local function start(config)
    local joining = { handle_connect = function(self) assert(self:join "room:1") end }
    local module, calls = recorder.module(config, joining)
    slipstream.start(module, nil, { host = host })
    server:accept()
    server:expect_join("room:1"):reply("ok", {})
    return calls.socket
  end

  it("sends a value as JSON, and answers the ref that its reply has", function()
    local socket = start()
    local ref = core.push(socket, "room:1", "say", { text = "hi" })
    host:advance(0)
    local push = server:expect("room:1", "say")
    assert.same({ text = "hi" }, push.payload)
    assert.equal(tostring(ref), push.ref)
  end)

  it("sends an empty object when there is no payload", function()
    core.push(start(), "room:1", "say")
    host:advance(0)
    assert.same({}, server:expect("room:1", "say").payload)
  end)

  it("says why it cannot be sent", function()
    local socket = start()
    local _, _, code = core.push(socket, "room:2", "say", {})
    assert.equal("not_joined", code)
    local ref, text
    ref, text, code = core.push(socket, "room:1", "say", { f = print })
    assert.is_nil(ref)
    assert.matches("function", text, 1, true)
    assert.equal("invalid", code)
  end)

  it("leaves alone what is no socket, and what has never connected", function()
    for _, value in ipairs { {}, "socket", { _core = false }, { _core = io.stdout } } do
      assert.is_false(core.push(value, "room:1", "say", {}))
    end
  end)

  it("leaves alone topics and events that are no strings", function()
    local socket = start()
    assert.is_false(core.push(socket, 1, "say", {}))
    assert.is_false(core.push(socket, "room:1", nil, {}))
  end)

  it("leaves values alone that a JSON of the script's own is to encode, but not bytes", function()
    local json = { encode = core.json.encode, decode = core.json.decode }
    local socket = start { json = json }
    assert.is_false(core.push(socket, "room:1", "say", {}))
    assert.is_number(core.push(socket, "room:1", "say", slipstream.binary "bytes"))
  end)
end)
