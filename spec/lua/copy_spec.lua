local copy = require("slipstream.copy").copy

describe("a copy", function()
  it("of what is no table is the thing itself", function()
    for _, value in ipairs { 1, 1.5, "text", true, print, io.stderr, coroutine.create(print), io.stdout } do
      assert.equal(value, copy(value))
    end
    assert.is_nil(copy(nil))
    assert.is_false(copy(false))
  end)

  it("is equal to its original, and nothing done to either is seen in the other", function()
    local original = { body = "hi", list = { 1, 2, { deep = true } } }
    local made = copy(original)
    assert.same(original, made)
    original.list[3].deep = "changed"
    made.body = "changed"
    assert.is_true(made.list[3].deep)
    assert.equal("hi", original.body)
  end)

  it("has as one table what was one table", function()
    local part = {}
    local made = copy { a = part, b = part }
    assert.equal(made.a, made.b)
    assert.not_equal(part, made.a)
  end)

  it("has the cycles of its original", function()
    local original = { name = "ann", child = {} }
    original.child.parent = original
    local made = copy(original)
    assert.equal(made, made.child.parent)
    assert.not_equal(original, made)
  end)

  it("has copies of keys that are tables", function()
    local key = { "key" }
    local made = copy { [key] = "value", same = key }
    assert.is_nil(made[key])
    assert.equal("value", made[made.same])
    assert.same({ "key" }, made.same)
  end)

  it("has the metatable of its original", function()
    local meta = { __index = { kind = "point" } }
    local made = copy { point = setmetatable({ x = 1 }, meta) }
    assert.equal(meta, getmetatable(made.point))
    assert.equal("point", made.point.kind)
    assert.equal(1, rawget(made.point, "x"))
  end)

  it("is made without asking the metamethods of its original", function()
    local function never() error "was called" end
    local meta = { __pairs = never, __index = never, __newindex = never, __len = never, __metatable = "mine" }
    local made = copy(setmetatable({ "a" }, meta))
    assert.equal("a", rawget(made, 1))
    assert.equal(meta, debug.getmetatable(made))
  end)

  it("refers to what its metatable says is shared", function()
    local handle = setmetatable({ inner = {} }, { __shared = true })
    local made = copy { from = handle, [handle] = "as a key" }
    assert.equal(handle, made.from)
    assert.equal("as a key", made[handle])
    assert.equal(handle, copy(handle))
    local plain = setmetatable({}, { __index = { __shared = true } })
    assert.not_equal(plain, copy(plain))
  end)

  local function nested(depth)
    local value = {}
    for _ = 2, depth do value = { value } end
    return value
  end

  it("may be 1000 tables deep, and no deeper", function()
    local made, depth = copy(nested(1000)), 0
    while made do made, depth = made[1], depth + 1 end
    assert.equal(1000, depth)
    assert.has_error(function() copy(nested(1001)) end, "message is nested deeper than 1000 tables")
    assert.has_error(function() copy { [nested(1000)] = true } end,
      "message is nested deeper than 1000 tables")
  end)

  it("may be as wide as wanted", function()
    local original = {}
    for index = 1, 5000 do original[index] = { index } end
    assert.same(original, copy(original))
  end)
end)
