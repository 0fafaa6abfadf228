local core = require "slipstream.core"

local pack, unpack = core.pack, core.unpack

local function pass(value, ...)
  local made, text = unpack(assert(pack(value)), ...)
  assert.is_nil(text)
  return made
end

describe("a packed value", function()
  it("comes back as it was", function()
    for _, value in ipairs { true, false, 0, 1, -1, math.maxinteger, math.mininteger, 0.1, -1.5, 1e308,
      5e-324, math.huge, -math.huge, 3.0, "", "text", "a\0b\xff", ("x"):rep(100000), core.null } do
      local made = pass(value)
      assert.equal(value, made)
      assert.equal(math.type(value), math.type(made))
    end
    assert.is_nil(pass(nil))
    assert.equal("-0.0", tostring(pass(-0.0)))
    local nan = pass(0 / 0)
    assert.is_true(nan ~= nan)
  end)

  it("is a table with all it holds", function()
    for _, value in ipairs { {}, { 1, 2, 3 }, { a = 1, [2] = "two", [-1] = {}, [1.5] = true, [true] = false },
      { 1, nil, 3, nil, nil, 6 }, { { { {} } }, { {} } },
      { [math.maxinteger] = 1, [math.mininteger] = 2 } } do
      local made = pass(value)
      assert.not_equal(value, made)
      assert.same(value, made)
    end
    local large = {}
    for index = 1, 5000 do large[index] = { index, key = "x" .. index } end
    assert.same(large, pass(large))
  end)

  it("has as one table what was one table", function()
    local part = {}
    local made = pass { a = part, b = part, [part] = 1 }
    assert.equal(made.a, made.b)
    assert.equal(1, made[made.a])
  end)

  it("has the cycles of its original", function()
    local original = { name = "ann", child = {} }
    original.child.parent = original
    original[original] = original
    local made = pass(original)
    assert.equal(made, made.child.parent)
    assert.equal(made, made[made])
  end)

  it("keeps the metatables that Lua and C agree on", function()
    for _, name in ipairs { "array_mt", "binary_mt", "reason_mt" } do
      assert.equal(core[name], getmetatable(pass { setmetatable({}, core[name]) }[1]))
    end
  end)

  it("is made without asking metamethods", function()
    local reason_mt = core.reason_mt
    local kept = reason_mt.__len
    reason_mt.__len = function() error "was called" end
    local made = pass(setmetatable({ "a", kind = "x" }, reason_mt))
    reason_mt.__len = kept
    assert.equal("a", rawget(made, 1))
  end)
end)

describe("what is shared", function()
  local Handle = { __shared = true, __name = "slipstream.handle" }
  local ann, bob = setmetatable({ id = 1 }, Handle), setmetatable({ id = 2 }, Handle)

  it("goes by what stands for it, and is resolved where it comes", function()
    local asked = {}
    local function refer(object)
      asked[#asked + 1] = object
      return { id = object.id }
    end
    local function resolve(value) return value.id == 1 and ann or bob end
    local bytes = assert(pack({ from = ann, [ann] = bob, list = { bob, ann } }, refer))
    assert.equal(2, #asked)
    assert.same({ from = ann, [ann] = bob, list = { bob, ann } }, unpack(bytes, resolve))
    assert.equal(ann, unpack(assert(pack(ann, refer)), resolve))
  end)

  it("may be resolved to nothing, but not as a key", function()
    local function refer(object) return object.id end
    local function resolve() end
    assert.same({ nil, 1 }, unpack(assert(pack({ ann, 1 }, refer)), resolve))
    local bytes = assert(pack({ [ann] = 1 }, refer))
    assert.same({ nil, "these bytes are no packed value" }, { unpack(bytes, resolve) })
  end)

  it("is refused when nothing can stand for it", function()
    for _, refer in ipairs { false, function() end } do
      local made, text = pack({ ann }, refer or nil)
      assert.is_nil(made)
      assert.equal("a slipstream.handle cannot be passed to another worker", text)
    end
  end)

  it("does not stand for itself", function()
    local made, text = pack(ann, function(object) return object end)
    assert.is_nil(made)
    assert.equal("message is nested deeper than 1000 tables", text)
  end)

  it("raises what the two functions raise", function()
    local function fail() error("not now", 0) end
    assert.has_error(function() pack(ann, fail) end, "not now")
    local bytes = assert(pack(ann, function() return 1 end))
    assert.has_error(function() unpack(bytes, fail) end, "not now")
  end)
end)

describe("what cannot be packed", function()
  it("is refused by its kind, wherever it is", function()
    for kind, value in pairs {
      ["a function"] = print, ["a coroutine"] = coroutine.create(print), ["a userdata"] = io.stdout,
      ["a table with a metatable"] = setmetatable({}, {}),
      ["an object"] = setmetatable({}, { __name = "object" }),
    } do
      local expected = kind .. " cannot be passed to another worker"
      for _, each in ipairs { { value }, { { value } }, { { x = { value } } }, { { [value] = 1 } } } do
        local made, text = pack(each[1])
        assert.is_nil(made)
        assert.equal(expected, text)
      end
    end
  end)

  it("is what is too deep", function()
    local function nested(depth)
      local value = {}
      for _ = 2, depth do value = { value } end
      return value
    end
    local made, depth = pass(nested(1000)), 0
    while made do made, depth = made[1], depth + 1 end
    assert.equal(1000, depth)
    assert.same({ nil, "message is nested deeper than 1000 tables" }, { pack(nested(1001)) })
    assert.same({ nil, "message is nested deeper than 1000 tables" }, { pack { [nested(1000)] = true } })
  end)

  it("is what is too large", function()
    local mebi = ("x"):rep(1 << 20)
    local list = {}
    for index = 1, 64 do list[index] = mebi end
    assert.same({ nil, "message is larger than 64 MiB" }, { pack(list) })
    assert.same({ nil, "message is larger than 64 MiB" }, { pack(mebi:rep(64)) })
    list[64] = nil
    assert.equal(63, #pass(list))
  end)

  it("is unpacked from no other bytes", function()
    local bytes = assert(pack({ 1, 2.5, "text", { a = true }, core.null, setmetatable({}, core.array_mt) }))
    for size = 0, #bytes - 1 do
      assert.same({ nil, "these bytes are no packed value" }, { unpack(bytes:sub(1, size)) })
    end
    assert.same({ nil, "these bytes are no packed value" }, { unpack(bytes .. "\0") })
    assert.has_error(function() unpack() end)
    assert.has_error(function() unpack("\0", true) end)
    assert.has_error(function() pack(1, "refer") end)
  end)
end)
