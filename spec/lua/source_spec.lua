local source = require "slipstream.source"

describe("source", function()
  local file

  before_each(function() file = os.tmpname() end)
  after_each(function() os.remove(file) end)

  local function write(text)
    local handle <close> = assert(io.open(file, "wb"))
    handle:write(text)
  end

  -- What Lua's own loadfile says is what we say.
  local function compare(text)
    write(text)
    local expected, expected_fault = loadfile(file, "t")
    local chunk, fault = source.load(assert(source.read(file)), file)
    assert.equal(expected_fault, fault)
    if not expected then return end
    assert.equal((expected()), (chunk()))
    assert.same(debug.getinfo(expected, "S"), debug.getinfo(chunk, "S"))
  end

  it("loads what loadfile loads", function()
    compare "return debug.getinfo(1, 'l').currentline"
    compare "\n\nreturn debug.getinfo(1, 'l').currentline"
    compare "#!/usr/bin/env slipstream run\nreturn debug.getinfo(1, 'l').currentline"
    compare "\xEF\xBB\xBF# and a mark\nreturn 2"
    compare ""
  end)

  it("refuses what loadfile refuses", function()
    compare "return ="
    compare(string.dump(load "return 1"))
  end)

  it("says in its words what it cannot read", function()
    for _, name in ipairs { file .. "/none.lua", "/tmp" } do
      assert.same({ loadfile(name) }, { source.read(name) })
    end
  end)
end)
