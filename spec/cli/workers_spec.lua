-- `slipstream run --workers N`: clients in several threads, which find and reach each other.
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local uv = require "luv"
local worker_script = require "spec.support.worker_script"

local SIGTERM = 15

local function sorted(text)
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  table.sort(lines)
  return table.concat(lines, "\n")
end

describe("slipstream run with workers", function()
  after_each(program.clean_up)

  local function run(text, ...)
    local code, it_ran = program.run { "run", program.file "script.lua" (text), ... }
    return code, it_ran:output(), it_ran:errors()
  end

  local printing = [[
    local slipstream = require "slipstream"
    local worker = slipstream.worker
    local Client = slipstream.client()
    function Client:init(args)
      print(args.index, worker.index, worker.count)
      return "stop", args.reason or "normal"
    end
    print("loaded", worker.index)
    return Client
  ]]

  it("shares the clients out", function()
    local code, output = run(printing, "--clients", "5", "--workers", "2")
    assert.equal(0, code)
    assert.equal("1\t1\t2\n2\t0\t2\n3\t1\t2\n4\t0\t2\n5\t1\t2\nloaded\t0\nloaded\t1", sorted(output))
  end)

  it("calls clients by their args.index, on whatever worker, and no others so", function()
    local code, output = run([[
      local slipstream = require "slipstream"
      local Helper, Client = slipstream.client(), slipstream.client()
      function Client:init(args)
        local helper = slipstream.start(Helper)
        print(args.index, self:client().id, self:client().name, helper.name)
        helper:stop()
        return "stop", "normal"
      end
      return Client
    ]], "--clients", "3", "--workers", "2")
    assert.equal(0, code)
    assert.equal("1\t1\t#1\t#4\n2\t2\t#2\t#4\n3\t3\t#3\t#5", sorted(output))
  end)

  it("has one worker for one client, and no more than there are cores", function()
    local _, output = run(printing)
    assert.equal("loaded\t0\n1\t0\t1\n", output)
    local cores = uv.available_parallelism()
    local _, more = run(printing, "--clients", tostring(cores + 1))
    assert.truthy(more:find(("1\t%d\t%d\n"):format(1 % cores, cores), 1, true))
  end)

  it("has no more workers than connections may be made at once", function()
    local _, output = run(printing, "--clients", "3", "--max-dials", "1")
    assert.equal("loaded\t0\n1\t0\t1\n2\t0\t1\n3\t0\t1\n", output)
  end)

  it("loads the file in workers without a client as well, which is no fault", function()
    local code, output, errors = run(printing, "--workers", "3")
    assert.equal(0, code)
    assert.equal("", errors)
    assert.equal("1\t1\t3\nloaded\t0\nloaded\t1\nloaded\t2", sorted(output))
  end)

  it("runs a plain script once a worker, which asks which one it is", function()
    local code, output, errors = run(worker_script.prelude .. [[
      print(worker.index .. " of " .. worker.count)
      print(pcall(function() worker.index = 5 end))
    ]], "--workers", "2")
    assert.equal(0, code)
    assert.equal("", errors)
    local refused = ("false\t%s/script.lua:12: slipstream.worker is not to be changed, its field 'index' "
      .. "neither"):format(program.folder())
    assert.equal(sorted(("0 of 2\n1 of 2\n%s\n%s"):format(refused, refused)), sorted(output))
  end)

  it("exits with the worst code of its workers", function()
    assert.equal(0, (run(printing, "--clients", "2", "--workers", "2")))
    local failing = printing:gsub('args.reason or "normal"', 'worker.index == 1 and "broken" or "normal"')
    assert.equal(1, (run(failing, "--clients", "2", "--workers", "2")))
  end)

  it("says in the log which worker it was, when there are several", function()
    local _, _, errors = run(printing, "--clients", "2", "--workers", "2", "--set", "reason=broken")
    assert.truthy(errors:find("client stopped client=#2 reason=broken worker=0\n", 1, true))
    assert.truthy(errors:find("client stopped client=#1 reason=broken worker=1\n", 1, true))
  end)

  it("prints whole lines, whoever prints", function()
    local _, output = run([[for i = 1, 2000 do print("a", "b", i, nil) end]], "--workers", "2")
    local count = 0
    for line in output:gmatch "[^\n]*\n" do
      count = count + 1
      assert.truthy(line:find "^a\tb\t%d+\tnil\n$")
    end
    assert.equal(4000, count)
  end)

  it("tells once what is wrong with the file", function()
    local code, output, errors = run("local x = = 1", "--workers", "2")
    assert.equal(1, code)
    assert.equal("", output)
    local path = program.folder() .. "/script.lua"
    assert.equal(("slipstream: %s:1: unexpected symbol near '='\n"):format(path), errors)
    local _, it_ran = program.run { "run", "/nowhere/x.lua", "--workers", "2" }
    assert.equal("slipstream: cannot open /nowhere/x.lua: No such file or directory\n", it_ran:errors())
  end)

  it("ends all when one of them has a fault", function()
    local code, output, errors = run(worker_script.prelude .. [[
      if worker.index == 1 then error "boom" end
      local Client = slipstream.client()
      function Client:init() self:send_after(60000, "never") end
      function Client:terminate(reason) print(reason) end
      slipstream.start(Client)
    ]], "--workers", "2")
    assert.equal(1, code)
    assert.equal("shutdown\n", output)
    assert.truthy(errors:find "script.lua:11: boom\n$")
  end)

  it("tells of a fault in one also when another is stuck", function()
    local code, _, errors = run(worker_script.prelude .. [[
      if worker.index == 1 then error "boom" end
      while true do local _ = {} end
    ]], "--workers", "2")
    assert.equal(1, code)
    assert.truthy(errors:find("worker 0 does not end; the program ends without it line=", 1, true), errors)
    assert.truthy(errors:find "\nslipstream: [^\n]*script.lua:11: boom\n$")
  end)

  it("takes an error in a callback of luv's for a fault", function()
    local code, _, errors = run(worker_script.prelude .. [[
      local timer = require("luv").new_timer()
      timer:start(0, worker.index == 1 and 1 or 60000, function()
        if worker.index == 1 then error "boom" end
      end)
    ]], "--workers", "2")
    assert.equal(1, code)
    assert.equal(("slipstream: %s/script.lua:13: boom\n"):format(program.folder()), errors)
  end)

  it("ends the program with os.exit, and what was printed is not lost", function()
    local code, output = run(worker_script.prelude .. [[
      if worker.index == 0 then return slipstream.await(function() end, 60000) end
      io.write "half a line"
      os.exit(7)
    ]], "--workers", "2")
    assert.equal(7, code)
    assert.equal("half a line", output)
  end)

end)

