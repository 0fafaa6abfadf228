-- core.run and core.close, and what core puts in the library coroutine: all do what the reference manual
-- says of the library's own.
local core = require "slipstream.core"

-- The place of the caller, as errors begin with it.
local function line_here(offset)
  local info = debug.getinfo(2, "Sl")
  return ("%s:%d"):format(info.short_src, info.currentline + offset)
end

local function closing(fn) return setmetatable({}, { __close = fn }) end

describe("core.run", function()
  it("begins with a function, goes on after a yield, and begins again", function()
    local co = core.thread()
    assert.same({ 1, "in" }, { core.run(co, coroutine.yield, "in") })
    assert.same({ 0, "out", 2 }, { core.run(co, "out", 2) })
    assert.same({ 0, 3 }, { core.run(co, math.max, 3, 2) })
  end)

  it("keeps nothing of what it has run", function()
    local co, gone = core.thread(), setmetatable({}, { __mode = "k" })
    core.run(co, function(big) gone[big] = true end, {})
    collectgarbage()
    assert.is_nil(next(gone))
  end)

  it("goes on with a coroutine of the library", function()
    local co = coroutine.create(function(...) return ... end)
    assert.same({ 0, 1, 2 }, { core.run(co, 1, 2) })
  end)

  it("answers with the error, whatever it is, and begins no more", function()
    local co, value = core.thread(), {}
    assert.same({ -1, value }, { core.run(co, error, value) })
    assert.same({ -1, "cannot resume dead coroutine" }, { core.run(co, print) })
  end)

  it("takes no more results than a callback could mean", function()
    local function many() return table.unpack({}, 1, 900000) end
    assert.same({ -1, "returned 900000 values; 250 are the most" }, { core.run(core.thread(), many) })
    assert.equal(251, select("#", core.run(core.thread(), function() return table.unpack({}, 1, 250) end)))
  end)

  it("refuses what cannot run", function()
    local function refused(words) return "bad argument " .. words end
    assert.has_error(function() core.run(core.thread()) end,
      refused "#2 to 'run' (function expected, got no value)")
    assert.has_error(function() core.run(7) end, refused "#1 to 'run' (thread expected, got number)")
    assert.same({ -1, "cannot resume non-suspended coroutine" }, { core.run(coroutine.running(), print) })
  end)
end)

describe("coroutine.resume", function()
  local resume = coroutine.resume

  it("passes values in and out", function()
    local co = coroutine.create(function(...)
      assert.equal(3, select("#", ...))
      assert.equal(2, select("#", coroutine.yield(...)))
      return nil, nil
    end)
    assert.same({ true, 1, nil, 3 }, { resume(co, 1, nil, 3) })
    assert.equal(3, select("#", resume(co, nil, 2)))
  end)

  it("answers with the error, whatever it is", function()
    local value = {}
    local ok, err = resume(coroutine.create(error), value)
    assert.is_false(ok)
    assert.equal(value, err)
    assert.equal(2, select("#", resume(coroutine.create(error))))
  end)

  it("refuses what cannot be resumed", function()
    local dead = coroutine.create(function() end)
    resume(dead)
    assert.same({ false, "cannot resume dead coroutine" }, { resume(dead, 1, 2) })
    local refused = { false, "cannot resume non-suspended coroutine" }
    assert.same(refused, { resume(coroutine.running(), 1) })
    coroutine.wrap(function(outer) assert.same(refused, { resume(outer) }) end)(coroutine.running())
    refused = "bad argument #1 to 'resume' (thread expected, got number)"
    assert.has_error(function() resume(7) end, refused)
  end)

  it("takes no more values than a stack holds", function()
    local function many() return table.unpack({}, 1, 600000) end
    local co = coroutine.create(function() coroutine.yield(many()) end)
    local function resume_above(...) -- luacheck: ignore
      local ok, err = resume(co)
      return ok, err
    end
    local results = { coroutine.wrap(function() return resume_above(many()) end)() }
    assert.same({ false, "too many results to resume" }, results)
  end)
end)
for name, close in pairs { ["core.close"] = core.close, ["coroutine.close"] = coroutine.close } do
  describe(name, function()
    it("closes what waits, and what has ended", function()
      local closed = false
      local co = coroutine.create(function()
        local _ <close> = closing(function() closed = true end)
        coroutine.yield()
      end)
      coroutine.resume(co)
      assert.same({ true }, { close(co) })
      assert.is_true(closed)
      assert.same({ true }, { close(co) })
      assert.same({ true }, { close(coroutine.create(print)) })
    end)

    it("answers with the error of the coroutine, or of a handler", function()
      local co = coroutine.create(error)
      coroutine.resume(co, "one")
      assert.same({ false, "one" }, { close(co) })
      co = coroutine.create(function()
        local _ <close> = closing(function() error("two", 0) end)
        coroutine.yield()
      end)
      coroutine.resume(co)
      assert.same({ false, "two" }, { close(co) })
    end)

    it("refuses what runs", function()
      local function try(co) return select(2, pcall(close, co)) end
      assert.equal("cannot close a running coroutine", try(coroutine.running()))
      assert.equal("cannot close a normal coroutine", coroutine.wrap(try)(coroutine.running()))
      local refused = "bad argument #1 to 'close' (thread expected, got string)"
      assert.has_error(function() close "x" end, refused)
    end)
  end)
end

describe("coroutine.wrap", function()
  it("passes values in and out", function()
    local f = coroutine.wrap(function(...) return ... + coroutine.yield(...) end)
    assert.equal(2, f(2))
    assert.equal(5, f(3))
  end)

  it("raises the error with the place of the call, and closes the coroutine", function()
    local closed = false
    local f = coroutine.wrap(function()
      local _ <close> = closing(function() closed = true end)
      error("boom", 0)
    end)
    local here
    local _, err = pcall(function()
      here = line_here(1)
      f()
    end)
    assert.equal(here .. ": boom", err)
    assert.is_true(closed)
    assert.has_error(function() f() end, "cannot resume dead coroutine")
  end)

  it("raises what is no text as it is", function()
    local value = {}
    local _, err = pcall(coroutine.wrap(error), value)
    assert.equal(value, err)
  end)

  it("refuses what is no function", function()
    local refused = "bad argument #1 to 'wrap' (function expected, got number)"
    assert.has_error(function() coroutine.wrap(7) end, refused)
  end)
end)
