-- A test that expects too much, to see what that says.

require "busted.runner" ()

local Buyer = require "buyer"
local test = require "slipstream.test"

describe("a buyer", function()
  before_each(test.begin)
  after_each(test.reset)

  it("orders three of what is cheap", function()
    local buyer = assert(test.start(Buyer, { uri = "ws://shop.test/socket/websocket" }, { name = "ann" }))
    test.connect_and_assert_join(buyer, "prices")
    test.assert_join(buyer, "orders")
    test.push(buyer, "prices", "price", { of = "apples", cents = 20 })
    test.assert_push(buyer, "orders", "buy", { what = "apples", count = 3 })
  end)
end)
