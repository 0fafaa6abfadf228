-- The test kit speaks as the client does: another serializer, another vsn, and presences.
local chatter = require "spec.support.chatter"
local core = require "slipstream.core"
local presence = require "slipstream.presence"
local slipstream = require "slipstream"
local test = require "slipstream.test"

describe("a client in a test", function()
  before_each(test.begin)
  after_each(test.reset)

  local acts = {}
  function acts.push(socket, payload) socket:push("room:1", "said", { bytes = payload.bytes }) end

  local function talk(config, bytes)
    local module, heard = chatter.module(acts, config)
    local client = test.start(module)
    test.connect_and_assert_join(client, "room:1")
    test.push(client, "room:1", "do", { what = "push", bytes = bytes })
    local ref = test.assert_push(client, "room:1", "said", { bytes = bytes })
    test.reply(client, ref, { "ok", { bytes = bytes } })
    assert.equal(bytes, select(3, chatter.last(heard, "reply")).bytes)
  end

  it("speaks through its own serializer", function()
    talk({
      vsn = "3.0.0",
      serializer = {
        encode = function(message) return core.pack(message), true end,
        decode = function(bytes) return core.unpack(bytes) end,
      },
    }, "\xff\0")
  end)

  it("is told at the line of the test to have sent what cannot be read", function()
    local serializer = {
      encode = function() return "gibberish" end,
      decode = function() error("no such language", 0) end,
    }
    local client = test.start(chatter.module(nil, { serializer = serializer }))
    local line = debug.getinfo(1, "l").currentline + 1
    local _, err = pcall(function() test.accept_connect(client) end)
    assert.equal(("spec/test/format_spec.lua:%d: cannot read what the client has sent: ")
      :format(line) .. "serializer.decode: no such language", err)
  end)

  it("speaks vsn 1.0.0", function() talk({ vsn = "1.0.0" }, "text") end)

  it("hears who is there", function()
    local told, users = {}, nil
    local Guest = slipstream.client()
    function Guest:init()
      users = presence.new(self, "room:1", {
        on_join = function(key) told[#told + 1] = "join " .. key end,
        on_leave = function(key) told[#told + 1] = "leave " .. key end,
      })
      self:connect { uri = chatter.uri }
      self:join "room:1"
    end
    local client = test.start(Guest)
    test.connect_and_assert_join(client, "room:1")
    local ann = { ann = { metas = { { phx_ref = "1" } } } }
    test.push(client, "room:1", "presence_state", ann)
    test.push(client, "room:1", "presence_diff", { joins = {}, leaves = ann })
    assert.same({ "join ann", "leave ann" }, told)
    assert.same({}, users:list())
  end)
end)
