local text = require "slipstream.scenario.output.text"

describe("text of an output", function()
  it("has no mark of XML and HTML once it is escaped", function()
    assert.equal("&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt; &amp;amp;", text.escape [[<b a="1" c='2'> &amp;]])
  end)

  it("tells times in the unit that suits them", function()
    local times = {
      [0] = "0 msec", [999] = "999 msec", [1000] = "1.0 s", [59949] = "59.9 s", [59950] = "1 min 0 s",
      [125400] = "2 min 5 s",
    }
    for msec, words in pairs(times) do assert.equal(words, text.duration(msec)) end
    assert.equal("1.002", text.seconds(1002))
    assert.equal("0.000", text.seconds(0))
  end)
end)
