local text = require "slipstream.scenario.output.text"

describe("text of scenarios and servers", function()
  it("stays as it is when a terminal only shows it", function()
    assert.equal("zwölf €, 日本 👋", text.line "zwölf €, 日本 👋")
    assert.equal("a\n\tb", text.block "a\n\tb")
  end)

  it("shows what a terminal obeys by its number", function()
    assert.equal("\\x1b[31mred\\x07\\x7f\\u{9b}2J", text.line "\27[31mred\7\127\u{9b}2J")
    assert.equal("\\x00\\r", text.block "\0\r")
    assert.equal("abc\\u{202e}cba\\u{2066}\\u{2028}", text.line "abc\u{202e}cba\u{2066}\u{2028}")
  end)

  it("is one line where a line is wanted", function()
    assert.equal("a\\nb\\r\\tc", text.line "a\nb\r\tc")
  end)

  it("is UTF-8, whatever the bytes are", function()
    assert.equal("\\xff", text.line "\xff")
    assert.equal("a\\xe2\\x82b\\xc3", text.line "a\xe2\x82b\xc3")
    assert.equal("\\xed\\xa0\\x80", text.line "\xed\xa0\x80") -- a surrogate
    for byte = 0, 255 do
      for _, around in ipairs { "", "a", "é", "\xe2" } do
        assert.is_truthy(utf8.len(text.line(around .. string.char(byte) .. around)))
      end
    end
  end)

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
