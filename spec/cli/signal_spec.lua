-- SIGINT and SIGTERM: what the program says to its server, and how it ends.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local uv = require "luv"
local ws = require "spec.support.ws"

local SIGTERM = 15

local client = [[
  local slipstream = require "slipstream"
  local Client = slipstream.client()
  function Client:init(args) assert(self:connect { uri = args.uri, reconnect_after_msec = { 60000 } }) end
  function Client:handle_connect() self:join "room:1" end
  function Client:handle_join() print "joined" end
  function Client:terminate(reason) print("terminate " .. reason) end
  return Client
]]

describe("a signal", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  local function start(port, ...)
    local uri = ("ws://127.0.0.1:%d/socket"):format(port or server.port)
    return program.start { "run", program.file "client.lua" (client), "--uri", uri, ... }
  end

  local function read_message(connection)
    local frame = connection:frame()
    assert.equal("text", frame.opcode)
    return core.json.decode(frame.payload)
  end

  -- A client that has joined its room, and its connection.
  local function joined(program_of_its_own)
    local it_runs = program_of_its_own or start(nil, "--log", "warn")
    local connection = server:open()
    local message = read_message(connection)
    assert.equal("phx_join", message[4])
    local reply = { message[1], message[2], "room:1", "phx_reply", { status = "ok", response = {} } }
    connection:send_frame { payload = core.json.encode(reply) }
    it_runs:read "joined"
    return it_runs, connection
  end

  local function expect_goodbye(it_runs, connection)
    it_runs:read "terminate shutdown"
    local message = read_message(connection)
    assert.same({ "room:1", "phx_leave" }, { message[3], message[4] })
    local frame = connection:frame()
    assert.equal("close", frame.opcode)
    assert.equal(1001, (ws.read_close(frame.payload)))
  end

  for name, code in pairs { sigint = 130, sigterm = 143 } do
    it(("%s runs terminate, leaves, closes with 1001 and exits with %d"):format(name, code), function()
      local it_runs, connection = joined()
      it_runs:signal(name)
      expect_goodbye(it_runs, connection)
      connection:send_frame { opcode = "close", payload = ws.close_payload(1001) }
      connection:finish()
      assert.equal(code, it_runs:exit())
      assert.equal("", it_runs:errors())
    end)
  end

  it("waits about five seconds for a server that does not answer the close, and says so", function()
    local it_runs, connection = joined(start())
    local before = uv.hrtime()
    it_runs:signal "sigterm"
    expect_goodbye(it_runs, connection)
    it_runs:read_error "waits for 1 worker to end, 5 s more at most"
    assert.equal(143, it_runs:exit())
    local seconds = (uv.hrtime() - before) / 1e9
    assert.is_true(seconds > 4 and seconds < 8, seconds .. " s")
  end)

  it("that is the second ends the program at once", function()
    local it_runs, connection = joined()
    it_runs:signal "sigint"
    expect_goodbye(it_runs, connection)
    it_runs:signal "sigterm"
    assert.same({ nil, SIGTERM }, { it_runs:exit() })
  end)

  it("a second time ends the program even when a callback never returns", function()
    local looping = client:gsub('print "joined"', '%0; while true do end')
    local uri = ("ws://127.0.0.1:%d/socket"):format(server.port)
    local it_runs = joined(program.start { "run", program.file "looping.lua" (looping), "--uri", uri })
    it_runs:signal "sigterm"
    assert.is_false(loop.wait(function() return it_runs.code end, 100)) -- it does not hear of the first
    it_runs:signal "sigterm"
    assert.same({ nil, SIGTERM }, { it_runs:exit() })
  end)

  local function expect_quick_end(it_runs)
    local before = uv.hrtime()
    it_runs:signal "sigterm"
    assert.equal(143, it_runs:exit())
    local seconds = (uv.hrtime() - before) / 1e9
    assert.is_true(seconds < 2, seconds .. " s")
    assert.equal("terminate shutdown\n", it_runs:output())
  end

  it("stops a client at once that waits for the server's answer", function()
    local it_runs = start()
    server:accept():key()
    expect_quick_end(it_runs)
  end)

  it("stops a client at once that waits for its next attempt", function()
    local it_runs = start(raw_server.free_port(), "--log", "debug")
    it_runs:read_error "reconnecting"
    expect_quick_end(it_runs)
  end)

  it("ends a plain script's loop, too", function()
    local path = program.file "script.lua" [[
      require("luv").new_timer():start(0, 60000, function() print "waiting" end)
    ]]
    local it_runs = program.start { "run", path }
    it_runs:read "waiting"
    it_runs:signal "sigint"
    assert.equal(130, it_runs:exit())
  end)

  it("ends a loop that a plain script runs itself, and what it started", function()
    local path = program.file "script.lua" [[
      local slipstream, uv = require "slipstream", require "luv"
      local Client = slipstream.client()
      function Client:terminate(reason) print("terminate", reason) end
      uv.new_timer():start(10, 60000, function() slipstream.start(Client) print "waiting" end)
      uv.run()
      print "after the loop"
      return Client
    ]]
    local it_runs = program.start { "run", path }
    it_runs:read "waiting"
    it_runs:signal "sigterm"
    it_runs:read "terminate\tshutdown"
    it_runs:read "after the loop"
    assert.equal(143, it_runs:exit())
    assert.equal("", it_runs:errors())
  end)
end)
