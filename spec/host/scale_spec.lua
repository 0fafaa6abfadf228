-- The scale: who holds how much of the memory.
local core = require "slipstream.core"

describe("the scale", function()
  local long = ("x"):rep(10000)

  local function weigh(value)
    local scale <close> = core.scale()
    scale:put(1, value)
    return scale:weight(1)
  end

  local function is_about(expected, got)
    local is_near = math.abs(got - expected) < expected // 10
    assert.is_true(is_near, ("%d, not about %d"):format(got, expected))
  end

  -- What Lua says that it takes.
  local function cost(make)
    collectgarbage()
    collectgarbage()
    local before = collectgarbage "count"
    local made = make()
    collectgarbage()
    collectgarbage()
    return (collectgarbage "count" - before) * 1024, made
  end

  it("is about right for lists, maps and strings", function()
    local makers = {
      function() local t = {} for i = 1, 4096 do t[i] = { i } end return t end,
      function() local t = {} for i = 1, 4096 do t[("k"):rep(50) .. i] = i end return t end,
      function() local t = {} for i = 1, 100 do t[i] = ("y"):rep(5000) .. i end return t end,
      function() local t for _ = 1, 5000 do t = { rest = t } end return t end,
    }
    for _, make in ipairs(makers) do
      local bytes, made = cost(make)
      is_about(bytes, weigh(made))
    end
  end)

  it("counts what is reached in several ways once", function()
    local list = { long, long, { long } }
    list[4] = list
    is_about(10000, weigh(list) - 200)
  end)

  it("finds what keys, upvalues, variables that wait and further arguments hold", function()
    is_about(10000, weigh { [{ ("a"):rep(10000) }] = true })
    local up = ("b"):rep(10000)
    is_about(10000, weigh(function() return up end))
    local waiting = coroutine.create(function(...)
      local inner = { ("c"):rep(10000) }
      coroutine.yield()
      return inner, ...
    end)
    coroutine.resume(waiting, ("d"):rep(10000))
    is_about(20000, weigh(waiting) - 1100)
  end)

  it("does not look into what is shared, weak, or a coroutine that has ended", function()
    assert.equal(0, weigh(setmetatable({ long }, { __shared = true })))
    assert.is_true(weigh(setmetatable({ long }, { __mode = "v" })) < 100)
    local done = coroutine.create(function() return long end)
    coroutine.resume(done)
    assert.is_true(weigh(done) < 2000)
    assert.equal(0, weigh(nil) + weigh(true) + weigh(1.5))
  end)

  it("takes what two owners hold for nobody's, with all that is reached by it", function()
    local common = { { ("e"):rep(10000) } }
    local scale <close> = core.scale()
    scale:put(1, { common, { ("f"):rep(5000) } })
    scale:put(7, { common })
    is_about(5000, scale:weight(1) - 200)
    assert.is_true(scale:weight(7) < 100)
    assert.equal(0, scale:weight(3))
    assert.equal(0, scale:weight(1000000))
  end)

  it("leaves out what it is told to", function()
    local module = { data = long }
    local scale <close> = core.scale()
    scale:leave_out(module)
    scale:leave_out(nil)
    scale:put(1, { module, function() return module end })
    assert.is_true(scale:weight(1) < 300)
  end)

  it("is not deep itself, however deep the tables lie", function()
    local deep
    for _ = 1, 200000 do deep = { deep } end
    is_about(200000 * (56 + 16), weigh(deep))
  end)

  it("refuses what is no owner, and is closed for good", function()
    local scale = core.scale()
    assert.has_error(function() scale:put(0, {}) end)
    assert.has_error(function() scale:put("1", {}) scale:put({}, {}) end)
    scale:put(1, long)
    getmetatable(scale).__close(scale)
    assert.equal(0, scale:weight(1))
    assert.has_error(function() scale:put(1, long) end)
  end)
end)
