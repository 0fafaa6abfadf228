-- `slipstream ctl drain`: a program that ends without leaving anything half done.
local controlled = require "spec.support.controlled"
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local uv = require "luv"
local ws = require "spec.support.ws"

local SIGTERM_CODE = 143

describe("slipstream ctl drain", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  local pushing = [[
    local slipstream = require "slipstream"
    local Client = slipstream.client()
    function Client:init(args) assert(self:connect { uri = args.uri, reconnect_after_msec = { 1 } }) end
    function Client:handle_connect() self:join "room:1" end
    function Client:handle_join(topic)
      self:push(topic, "work")
      print "pushed"
    end
    function Client:handle_reply(_, status)
      print("answered", status)
      print("may go on", self:join "room:2")
    end
    function Client:handle_disconnect(reason)
      print("lost", self:reconnect())
    end
    function Client:terminate(reason) print("terminate", reason) end
    return Client
  ]]

  local function read_message(connection)
    local frame = connection:frame()
    assert.equal("text", frame.opcode)
    return core.json.decode(frame.payload)
  end

  local function reply(connection, message)
    local answer = { message[1], message[2], message[3], "phx_reply", { status = "ok", response = {} } }
    connection:send_frame { payload = core.json.encode(answer) }
  end

  -- One that has pushed; its connection, and what it pushed.
  local function pushed()
    local uri = ("ws://127.0.0.1:%d/socket"):format(server.port)
    local it_runs = controlled.start(pushing, "--uri", uri)
    local connection = server:open()
    reply(connection, read_message(connection))
    it_runs:read "pushed"
    return it_runs, connection, read_message(connection)
  end

  local function drain()
    local code, it_ran = controlled.ctl "drain"
    assert.equal("draining\n", it_ran:output())
    assert.equal(0, code)
  end

  local function expect_goodbye(connection)
    local message = read_message(connection)
    assert.same({ "room:1", "phx_leave" }, { message[3], message[4] })
    local frame = connection:frame()
    assert.equal("close", frame.opcode)
    assert.equal(1001, (ws.read_close(frame.payload)))
    connection:send_frame { opcode = "close", payload = ws.close_payload(1001) }
    connection:finish()
  end

  it("waits for the answers that are under way, then leaves, closes with 1001 and exits with 0", function()
    local it_runs, connection, push = pushed()
    assert.equal("work", push[4])
    drain()
    assert.is_false(loop.wait(function() return it_runs.code end, 50)) -- it waits
    reply(connection, push)
    it_runs:read "answered\tok"
    it_runs:read "may go on\tnil\tstopping\tstopping" -- it begins nothing new
    it_runs:read "terminate\tshutdown"
    expect_goodbye(connection)
    assert.equal(0, it_runs:exit())
    assert.equal("", it_runs:errors())
  end)

  it("lets a script go on with its answer", function()
    local it_runs = controlled.start([[
      local slipstream = require "slipstream"
      local socket = assert(slipstream.connect { uri = (...).uri })
      assert(socket:await_connect())
      socket:join "room:1"
      assert(socket:await_join "room:1")
      local ref = socket:push("room:1", "work")
      print "pushed"
      print("answered", (socket:await_reply(ref, 60000)))
      slipstream.await(function() end, 60000)
    ]], "--uri", ("ws://127.0.0.1:%d/socket"):format(server.port))
    local connection = server:open()
    reply(connection, read_message(connection))
    it_runs:read "pushed"
    local push = read_message(connection)
    drain()
    reply(connection, push)
    it_runs:read "answered\tok"
    expect_goodbye(connection)
    assert.equal(0, it_runs:exit())
  end)

  it("does not wait for an answer for more than about five seconds", function()
    local it_runs, connection = pushed()
    drain()
    local before = uv.hrtime()
    it_runs:read "terminate\tshutdown"
    local seconds = (uv.hrtime() - before) / 1e9
    assert.is_true(seconds > 4 and seconds < 8, seconds .. " s")
    expect_goodbye(connection)
    assert.equal(0, it_runs:exit())
  end)

  it("dials no more", function()
    local it_runs, connection = pushed()
    drain()
    connection:reset()
    it_runs:read "lost\tnil\tstopping\tstopping"
    assert.equal(0, it_runs:exit())
    assert.is_true(#server.accepted == 1)
  end)

  it("gives way to a signal", function()
    local it_runs, connection = pushed()
    drain()
    it_runs:signal "sigterm"
    it_runs:read "terminate\tshutdown"
    expect_goodbye(connection)
    assert.equal(SIGTERM_CODE, it_runs:exit())
  end)

  it("ends at once what has nothing under way, and a script that waits", function()
    local it_runs = controlled.start [[
      print "waits"
      require("slipstream").await(function() end, 60000)
      print "not reached"
    ]]
    it_runs:read "waits"
    drain()
    assert.equal(0, it_runs:exit())
    assert.equal("waits\n", it_runs:output())
  end)
end)
