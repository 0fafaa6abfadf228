local copy = require "slipstream.copy"
local match = require "slipstream.match"

describe("a pattern", function()
  local any, matches = match.any, match.matches

  it("that is a plain value matches what is equal to it", function()
    for _, value in ipairs { "ok", 1, true, io.stdout } do assert.is_true(matches(value, value)) end
    assert.is_true(matches(nil, nil))
    assert.is_true(matches(1, 1.0))
    assert.is_true(matches(false, false))
    assert.is_false(matches("ok", "error"))
    assert.is_false(matches("1", 1))
    assert.is_false(matches(false, nil))
    assert.is_false(matches("ok", { "ok" }))
    assert.is_false(matches(nil, "ok"))
  end)

  it("that is any matches everything", function()
    for _, value in ipairs { "ok", 1, false, {}, print } do assert.is_true(matches(any, value)) end
    assert.is_true(matches(any, nil))
  end)

  it("that is a function matches what it answers true for", function()
    local function is_long(text) return #text > 3 and text end
    assert.is_true(matches(is_long, "long"))
    assert.is_false(matches(is_long, "no"))
    assert.is_false(matches(function() end, "no"))
  end)

  it("that is a table matches tables that contain it", function()
    assert.is_true(matches({ body = "hi" }, { body = "hi", from = "ann" }))
    assert.is_true(matches({}, { "whatever" }))
    assert.is_false(matches({ body = "hi" }, { body = "ho" }))
    assert.is_false(matches({ body = "hi", from = "ann" }, { body = "hi" }))
    assert.is_false(matches({}, "text"))
    assert.is_false(matches({}, nil))
  end)

  it("may have patterns in it, however deep", function()
    local pattern = { user = { name = any, age = function(age) return age >= 18 end } }
    assert.is_true(matches(pattern, { user = { name = "ann", age = 18 } }))
    assert.is_false(matches(pattern, { user = { name = "ann", age = 17 } }))
    assert.is_false(matches(pattern, { user = "ann" }))
  end)

  it("asks for its keys to be there, whatever their values", function()
    assert.is_true(matches({ body = any }, { body = false }))
    assert.is_false(matches({ body = any }, {}))
    assert.is_false(matches({ body = function() return true end }, {}))
  end)

  it("that is a list matches by position, and longer lists too", function()
    assert.is_true(matches({ 1, any }, { 1, 2, 3 }))
    assert.is_false(matches({ 1, any }, { 2, 1 }))
    assert.is_false(matches({ 1, 2, 3 }, { 1, 2 }))
  end)

  it("finds what a value has from its metatable", function()
    assert.is_true(matches({ kind = "point" }, setmetatable({}, { __index = { kind = "point" } })))
  end)

  local function ring(size, name)
    local first = { name = name }
    local last = first
    for _ = 2, size do last = { name = name, next = last } end
    first.next = last
    return first
  end

  it("may be cyclic", function()
    assert.is_true(matches(ring(2, "a"), ring(3, "a")))
    assert.is_false(matches(ring(2, "a"), ring(3, "b")))
    assert.is_false(matches(ring(1, "a"), { name = "a", next = { name = "a" } }))
    local odd = ring(3, "a")
    odd.next.name = "b"
    assert.is_false(matches(ring(1, "a"), odd))
  end)

  it("looks once at tables that are shared a million times", function()
    local asked = 0
    local pattern, value = { function() asked = asked + 1 return true end }, { 1 }
    for _ = 1, 20 do
      pattern, value = { pattern, pattern }, { value, value }
    end
    assert.is_true(matches(pattern, value))
    assert.equal(1, asked)
  end)
end)

describe("any", function()
  it("names itself", function() assert.equal("slipstream.any", tostring(match.any)) end)

  it("stays itself in a message", function()
    assert.equal(match.any, copy.copy({ pattern = match.any }).pattern)
  end)
end)
