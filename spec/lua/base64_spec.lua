-- Base64, as tokens and refs have it.
local base64 = require "slipstream.base64"

-- RFC 4648 section 10, without the padding.
local vectors = {
  [""] = "", f = "Zg", fo = "Zm8", foo = "Zm9v", foob = "Zm9vYg", fooba = "Zm9vYmE", foobar = "Zm9vYmFy",
}

describe("base64", function()
  for bytes, text in pairs(vectors) do
    it(("has %q for %q"):format(text, bytes), function()
      assert.equal(text, base64.encode(bytes))
      assert.equal(bytes, base64.decode(text))
      assert.equal(bytes, base64.decode(text .. ("="):rep(-#text % 4)))
    end)
  end

  it("reads back all bytes, in the alphabet for URLs, too", function()
    local bytes = {}
    for byte = 0, 255 do bytes[byte + 1] = string.char(byte) end
    local all = table.concat(bytes)
    local text = base64.encode(all)
    assert.equal(all, base64.decode(text))
    assert.equal(all, base64.decode((text:gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))))
  end)

  it("reads nothing else", function()
    for _, text in ipairs { "Zm9v\n", "Zm 9v", "Zg=g", "Zm9\xff" } do assert.is_nil(base64.decode(text)) end
  end)
end)
