local legible = require "slipstream.legible"

describe("what scripts and servers said", function()
  it("stays as it is when a terminal only shows it", function()
    assert.equal("zwölf €, 日本 👋", legible.line "zwölf €, 日本 👋")
    assert.equal("a\n\tb", legible.block "a\n\tb")
  end)

  it("shows what a terminal obeys by its number", function()
    assert.equal("\\x1b[31mred\\x07\\x7f\\u{9b}2J", legible.line "\27[31mred\7\127\u{9b}2J")
    assert.equal("\\x00\\r", legible.block "\0\r")
    assert.equal("abc\\u{202e}cba\\u{2066}\\u{2028}", legible.line "abc\u{202e}cba\u{2066}\u{2028}")
  end)

  it("is one line where a line is wanted", function()
    assert.equal("a\\nb\\r\\tc", legible.line "a\nb\r\tc")
  end)

  it("is UTF-8, whatever the bytes are", function()
    assert.equal("\\xff", legible.line "\xff")
    assert.equal("a\\xe2\\x82b\\xc3", legible.line "a\xe2\x82b\xc3")
    assert.equal("\\xed\\xa0\\x80", legible.line "\xed\xa0\x80") -- a surrogate
    for byte = 0, 255 do
      for _, around in ipairs { "", "a", "é", "\xe2" } do
        assert.is_truthy(utf8.len(legible.line(around .. string.char(byte) .. around)))
      end
    end
  end)
end)
