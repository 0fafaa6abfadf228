-- `slipstream run` with a plain script, which may wait; with clients that are started again, or not.
local program = require "spec.support.program"

describe("a plain script", function()
  local server

  before_each(function()
    server = program.start { "serve", "--port", "0" }
  end)

  after_each(program.clean_up)

  local function uri() return server:read("listening on"):match "ws://%S+" end

  local function run(text, ...)
    local code, it_ran = program.run { "run", program.file "script.lua" (text), ... }
    return code, it_ran:output(), it_ran:errors()
  end

  it("waits for each step in its main chunk", function()
    local code, output = run([[
      local slipstream = require "slipstream"
      local socket = assert(slipstream.connect { uri = (...).uri })
      assert(socket:await_connect())
      socket:join("room:lobby", { user = "ann" })
      print(assert(socket:await_join "room:lobby").users)
      local status, response = socket:await_reply(socket:push("room:lobby", "echo", { body = "hi" }))
      print(status, response.body)
      print(socket:await_message("room:lobby", "never", nil, 20))
    ]], "--uri", uri())
    assert.equal("1\nok\thi\nnil\ttimeout\ttimeout\n", output)
    assert.equal(0, code)
  end)

  it("closes what it has connected when it ends, also by an error", function()
    local code, _, errors = run([[
      local slipstream = require "slipstream"
      local socket = assert(slipstream.connect({ uri = (...).uri }, { name = "ann" }))
      assert(socket:await_connect())
      error "enough"
    ]], "--uri", uri(), "--log", "debug")
    assert.equal(1, code)
    assert.truthy(errors:find("client ended client=ann reason=normal", 1, true))
    assert.truthy(errors:find("script.lua:4: enough\n$"))
  end)

  it("tells where it failed after it has waited", function()
    local code, _, errors = run [[
      local slipstream = require "slipstream"
      local function connect(uri)
        local socket = slipstream.connect { uri = uri }
        assert(socket:await_connect())
      end
      connect "ws://127.0.0.1:1/"
    ]]
    assert.equal(1, code)
    assert.truthy(errors:find("script.lua:4: no connection: connection refused by 127.0.0.1:1\n", 1, true))
    assert.truthy(errors:find("script.lua:4: in 'connect'", 1, true))
  end)

  it("may run what waits in slipstream.run as well", function()
    local code, output = run [[
      local slipstream = require "slipstream"
      local Worker = slipstream.client()
      function Worker:init() self:send_after(10, "work") end
      function Worker:handle_info(message)
        print(message)
        return "stop", "normal"
      end
      print(slipstream.run(function()
        slipstream.start(Worker)
        return "started"
      end))
    ]]
    assert.equal("work\nstarted\n", output)
    assert.equal(0, code)
  end)

  it("ends when nothing can come to the clients that it runs", function()
    local code, output = run [[
      local slipstream = require "slipstream"
      local Idle = slipstream.client()
      function Idle:terminate(reason) print("terminate", reason) end
      slipstream.run(function() slipstream.start(Idle) end)
      print "done"
    ]]
    assert.equal("terminate\tnormal\ndone\n", output)
    assert.equal(0, code)
  end)

  it("says so when it yields without waiting", function()
    local code, _, errors = run "coroutine.yield()"
    assert.equal(1, code)
    assert.truthy(errors:find("script.lua:1: yielded, but not to wait", 1, true))
  end)

  it("unwinds at a signal", function()
    local it_runs = program.start { "run", program.file "script.lua" [[
      local slipstream = require "slipstream"
      local _ <close> = setmetatable({}, { __close = function() print "closed" end })
      print "waiting"
      slipstream.await(function() end, 100000)
      print "never"
    ]] }
    it_runs:read "waiting"
    it_runs:signal "sigint"
    assert.equal(130, it_runs:exit())
    assert.equal("waiting\nclosed\n", it_runs:output())
  end)
end)

describe("a client that fails in slipstream run", function()
  after_each(program.clean_up)

  local function run(text)
    local code, it_ran = program.run { "run", program.file "client.lua" (text) }
    return code, it_ran:output(), it_ran:errors()
  end

  it("is started again, and the program ends well when that helps", function()
    local code, output, errors = run [[
      local slipstream = require "slipstream"
      local Unlucky, lives = slipstream.client(), 0
      function Unlucky:init()
        lives = lives + 1
        self:send_after(0, "try")
      end
      function Unlucky:handle_info()
        print("life " .. lives)
        if lives < 3 then error "bad luck" end
        return "stop", "normal"
      end
      return Unlucky
    ]]
    assert.equal("life 1\nlife 2\nlife 3\n", output)
    assert.truthy(errors:find("client starts again client=#1 restarts=2", 1, true))
    assert.equal(0, code)
  end)

  it("gives up in the end, with exit code 1", function()
    local code, _, errors = run [[
      local slipstream = require "slipstream"
      local Doomed = slipstream.client { max_restarts = 1 }
      function Doomed:init() self:send_after(0, "try") end
      function Doomed:handle_info() error "always" end
      return Doomed
    ]]
    assert.truthy(errors:find("client gave up: it failed too often client=#1", 1, true))
    assert.equal(1, code)
  end)

  it("is stopped when it never returns", function()
    local code, _, errors = run [[
      local slipstream = require "slipstream"
      local Stuck = slipstream.client { restart = "temporary", max_callback_msec = 150 }
      function Stuck:init() self:send_after(0, "go") end
      function Stuck:handle_info()
        while true do local _ = {} end
      end
      return Stuck
    ]]
    assert.truthy(errors:find("client.lua:5: handle_info ran for more than 150 msec", 1, true))
    assert.equal(1, code)
  end)
end)
