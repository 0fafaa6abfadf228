-- `slipstream ctl`: how it finds a program, what that tells, and what it does.
local controlled = require "spec.support.controlled"
local core = require "slipstream.core"
local program = require "spec.support.program"
local uv = require "luv"

local ctl, end_it, ready, socket = controlled.ctl, controlled.end_it, controlled.ready, controlled.socket
local SIGTERM_CODE = 143

describe("slipstream ctl", function()
  after_each(program.clean_up)

  local function status()
    local code, it_ran = ctl("status", "--json")
    assert.equal(0, code, it_ran:errors())
    return core.json.decode(it_ran:output())
  end

  describe("in XDG_RUNTIME_DIR", function()
    local function run(arguments, folder)
      return program.start(arguments, { env = { XDG_RUNTIME_DIR = folder or program.folder() } })
    end

    local function asked(...)
      local it_ran = run { "ctl", ... }
      return it_ran:exit(), it_ran
    end

    local function start_one()
      local it_runs = run { "run", program.file "client.lua" (controlled.waiting) }
      it_runs:read "ready"
      return it_runs
    end

    it("is found without being named", function()
      local it_runs = start_one()
      local code, it_ran = asked "stop"
      assert.equal("stopping\n", it_ran:output())
      assert.equal(0, code)
      assert.equal(SIGTERM_CODE, it_runs:exit())
    end)

    it("is to be chosen when several programs run", function()
      local pids = { start_one().pid, start_one().pid }
      table.sort(pids, function(a, b) return tostring(a) < tostring(b) end)
      local code, it_ran = asked "status"
      assert.equal(1, code)
      assert.equal(("slipstream: several programs run; choose one with --control PATH:\n"
        .. "  %s/slipstream-%d.sock\n  %s/slipstream-%d.sock\n"):format(program.folder(), pids[1],
        program.folder(), pids[2]), it_ran:errors())
    end)

    it("is not there for those that are dead", function()
      local it_runs = start_one()
      it_runs:signal "sigkill"
      it_runs:exit()
      local code, it_ran = asked "status"
      assert.equal(1, code)
      assert.equal("slipstream: no program runs; or say where with --control PATH\n", it_ran:errors())
    end)

    it("is missed with a warning where there is no such folder", function()
      local it_runs = run({ "run", program.file "client.lua" (controlled.waiting) }, "/nowhere")
      it_runs:read_error "nobody can control this program"
      it_runs:read "ready"
      end_it(it_runs)
    end)

    it("is none when that is not set", function()
      local code, it_ran = asked("--control", socket(), "status")
      assert.equal(1, code)
      assert.equal(("slipstream: %s: there is no such socket\n"):format(socket()), it_ran:errors())
      code, it_ran = asked("--control", program.folder(), "status")
      assert.equal(1, code)
      assert.equal(("slipstream: %s: it is no socket\n"):format(program.folder()), it_ran:errors())
      it_ran = run({ "ctl", "status" }, "")
      assert.equal(1, it_ran:exit())
      assert.equal("slipstream: XDG_RUNTIME_DIR is not set; say which program with --control PATH\n",
        it_ran:errors())
    end)
  end)

  describe("tells by `status`", function()
    it("what there is, worker by worker, and in all", function()
      local it_runs = ready(2)
      local told = status()
      assert.equal(it_runs.pid, told.pid)
      assert.equal(program.folder() .. "/client.lua", told.file)
      assert.is_true(told.uptime_msec >= 0 and told.resident_bytes > 0)
      assert.equal(2, #told.workers)
      for index, worker in ipairs(told.workers) do
        assert.equal(index - 1, worker.worker)
        assert.same({ idle = 1 }, worker.clients)
      end
      assert.same({ idle = 2 }, told.all.clients)
      assert.equal(told.workers[1].memory_bytes + told.workers[2].memory_bytes, told.all.memory_bytes)
      assert.same({ { file = told.file, version = "1.2", clients = 2 } }, told.all.modules)
    end)

    it("what the clients of all workers have done, those that are gone too", function()
      local server = program.start { "serve", "--port", "0" }
      local uri = server:read("listening on "):match "ws://%S+"
      local it_runs = controlled.start([[
        local slipstream = require "slipstream"
        local Client = slipstream.client()
        function Client:init(args)
          self:assign("pushes", args.index)
          assert(self:connect { uri = args.uri })
        end
        function Client:handle_connect() self:join "room:1" end
        function Client:handle_join(topic) self:push(topic, "echo") end
        function Client:handle_reply()
          self:update("pushes", function(count) return count - 1 end)
          if self.assigns.pushes > 0 then return self:handle_join "room:1" end
          print("done", slipstream.worker.index)
          if self:client().id <= 2 then return "stop", "normal" end
        end
        return Client
      ]], "--uri", uri, "--clients", "4", "--workers", "2", "--log", "debug")
      for _ = 1, 4 do it_runs:read "done" end
      for _ = 1, 2 do it_runs:read_error "client ended" end
      local told = status()
      local all = told.all
      assert.same({ connected = 2 }, all.clients)
      assert.same({ 10, 4, 0, 2 }, { all.pushes_out, all.connects, all.reconnects, all.topics })
      assert.same({ 4 + 2, 3 + 1 }, { told.workers[1].pushes_out, told.workers[2].pushes_out })
      assert.is_true(told.all.rates.pushes_out > 0)
      for _, name in ipairs { "messages_in", "bytes_in", "bytes_out", "memory_bytes" } do
        assert.is_true(told.workers[1][name] > 0)
        assert.equal(told.workers[1][name] + told.workers[2][name], told.all[name])
      end
      assert.is_true(told.all.messages_in >= 14) -- the replies to four joins and ten pushes
    end)

    it("the same in lines for people", function()
      ready(2)
      local code, it_ran = ctl "status"
      assert.equal(0, code)
      local text = it_ran:output()
      for _, line in ipairs { "file " .. program.folder() .. "/client.lua", "all", "worker 0", "worker 1",
        "  clients     2: 2 idle", "  clients     1: 1 idle", "  topics      0 joined",
        "  in          messages 0 (0.0/s), 0 bytes (0 bytes/s)",
        ("  module      %s/client.lua version 1.2: 2 clients"):format(program.folder()) } do
        assert.truthy(text:find("\n" .. line .. "\n", 1, true), line .. " in " .. text)
      end
    end)

    it("of a worker that does not answer, within about two seconds", function()
      local hanging = controlled.waiting:gsub('60000, "never"', '1, slipstream.worker.index == 1 and "hang"')
      controlled.start(hanging, "--clients", "2", "--workers", "2"):read "heard\thang"
      local before = uv.hrtime()
      local told = status()
      local seconds = (uv.hrtime() - before) / 1e9
      assert.is_true(seconds > 1.9 and seconds < 6, seconds .. " s")
      assert.same({ idle = 1 }, told.workers[1].clients)
      assert.same({ worker = 1, fault = "does not answer" }, told.workers[2])
      assert.same({ idle = 1 }, told.all.clients)
      local _, it_ran = ctl "status"
      assert.truthy(it_ran:output():find("\nworker 1: does not answer\n", 1, true))
      local code
      code, it_ran = ctl("log-level", "warn")
      assert.equal("worker 0: ok\nworker 1: does not answer\n", it_ran:output())
      assert.equal(1, code)
    end)

    it("no secrets", function()
      local it_runs = controlled.start(controlled.waiting, "--uri", "ws://127.0.0.1:1/socket?token=hidden",
        "--set", "token=hidden")
      it_runs:read "ready"
      local _, it_ran = ctl("status", "--json")
      assert.is_nil(it_ran:output():find("hidden", 1, true))
      assert.truthy(it_ran:output():find("ws://127.0.0.1:1/socket?[redacted]", 1, true))
    end)
  end)

  describe("does by", function()
    it("`stop` what SIGTERM does", function()
      local it_runs = ready(2)
      local code, it_ran = ctl "stop"
      assert.equal("stopping\n", it_ran:output())
      assert.equal(0, code)
      assert.equal(SIGTERM_CODE, it_runs:exit())
      assert.truthy(it_runs:output():find "terminate\tshutdown\n.*terminate\tshutdown\n")
      assert.is_nil((uv.fs_stat(socket())))
    end)

    it("`log-level` that lines of that level are written, in all workers and from now on", function()
      local it_runs = ready(2)
      local code, it_ran = ctl("log-level", "debug")
      assert.equal("worker 0: ok\nworker 1: ok\n", it_ran:output())
      assert.equal(0, code)
      end_it(it_runs)
      assert.truthy(it_runs:errors():find("client ended client=#2 reason=shutdown worker=0", 1, true))
      assert.truthy(it_runs:errors():find("client ended client=#1 reason=shutdown worker=1", 1, true))
    end)

    it("`eval` nothing, unless it was allowed", function()
      local it_runs = ready(1)
      local code, it_ran = ctl("eval", "print 'intruder'")
      assert.equal(1, code)
      assert.equal("slipstream: eval is not allowed; start the program with --allow-eval\n", it_ran:errors())
      end_it(it_runs)
      assert.is_nil(it_runs:output():find("intruder", 1, true))
    end)

    it("`eval` in each worker what it was allowed to, and shows what came of it", function()
      local it_runs = ready(2, "--allow-eval")
      local function eval(code)
        local exit_code, it_ran = ctl("eval", code)
        return { exit_code, it_ran:output() }
      end
      assert.same({ 0, "worker 0: 0\nworker 1: 1\n" }, eval "slipstream.worker.index")
      assert.same({ 0, 'worker 0: 1  nil  {"a":2,"token":"[redacted]"}\nworker 1: '
        .. '1  nil  {"a":2,"token":"[redacted]"}\n' }, eval '1, nil, { a = 2, token = "x" }')
      assert.same({ 0, "worker 0: no value\nworker 1: no value\n" }, eval "kept = 17")
      assert.same({ 0, "worker 0: 17\nworker 1: 17\n" }, eval "kept")
      assert.same({ 1, "worker 0: eval:1: boom\nworker 1: eval:1: boom\n" }, eval 'error "boom"')
      assert.same({ 1, "worker 0: eval:1: unexpected symbol near <eof>\n"
        .. "worker 1: eval:1: unexpected symbol near <eof>\n" }, eval "x =")
      assert.same({ 0, "worker 0: nil  timeout  timeout\nworker 1: nil  timeout  timeout\n" },
        eval "slipstream.await(function() end, 1)")
      end_it(it_runs)
      assert.equal("", it_runs:errors())
    end)

    it("`eval` of what takes long with a warning", function()
      local it_runs = ready(1, "--allow-eval")
      local _, it_ran = ctl("eval", "local uv = require 'luv'; local till = uv.hrtime() + 3e8; "
        .. "repeat until uv.hrtime() > till; return 1")
      assert.equal("worker 0: 1\n", it_ran:output())
      it_runs:read_error "a callback keeps all clients waiting callback=eval client=eval line=eval:1 msec="
      end_it(it_runs)
    end)

    it("`eval` of many bytes a line that is cut short", function()
      ready(1, "--allow-eval")
      local _, it_ran = ctl("eval", '("x"):rep(1e6)')
      assert.equal(("worker 0: %s…\n"):format(("x"):rep(200)), it_ran:output())
    end)
  end)
end)
