-- Tests of buyer.lua, without a network and without waiting: the test is the shop.

require "busted.runner" () -- for `slipstream run`; busted itself takes no notice of it

local Buyer = require "buyer"
local slipstream = require "slipstream"
local test = require "slipstream.test"

describe("a buyer", function()
  local buyer

  before_each(function()
    test.begin()
    local args = { uri = "ws://shop.test/socket/websocket", limit = 100 }
    buyer = assert(test.start(Buyer, args, { name = "ann" }))
    test.connect_and_assert_join(buyer, "prices")
    test.assert_join(buyer, "orders", { name = "ann" })
  end)

  after_each(test.reset)

  local function price(of, cents) test.push(buyer, "prices", "price", { of = of, cents = cents }) end

  local function bought()
    return slipstream.run(function() return buyer:call "bought" end)
  end

  it("orders what is cheap enough, and nothing else", function()
    price("pears", 101)
    price("apples", 100)
    test.assert_push(buyer, "orders", "buy", { what = "apples" })
    test.refute_push(buyer, "orders", slipstream.any)
  end)

  it("has bought what the shop has sold to it", function()
    price("apples", 90)
    price("plums", 80)
    local apples = test.assert_push(buyer, "orders", "buy", { what = "apples" })
    local plums = test.assert_push(buyer, "orders", "buy", { what = "plums" })
    test.reply(buyer, plums, "ok")
    assert.same({ "plums" }, bought())
    test.reply(buyer, apples, { "ok", { at = "the back door" } })
    assert.same({ "plums", "apples" }, bought())
  end)

  it("tries again 5 seconds after a refusal", function()
    price("apples", 90)
    test.reply(buyer, test.assert_push(buyer, "orders", "buy"), { "error", { reason = "closed" } })
    test.refute_push(buyer, "orders", "buy", nil, 4999)
    test.assert_push(buyer, "orders", "buy", { what = "apples" }, 1)
  end)

  it("tries again when it hears nothing", function()
    price("apples", 90)
    test.assert_push(buyer, "orders", "buy")
    test.advance(10000) -- push_timeout_msec
    test.assert_push(buyer, "orders", "buy", { what = "apples" }, 5000)
  end)

  it("goes on where it was when the connection has been lost", function()
    price("apples", 90)
    test.assert_push(buyer, "orders", "buy")
    test.disconnect(buyer)
    test.connect_and_assert_join(buyer, "orders")
    test.assert_push(buyer, "orders", "buy", { what = "apples" }, 5000)
    assert.joins(buyer, "prices") -- as luassert has it
  end)
end)
