-- What of two values differs, what is ignored, and values as Lua.
local core = require "slipstream.core"
local difference = require "slipstream.scenario.replay.difference"
local expectation = require "slipstream.scenario.replay.expectation"
local literal = require "slipstream.scenario.replay.literal"
local match = require "slipstream.match"
local recording = require "spec.support.recording"

local function json(text) return assert(core.json.decode(text)) end

local function pointer(one, other, ...)
  local found = difference.find(json(one), json(other), difference.ignored { ... })
  return found and found.pointer
end

describe("a difference", function()
  it("is found by its place, the first of several", function()
    assert.is_nil(pointer('{"a":[1,{"b":null}]}', '{"a":[1,{"b":null}]}'))
    assert.equal("/a/1/b", pointer('{"a":[1,{"b":1}],"c":1}', '{"a":[1,{"b":2}],"c":2}'))
    assert.equal("/a/2", pointer('{"a":[1,2]}', '{"a":[1,2,3]}'))
    assert.equal("/a~1b~0c", pointer('{"a/b~c":1}', '{}'))
    assert.equal("/a", pointer('{"a":[]}', '{"a":{}}'))
    assert.equal("/a", pointer('{"a":null}', '{}'))
    assert.equal("", pointer("1", '"1"'))
    assert.is_nil(pointer("1", "1.0"))
  end)

  it("is none in what is ignored by its name or its place", function()
    local one = '{"at":1,"list":[{"id":1,"x":{"at":2}}],"id":1}'
    local other = '{"at":2,"list":[{"id":2,"x":{}}],"id":1}'
    assert.equal("/at", pointer(one, other))
    assert.equal("/list/0/id", pointer(one, other, "at"))
    assert.is_nil(pointer(one, other, "at", "/list/*/id"))
    assert.is_nil(pointer(one, other, "at", "/list/0/id"))
    assert.equal("/list/0/id", pointer(one, other, "at", "/list/1/id"))
    assert.equal("/list/0/id", pointer(one, other, "at", "/id"))
    assert.is_nil(pointer('{"a/b":1}', '{"a/b":2}', "/a~1b"))
  end)
end)

local function parts_of(value, ...)
  local words = {}
  local ignored = difference.ignored { ... }
  for i, part in ipairs(expectation.parts(ignored, value, { "payload" }, "it") or { { name = "all" } }) do
    words[i] = part.name
  end
  return words
end

describe("an expectation", function()
  local value = json [[
    {"at":1,"list":[{"id":1,"at":2,"x":{"y":1}},{"id":2}],"x y":{"z":1},"end":{"at":1,"b":1}}
  ]]

  it("is of all that has nothing in it to be ignored", function()
    assert.same({ "all" }, parts_of(value))
    assert.same({ '["end"].b', 'list[1].id', 'list[1].x', 'list[2]', '["x y"]' }, (function()
      local words = parts_of(value, "at")
      for i, word in ipairs(words) do words[i] = word:gsub("^it%.?", "") end
      return words
    end)())
    assert.same({ "it.at", 'it["end"]', 'it["x y"]' }, parts_of(value, "/payload/list"))
    assert.same({}, parts_of(value, "payload"))
  end)

  it("makes a pattern that the value matches whatever is ignored in it", function()
    local ignored = difference.ignored { "at", "/payload/list/0" }
    local pattern = expectation.pattern(ignored, value, { "payload" })
    local other = json '{"list":[7,{"id":2}],"x y":{"z":1},"end":{"b":1}}'
    assert.is_true(match.matches(pattern, value))
    assert.is_true(match.matches(pattern, other))
    other["end"].b = 2
    assert.is_false(match.matches(pattern, other))
  end)
end)

describe("a literal", function()
  local slipstream = { null = core.null, any = match.any }
  function slipstream.array(list) return setmetatable(list or {}, core.array_mt) end
  function slipstream.binary(bytes) return setmetatable({ bytes = bytes }, core.binary_mt) end

  local function read(text)
    return assert(load("return " .. text, "literal", "t", { slipstream = slipstream }))()
  end

  it("is the value that it was made of", function()
    local roll = recording.dice "literals"
    local strings = {
      "", "a", "wörld", "\0\1\xff", 'say "hi"\\', "a\nb", ("a\n"):rep(40) .. "]]", ("\n"):rep(90) .. "]=]",
      ("]\n"):rep(40) .. "]", ("\r\n"):rep(40),
    }
    local function random(depth)
      local kind = roll(depth > 3 and 5 or 7)
      if kind == 1 then return strings[roll(#strings)] end
      if kind == 2 then return roll(2) == 1 and roll(1 << 53) or -roll(99) / 7 end
      if kind == 3 then return roll(2) == 1 end
      if kind == 4 then return core.null end
      if kind == 5 then return roll(1000) + 0.0 end
      local value = kind == 6 and setmetatable({}, core.array_mt) or {}
      for i = 1, roll(4) - 1 do
        value[kind == 6 and i or ({ "a", "end", "x y", "é", "_1", "1" })[roll(6)]] = random(depth + 1)
      end
      return value
    end
    for _ = 1, 2000 do
      local value = random(1)
      assert.same(value, read(literal.value(value, "  ")))
    end
    assert.same({ bytes = "\0\xff\"" }, read(literal.value(slipstream.binary "\0\xff\"")))
    assert.equal("float", math.type(read(literal.value(1e300))))
    assert.equal(0.1, read(literal.value(0.1)))
  end)

  it("is easy to read", function()
    assert.equal('{ body = "wörld", list = slipstream.array(), n = 1.5 }',
      literal.value(json '{"n":1.5,"body":"wörld","list":[]}'))
    assert.equal('{ { ["end"] = 1 }, slipstream.null }', literal.value(json '[{"end":1},null]'))
    local lines = ("one of the lines\n"):rep(4)
    assert.equal("[[\n" .. lines .. "]]", literal.value(lines))
    local long = { a = ("x"):rep(60), b = ("y"):rep(60) }
    assert.equal(('{\n  a = "%s",\n  b = "%s",\n}'):format(long.a, long.b), literal.value(long))
  end)
end)
