-- Times, rates and shares for people.
local amount = require "slipstream.scenario.measure.amount"

describe("an amount", function()
  it("is a time with three digits", function()
    for usec, wanted in pairs {
      [0] = "0 us", [999] = "999 us", [1000] = "1.00 ms", [12345] = "12.3 ms", [99949] = "99.9 ms",
      [99960] = "100 ms", [999499] = "999 ms", [999500] = "1.00 s", [60000000] = "60.0 s",
      [99999999] = "100 s", [100000000] = "1 min 40 s", [3600000000] = "60 min 0 s",
    } do
      assert.equal(wanted, amount.time(usec))
    end
  end)

  it("is a rate", function()
    assert.equal("0.52/s", amount.rate(0.521))
    assert.equal("1200/s", amount.rate(1200.4))
  end)

  it("is a share that is never nothing when there is something", function()
    assert.equal("0 %", amount.share(0))
    assert.equal("< 0.01 %", amount.share(0.000001))
    assert.equal("0.05 %", amount.share(0.0005))
    assert.equal("100 %", amount.share(1))
  end)

  it("is read with its unit", function()
    assert.same({ 1500000, 5 }, { amount.read_time "1.5s" })
    assert.same({ 120000000, 4 }, { amount.read_time("x2m,", 2) })
    for _, text in ipairs { "5", "5h", "s", "", "-5s" } do assert.is_nil(amount.read_time(text)) end
  end)
end)
