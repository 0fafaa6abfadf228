-- Slices that last: what core.watch tells, and how it ends them. On the real clock.
local core = require "slipstream.core"
local uv = require "luv"

-- Ends of its own accord after a while, so that a failure does not hang.
-- It allocates: ThreadSanitizer hands signals over only inside libc.
local function run_away()
  local limit = uv.hrtime() + 5e9
  while uv.hrtime() < limit do local _ = {} end
end

local function work_for(msec)
  local limit = uv.hrtime() + msec * 1e6
  while uv.hrtime() < limit do local _ = {} end
end

-- At most for as long as `run_away`.
local function work_until(is_done)
  local limit = uv.hrtime() + 5e9
  while uv.hrtime() < limit and not is_done() do local _ = {} end
end

-- The place of the caller, as core.watch says it.
local function line_here(offset)
  local info = debug.getinfo(2, "Sl")
  return ("%s:%d"):format(info.short_src, info.currentline + offset)
end

local function as_resume_says(status, ...) return status >= 0, ... end

-- Runs the function as a slice; answers as coroutine.resume does.
local function slice(fn, ...) return as_resume_says(core.run(core.thread(), fn, ...)) end

local function closing(fn) return setmetatable({}, { __close = fn }) end

describe("a slice that lasts", function()
  local told
  before_each(function()
    told = {}
    core.watch(function(elapsed, where) told[#told + 1] = { elapsed = elapsed, where = where } end)
  end)
  teardown(function() core.watch(function() end) end)

  it("is told about every 50 msec, with the line that runs", function()
    local here
    assert(slice(function()
      local limit = uv.hrtime() + 5e9
      here = line_here(1)
      while #told < 3 and uv.hrtime() < limit do local _ = {} end
    end))
    assert.is_true(#told >= 3, "told of " .. #told)
    assert.equal(0, told[1].elapsed % 50)
    for i = 2, #told do assert.is_true(told[i].elapsed > told[i - 1].elapsed) end
    for _, one in ipairs(told) do assert.equal(here, one.where) end
  end)

  -- On a machine with much else to do, a slice may last longer than it works.
  it("is not told about when it is short", function()
    for _ = 1, 40 do
      local began, before = uv.hrtime(), #told
      assert(slice(work_for, 5))
      local lasted = (uv.hrtime() - began) / 1e6
      if lasted < 50 then assert.equal(before, #told) end
    end
  end)

  it("is not told about while it is suspended", function()
    local co = coroutine.create(coroutine.yield)
    core.run(co)
    work_for(150)
    core.run(co)
    assert.same({}, told)
  end)

  it("is a slice of its own inside another, whose time counts it in", function()
    assert(slice(function()
      work_until(function() return #told > 0 end)
      local outer = told[#told].elapsed
      assert(slice(function()
        local began, before = uv.hrtime(), #told
        work_for(120)
        local lasted = (uv.hrtime() - began) / 1e6
        for i = before + 1, #told do assert.is_true(told[i].elapsed <= lasted) end
      end))
      local inner = #told
      work_until(function() return #told > inner end)
      assert.is_true(told[#told].elapsed >= outer + 100)
    end))
  end)

  it("is left alone by a watcher that raises", function()
    local calls = 0
    core.watch(function()
      calls = calls + 1
      error "no"
    end)
    local function work()
      work_until(function() return calls > 0 end)
      return 7
    end
    assert.same({ true, 7 }, { slice(work) })
    assert.is_true(calls > 0)
  end)

  it("is left alone by a watcher that yields or answers no text", function()
    local answers, has_yielded = { 1, true, {} }, false
    core.watch(function()
      if #answers > 0 then return table.remove(answers) end
      has_yielded = true
      coroutine.yield()
    end)
    assert.is_true((slice(work_until, function() return has_yielded end)))
    assert.is_true(has_yielded)
  end)

  it("keeps no hook, and gives back the script's own", function()
    local co = coroutine.create(function()
      work_until(function() return #told > 0 end)
      coroutine.yield()
      local before = #told
      work_until(function() return #told > before end)
    end)
    core.run(co)
    assert.is_nil((debug.gethook(co)))
    local function own() end
    debug.sethook(co, own, "", 1000000)
    core.run(co)
    local hook, mask, count = debug.gethook(co)
    assert.equal(own, hook)
    assert.equal("", mask)
    assert.equal(1000000, count)
    assert.is_true(#told >= 2)
  end)

  it("is told about when a C function that took long returns", function()
    -- cubic in the length of the subject, which doubles until one call takes long enough
    assert(slice(function()
      local subject = ("a"):rep(400)
      local limit = uv.hrtime() + 5e9
      while #told == 0 and uv.hrtime() < limit do
        subject = subject .. subject
        subject:find(".-.-b")
      end
    end))
    assert.is_true(#told > 0)
  end)
end)

describe("a slice that is ended", function()
  local endings
  before_each(function()
    endings = 0
    core.watch(function(elapsed)
      if elapsed < 50 then return end
      endings = endings + 1
      return "too long"
    end)
  end)
  teardown(function() core.watch(function() end) end)

  local function assert_ended(ok, err)
    assert.is_false(ok)
    assert.matches("^.+:%d+: too long$", err)
    assert.equal(1, endings)
  end

  it("fails with the text and its place", function()
    local here
    local ok, err = slice(function()
      here = line_here(1)
      while true do local _ = {} end
    end)
    assert_ended(ok, err)
    assert.equal(here .. ": too long", err)
  end)

  it("runs its <close> variables when it is closed, and nothing else", function()
    local co, cleaned, went_on = core.thread(), nil, nil
    assert_ended(as_resume_says(core.run(co, function()
      local _ <close> = closing(function() cleaned = true end)
      pcall(run_away)
      went_on = true
    end)))
    assert.is_true(core.close(co))
    assert.same({ true, nil }, { cleaned, went_on })
  end)

  it("may clean up below a C function, but not go on", function()
    local cleaned
    assert_ended(slice(string.gsub, "a", "a", function()
      local ok = pcall(run_away)
      for i = 1, 1000 do cleaned = i end
      assert.is_false(ok)
      run_away()
    end))
    assert.equal(1000, cleaned)
  end)

  it("ends although it comes to its end below a C function", function()
    assert_ended(slice(string.gsub, "a", "a", function() pcall(run_away) end))
  end)

  it("ends in a message handler, and before one", function()
    local ways = {
      function() xpcall(error, run_away) end,
      function() xpcall(run_away, run_away) end,
      function() xpcall(coroutine.wrap(run_away), run_away) end,
      function() while true do xpcall(error, run_away) end end,
      function() xpcall(error, function() xpcall(error, run_away) end) end,
      function() xpcall(error, function() while true do pcall(run_away) end end) end,
      function() while true do xpcall(error, error) end end,
    }
    for _, way in ipairs(ways) do
      endings = 0
      assert_ended(slice(way))
    end
  end)

  it("ends in a loop of pcall", function()
    assert_ended(slice(function()
      while true do pcall(run_away) end
    end))
  end)

  it("ends in a coroutine that the script wraps", function()
    assert_ended(slice(function() coroutine.wrap(function() coroutine.wrap(run_away)() end)() end))
  end)

  it("ends in a loop of coroutines that the script resumes", function()
    assert_ended(slice(function()
      while true do coroutine.resume(coroutine.create(run_away)) end
    end))
  end)

  it("ends in a coroutine that was made outside", function()
    local outside = coroutine.create(run_away)
    assert_ended(slice(function()
      coroutine.resume(outside)
      run_away()
    end))
  end)

  it("ends in a callback of string.gsub and of table.sort", function()
    assert_ended(slice(string.gsub, "a", "a", run_away))
    endings = 0
    assert_ended(slice(table.sort, { 1, 2, 3 }, run_away))
  end)

  it("ends in a __close handler that core.close runs", function()
    local co = coroutine.create(function()
      local _ <close> = closing(run_away)
      coroutine.yield()
    end)
    core.run(co)
    assert_ended(core.close(co))
    assert.equal("dead", coroutine.status(co))
  end)

  it("ends in a __close handler of a coroutine that the script closes", function()
    assert_ended(slice(function()
      local co = coroutine.create(function()
        local _ <close> = closing(run_away)
        coroutine.yield()
      end)
      coroutine.resume(co)
      coroutine.close(co)
      run_away()
    end))
  end)

  -- On a machine with much else to do, what the outer one does may last too long by itself.
  it("does not take the outer slice with it", function()
    local inner, began
    local ok = slice(function()
      inner = { slice(run_away) }
      began = uv.hrtime()
      work_for(20)
    end)
    local lasted = (uv.hrtime() - began) / 1e6
    assert.is_true(ok or lasted >= 50)
    if ok then assert_ended(table.unpack(inner)) end
  end)

  it("leaves nothing behind in a coroutine that is used again", function()
    local co = core.thread()
    for _ = 1, 2 do
      assert.equal(-1, (core.run(co, run_away)))
      assert.is_nil((debug.gethook(co)))
      assert.is_true(core.close(co))
    end
    assert.same({ 0, 7 }, { core.run(co, function() return 7 end) })
    assert.equal(2, endings)
  end)

  it("leaves nothing behind in a coroutine that it made", function()
    local later
    assert_ended(slice(string.gsub, "a", "a", function()
      pcall(run_away)
      later = coroutine.create(function() return 7 end)
      run_away()
    end))
    assert.same({ 0, 7 }, { core.run(later) })
    assert.is_nil((debug.gethook(later)))
  end)
end)
