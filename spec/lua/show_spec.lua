local core = require "slipstream.core"
local show = require "slipstream.show"

describe("a value in a few words", function()
  it("is its text, and of a table what is in it, in an order that is always the same", function()
    assert.equal("normal", show.text "normal")
    assert.equal("nil", show.text(nil))
    assert.equal("null", show.text(core.null))
    assert.equal('{"code":7,"list":[1,2.5,true],"none":null,"text":"say \\"hi\\""}', show.text {
      text = 'say "hi"', code = 7, list = { 1, 2.5, true }, none = core.null,
    })
    assert.equal("{}", show.text {})
    assert.equal("[]", show.text(setmetatable({}, core.array_mt)))
    assert.matches('^{"1.5":"function: [^"]*","true":{}}$', show.text { [1.5] = function() end, [true] = {} })
  end)

  it("is why luv failed, without its code and the path", function()
    assert.equal("no such file or directory", show.fault "ENOENT: no such file or directory: /a")
    assert.equal("unknown node or service", show.fault "EAI_NONAME: unknown node or service")
    assert.equal("the disk is too slow", show.fault "the disk is too slow")
  end)

  it("has no secrets, however deep they are", function()
    local nested = { user = "ann", auth = { Authorization = "a", ["x-api-key"] = "b", tokens = { "c" } } }
    local shown = '{"Authorization":"[redacted]","tokens":"[redacted]","x-api-key":"[redacted]"}'
    assert.equal(('{"auth":%s,"user":"ann"}'):format(shown), show.text(nested))
    assert.equal('[{"uri":"ws://h/?[redacted]"}]', show.text { { uri = "ws://h/?a=b" } })
  end)

  it("does not look into objects", function()
    local object = setmetatable({ token = "abc" }, { __tostring = function() return "socket 7" end })
    assert.equal("socket 7", show.text(object))
    assert.equal('["socket 7"]', show.text { object })
    assert.matches("^a module: 0x", show.text(setmetatable({ 1 }, { __name = "a module" })))
    local mute = setmetatable({}, { __tostring = function() error "no text" end })
    assert.equal('{"x":"a table that cannot be shown"}', show.text { x = mute })
  end)

  it("is one line of bounded length, cut between characters", function()
    assert.equal("a b", show.shorten "a\r\nb")
    assert.equal(("€"):rep(66) .. "…", show.shorten(("€"):rep(1000)))
    local within = {}
    within[1], within[within] = within, within
    assert.is_true(#show.text(within) <= 203)
    assert.is_true(#show.text { ("x"):rep(1 << 20) } <= 203)
    local many = {}
    for i = 1, 100000 do many["key " .. i] = i end
    assert.is_true(#show.text(many) <= 203)
  end)

  it("puts a host in brackets that is an IPv6 address", function()
    assert.same({ "[::1]", "127.0.0.1", "chat.test" },
      { show.host "::1", show.host "127.0.0.1", show.host "chat.test" })
  end)

  it("tells how many there are", function()
    assert.same({ "0 events", "1 event", "2 entries" },
      { show.count(0, "event"), show.count(1, "event"), show.count(2, "entry") })
  end)

  it("tells a number of bytes in the unit that suits it", function()
    local cases = {
      [0] = "0 bytes", [1023] = "1023 bytes", [1024] = "1.0 KiB", [3 << 19] = "1.5 MiB",
      [1 << 30] = "1.0 GiB", [1 << 41] = "2048.0 GiB",
    }
    for bytes, text in pairs(cases) do assert.equal(text, show.bytes(bytes)) end
  end)
end)
