-- `slipstream run`: options, what a file may be, exit codes, the log.
local core = require "slipstream.core"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local ws = require "spec.support.ws"

local SECRET = "hunter2"

-- Prints its args, then ends in good order.
local printing = [[
  local slipstream = require "slipstream"
  local Client = slipstream.client()
  function Client:init(args)
    print(args.index, args.uri, args.room, args["a-b"])
    return "stop", args.reason or "normal"
  end
  return Client
]]

describe("slipstream run", function()
  after_each(program.clean_up)

  local function run(text, ...)
    return program.run { "run", program.file "client.lua" (text), ... }
  end

  it("gives a client module --uri, --set and its index", function()
    local code, it_ran = run(printing, "--uri", "ws://a/b", "--set", "room=x=y z", "--set", "a-b=")
    assert.equal(0, code)
    assert.equal("1\tws://a/b\tx=y z\t\n", it_ran:output())
    assert.equal("", it_ran:errors())
  end)

  it("starts the module as often as --clients says", function()
    local code, it_ran = run(printing, "--clients", "3", "--workers", "1")
    assert.equal(0, code)
    assert.equal("1\tnil\tnil\tnil\n2\tnil\tnil\tnil\n3\tnil\tnil\tnil\n", it_ran:output())
  end)

  it("makes as many connections at a time as --max-dials says", function()
    local server = raw_server.listen()
    local file = program.file "client.lua" [[
      local slipstream = require "slipstream"
      local Client = slipstream.client()
      function Client:init(args) assert(self:connect { uri = args.uri }) end
      function Client:handle_connect() return "stop", "normal" end
      return Client
    ]]
    local uri = ("ws://127.0.0.1:%d/socket"):format(server.port)
    local it_runs = program.start { "run", file, "--uri", uri, "--clients", "3", "--max-dials", "1" }
    for number = 1, 3 do
      local connection = server:accept()
      local key = connection:key()
      assert.equal(number, #server.accepted)
      connection:send(ws.response(key))
      assert.equal("close", connection:frame().opcode)
      connection:finish()
    end
    assert.equal(0, it_runs:exit())
    server:close()
  end)

  it("runs a plain script, which finds the same args and its neighbours", function()
    program.file "neighbour.lua" "return 'hello'"
    local code, it_ran = run("print(require 'neighbour', (...).index, (...).room)", "--set", "room=1")
    assert.equal(0, code)
    assert.equal("hello\t1\t1\n", it_ran:output())
  end)

  it("exits with 1 when a client failed for good, with 0 when it ended in good order", function()
    assert.equal(0, (run(printing, "--set", "reason=shutdown")))
    local code, it_ran = run(printing, "--set", "reason=broken")
    assert.equal(1, code)
    assert.truthy(it_ran:errors():find("client stopped client=#1 reason=broken\n$"))
  end)

  it("exits with 1 when a client never connected, and says what to do", function()
    local code, it_ran = run "return require('slipstream').client()"
    assert.equal(1, code)
    assert.equal("slipstream: client #1 never connected; write assert(self:connect { … }) in its init "
      .. "to see why\n", it_ran:errors())
  end)

  it("shows what a terminal obeys in the text of an error by its number", function()
    local path = program.file "script.lua" 'error "a\\27[2J\\255"'
    local code, it_ran = program.run { "run", path }
    assert.equal(1, code)
    assert.equal(("slipstream: %s:1: a\\x1b[2J\\xff\n"):format(path), it_ran:errors())
  end)

  it("refuses to run the loop inside the loop, at the script's line", function()
    local code, it_ran = run [[
      local uv = require "luv"
      local timer = uv.new_timer()
      timer:start(0, 0, function()
        print(pcall(function() uv.run() end))
        timer:close()
      end)
      require "slipstream"
    ]]
    assert.equal(0, code)
    assert.truthy(it_ran:output():find("client.lua:4: uv.run: the loop runs already", 1, true))
  end)

  it("prints help and version", function()
    local code, help = program.run { "--help" }
    assert.equal(0, code)
    assert.truthy(help:output():find("run .*serve "))
    for _, option in ipairs { "--uri", "--set", "--clients", "--max-dials", "--log", "--log-format" } do
      local _, more = program.run { "run", "--help" }
      assert.truthy(more:output():find(option, 1, true), option)
    end
    local answer, version = program.run { "--version" }
    assert.equal(0, answer)
    assert.equal("slipstream " .. core.version .. "\n", version:output())
  end)

  it("needs nothing but its one file", function()
    local path = program.file "client.lua" (printing)
    local code, it_ran = program.run({ "run", path }, { path = program.copy(), bare = true, cwd = "/" })
    assert.equal(0, code)
    assert.equal("1\tnil\tnil\tnil\n", it_ran:output())
  end)

  it("warns of a SLIPSTREAM_LUA_PATH that is no folder", function()
    local path = program.file "client.lua" (printing)
    local code, it_ran = program.run({ "run", path }, { env = { SLIPSTREAM_LUA_PATH = path } })
    assert.equal(0, code)
    assert.equal(("slipstream: SLIPSTREAM_LUA_PATH: no such folder: %s; "
      .. "the program's own modules are used\n"):format(path), it_ran:errors())
  end)

  it("takes the last of two --set of the same name", function()
    local _, it_ran = run("print((...).room)", "--set", "room=1", "--set", "room=2")
    assert.equal("2\n", it_ran:output())
  end)

  it("takes modules of SLIPSTREAM_LUA_PATH before its own", function()
    local uv = require "luv"
    assert(uv.fs_mkdir(program.folder() .. "/slipstream", 448))
    assert(uv.fs_mkdir(program.folder() .. "/slipstream/cli", 448))
    program.file "slipstream/cli/script.lua"
      "return { load = function() return function() print 'mine' end end }"
    local code, it_ran = program.run({ "run", "x" }, { env = { SLIPSTREAM_LUA_PATH = program.folder() } })
    assert.equal(0, code)
    assert.equal("mine\n", it_ran:output())
  end)
end)

describe("the log of slipstream run", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  -- Everything that can be secret, secret; the server refuses, the client stops.
  local telling = ([[
    local slipstream = require "slipstream"
    local Client = slipstream.client { restart = "temporary" }
    function Client:init(args)
      assert(self:connect {
        uri = args.uri .. "?token=SECRET", params = { password = "SECRET" }, auth_token = "SECRET",
        headers = { { "x-key", "SECRET" } },
      })
    end
    function Client:handle_disconnect(reason)
      slipstream.log.info("mine", { params = "SECRET", uri = "ws://me:SECRET@host/?x=SECRET" })
      return "stop", reason
    end
    return Client
  ]]):gsub("SECRET", SECRET)

  local function refused(...)
    local uri = ("ws://127.0.0.1:%d/socket"):format(server.port)
    local file = program.file "client.lua" (telling)
    local it_runs = program.start { "run", file, "--uri", uri, "--log", "debug", ... }
    local connection = server:accept()
    assert.truthy(connection:key())
    assert.truthy(connection.request.line:find(SECRET, 1, true))
    connection:send "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
    assert.equal(1, it_runs:exit())
    return it_runs
  end

  it("never has a secret, and says why the client ended", function()
    local it_ran = refused()
    assert.is_nil(it_ran:errors():find(SECRET, 1, true))
    assert.truthy(it_ran:errors():find("the server refused with HTTP 403", 1, true))
    assert.truthy(it_ran:errors():find(("uri=ws://127.0.0.1:%d/socket?"):format(server.port), 1, true))
  end)

  it("is one JSON object a line when asked for", function()
    local it_ran = refused("--log-format", "json")
    assert.is_nil(it_ran:errors():find(SECRET, 1, true))
    local texts = {}
    for _, line in ipairs(it_ran:error_lines()) do
      local entry = assert(core.json.decode(line))
      assert.truthy(entry.time:find "^%d+%-%d+%-%d+T%d+:%d+:%d+%.%d+Z$")
      texts[entry.text] = entry
    end
    assert.equal("debug", texts.connecting.level)
    assert.equal("#1", texts["cannot connect"].client)
    assert.equal("error", texts["client stopped"].level)
  end)

  it("leaves out what is below its level", function()
    local it_ran = refused("--log", "error")
    assert.equal(1, #it_ran:error_lines())
    assert.truthy(it_ran:errors():find "error client stopped")
  end)
end)

describe("an error in a callback", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  -- The first client breaks, the second goes on.
  local breaking = [[
    local slipstream = require "slipstream"
    local Client = slipstream.client()
    function Client:init(args)
      self.assigns.index = args.index
      assert(self:connect { uri = args.uri })
    end
    local function deeper() error "boom" end
    function Client:handle_connect()
      if self.assigns.index == 1 then deeper() end
      print "second is connected"
    end
    return Client
  ]]

  it("is told with the user's places only, and ends that client alone", function()
    local file = program.file "client.lua" (breaking)
    local uri = ("ws://127.0.0.1:%d/socket"):format(server.port)
    local it_runs = program.start { "run", file, "--uri", uri, "--clients", "2", "--log", "error" }
    local first, second = server:open(), server:open()
    it_runs:read_error ":9: in"
    it_runs:read "second is connected"
    it_runs:signal "sigterm"
    for _, connection in ipairs { first, second } do
      assert.equal("close", connection:frame().opcode)
      connection:finish()
    end
    assert.equal(143, it_runs:exit())
    assert.is_nil(it_runs:errors():find("slipstream/", 1, true))
    local lines = it_runs:error_lines()
    assert.truthy(lines[1]:find(file .. ":7: boom callback=handle_connect client=#1", 1, true))
    assert.equal("stack traceback:", lines[2])
    assert.equal(("\t%s:7: in 'deeper'"):format(file), lines[3])
    assert.truthy(lines[4]:find(file .. ":9: in", 1, true))
    assert.equal(4, #lines)
  end)
end)