describe("a signal to several workers", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  -- What is stuck allocates: ThreadSanitizer hands signals over only inside libc.
  local connecting = [[
    local slipstream = require "slipstream"
    local Client = slipstream.client()
    function Client:init(args) assert(self:connect { uri = args.uri }) end
    function Client:handle_connect()
      print("connected", slipstream.worker.index)
      while slipstream.worker.index == self.assigns.stuck do local _ = {} end
    end
    function Client:terminate(reason) print(slipstream.worker.index, reason) end
    return Client
  ]]

  local function start(text)
    local uri = ("ws://127.0.0.1:%d/socket"):format(server.port)
    return program.start { "run", program.file "client.lua" (text), "--uri", uri, "--clients", "2",
      "--workers", "2", "--log", "warn" }
  end

  it("closes the connections of all", function()
    local it_runs = start(connecting)
    local connections = { server:open(), server:open() }
    it_runs:read "connected"
    it_runs:read "connected"
    it_runs:signal "sigterm"
    for _, connection in ipairs(connections) do
      local frame = connection:frame()
      assert.equal("close", frame.opcode)
      assert.equal(1001, (">I2"):unpack(frame.payload))
      connection:finish()
    end
    assert.equal(143, it_runs:exit())
    assert.equal("", it_runs:errors())
    assert.equal("0\tshutdown\n1\tshutdown\nconnected\t0\nconnected\t1", sorted(it_runs:output()))
  end)

  -- Worker 0 is busy for ever.
  local stuck = connecting:gsub("self.assigns.stuck", "0")

  local function stuck_after_signal()
    local it_runs = start(stuck)
    local _ = { server:open(), server:open() }
    it_runs:read "connected"
    it_runs:read "connected"
    it_runs:signal "sigterm"
    it_runs:read "1\tshutdown"
    return it_runs
  end

  it("says at once which callback keeps it from ending", function()
    local it_runs = start(stuck)
    local _ = { server:open(), server:open() }
    it_runs:read "connected"
    it_runs:read "connected"
    assert.is_false(loop.wait(function() return it_runs.code end, 1500)) -- the worker tells each second
    local before = uv.hrtime()
    it_runs:signal "sigterm"
    local line = it_runs:read_error "worker 0 is busy and cannot end"
    assert.is_true(uv.hrtime() - before < 1e9)
    assert.truthy(line:find "callback=handle_connect client=#2 line=%S+client.lua:6$", line)
    it_runs:signal "sigterm"
    it_runs:exit()
  end)

  it("ends the program after a while when one of them is stuck", function()
    local it_runs = stuck_after_signal()
    local before = uv.hrtime()
    assert.equal(143, it_runs:exit())
    local seconds = (uv.hrtime() - before) / 1e9
    assert.is_true(seconds > 4 and seconds < 9, seconds .. " s")
    local errors = it_runs:errors()
    local words = "error worker 0 does not end; the program ends without it callback=handle_connect client=#2"
    assert.truthy(errors:find(words, 1, true), errors)
  end)

  it("ends it at once the second time", function()
    local it_runs = stuck_after_signal()
    assert.is_false(loop.wait(function() return it_runs.code end, 50))
    it_runs:signal "sigterm"
    assert.same({ nil, SIGTERM }, { it_runs:exit() })
  end)

  it("ends workers that have nothing to do but wait", function()
    local it_runs = program.start { "run", "--workers", "2", program.file "script.lua" [[
      local worker = require("slipstream").worker
      if worker.index == 0 then require("luv").new_timer():start(0, 60000, function() print "waiting" end) end
    ]] }
    it_runs:read "waiting"
    it_runs:signal "sigint"
    assert.equal(130, it_runs:exit())
  end)
end)
