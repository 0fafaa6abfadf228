-- Callbacks that do their worst: the client dies well, the host and the other clients live.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"

describe("a callback that does its worst", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  local function errors()
    local list = {}
    for _, entry in ipairs(server.logged) do
      if entry.level == "error" then list[#list + 1] = entry.text end
    end
    return list
  end

  -- What the end of a client is told as, whose handle_info is `fn`. Meanwhile another one is busy.
  local function death_by(fn)
    local reason, heard = nil, 0
    local other = story.start(host, { handle_info = function() heard = heard + 1 end })
    local client = story.start(host, {
      handle_info = fn,
      terminate = function(_, given) reason = given end,
    })
    client:send "go"
    other:send "go"
    clock:advance(10)
    other:send "go"
    clock:advance(0)
    assert.equal(2, heard)
    assert.is_false(client:alive())
    assert.same({ reason.text }, errors())
    return reason.text
  end

  local function holds(words, text) assert.truthy(text:find(words, 1, true), text) end

  it("recurs without end", function()
    local function deeper(name) return 1 + deeper(name) end
    holds("stack overflow", death_by(deeper))
  end)

  it("recurs without end through C", function()
    local function by_gsub(text) return (text:gsub(".", by_gsub)) end
    assert.equal("C stack overflow", death_by(function() by_gsub "x" end))
  end)

  it("nests coroutines without end", function()
    local function nest()
      local ok, err = coroutine.resume(coroutine.create(nest))
      if not ok then error(err, 0) end
    end
    holds("C stack overflow", death_by(nest))
  end)

  it("starts clients within each other without end", function()
    local Nest = slipstream.client { restart = "temporary" }
    function Nest.init()
      local ok, reason = slipstream.start(Nest, nil, { host = host })
      if not ok then return "stop", reason end
    end
    local started = story.ask(host, function() return slipstream.start(Nest, nil, { host = host }) end)
    assert.is_nil(started[1])
    assert.equal("script_error", started[2].kind)
    assert.same({}, slipstream.clients())
  end)

  it("raises in a finalizer, which ends nobody", function()
    local client = story.start(host, { handle_info = function()
      setmetatable({}, { __gc = function() error "lost" end })
      collectgarbage()
    end })
    client:send "go"
    clock:advance(0)
    assert.is_true(client:alive())
  end)

  it("raises while its variables are closed", function()
    assert.equal("second", death_by(function()
      local _ <close> = setmetatable({}, { __close = function() error("second", 0) end })
      error "first"
    end))
  end)

  it("yields", function()
    holds("yielded, but not to wait", death_by(coroutine.yield))
  end)

  it("yields across C", function()
    local text = death_by(function() table.sort({ 1, 2, 3 }, coroutine.yield) end)
    assert.equal("attempt to yield across a C-call boundary", text)
  end)

  it("closes the coroutine that it runs in", function()
    holds("cannot close a running coroutine", death_by(function() coroutine.close((coroutine.running())) end))
  end)

  it("raises what waits when it is shown", function()
    local sly = setmetatable({}, { __tostring = function() slipstream.await(function() end) end })
    assert.equal("an error that cannot be shown", death_by(function() error(sly) end))
  end)
end)
