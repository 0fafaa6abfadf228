-- The control socket of a program: whose it is, and what becomes of those who say nonsense to it.
local asker = require "spec.support.asker"
local control = require "slipstream.cli.control"
local controlled = require "spec.support.controlled"
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local uv = require "luv"

local ctl, end_it, ready, socket = controlled.ctl, controlled.end_it, controlled.ready, controlled.socket

describe("the control socket", function()
  after_each(function()
    asker.clean_up()
    program.clean_up()
  end)

  describe("is a file that", function()
    it("is the owner's alone, and goes with the program", function()
      local it_runs = ready(1)
      local found = uv.fs_stat(socket())
      assert.equal("socket", found.type)
      assert.equal(tonumber("600", 8), found.mode & tonumber("777", 8))
      end_it(it_runs)
      assert.is_nil((uv.fs_stat(socket())))
    end)

    it("goes also when a worker exits by itself", function()
      local code = program.run { "run", program.file "exit.lua" "os.exit(3)", "--control", socket() }
      assert.equal(3, code)
      assert.is_nil((uv.fs_stat(socket())))
    end)

    it("leaves nothing else in its folder", function()
      ready(1)
      local names = {}
      for name in uv.fs_scandir_next, assert(uv.fs_scandir(program.folder())) do names[#names + 1] = name end
      table.sort(names)
      assert.same({ "client.lua", "control" }, names)
    end)

    it("is taken from a program that is dead", function()
      local it_ran = ready(1)
      it_ran:signal "sigkill"
      it_ran:exit()
      assert.truthy(uv.fs_stat(socket()))
      local code, asked = ctl "status"
      assert.equal(1, code)
      assert.equal(("slipstream: %s: nobody listens there any more\n"):format(socket()), asked:errors())
      end_it(ready(1))
    end)

    it("may be that of a program which hangs up", function()
      local listener = uv.new_pipe()
      assert(listener:bind(socket()))
      listener:listen(1, function()
        local peer = uv.new_pipe()
        listener:accept(peer)
        peer:close()
      end)
      for _ = 1, 5 do -- it asks before or after that
        local code, asked = ctl "status"
        assert.equal("slipstream: the program ended before it answered\n", asked:errors())
        assert.equal(1, code)
      end
      listener:close()
    end)

    it("is not taken from one that runs", function()
      local it_runs = ready(1)
      local code, other = program.run { "run", program.folder() .. "/client.lua", "--control", socket() }
      assert.equal(1, code)
      local words = "slipstream: --control: cannot listen at %s: it belongs to a program that runs\n"
      assert.equal(words:format(socket()), other:errors())
      assert.equal("", other:output())
      assert.equal(0, (ctl "status"))
      end_it(it_runs)
    end)

    it("is not put in the place of something else", function()
      local path = program.file "notes" "precious"
      local client = program.file "client.lua" (controlled.waiting)
      local code, it_ran = program.run { "run", client, "--control", path }
      assert.equal(1, code)
      local words = "slipstream: --control: cannot listen at %s: it is there already, and is no socket\n"
      assert.equal(words:format(path), it_ran:errors())
      local file <close> = assert(io.open(path))
      assert.equal("precious", file:read "a")
    end)

    it("cannot be where there is no folder, nor have a long name", function()
      local client = program.file "client.lua" (controlled.waiting)
      local code, it_ran = program.run { "run", client, "--control", "/nowhere/control" }
      assert.equal(1, code)
      assert.equal("slipstream: --control: cannot listen at /nowhere/control: cannot write to the folder "
        .. "/nowhere: no such file or directory\n", it_ran:errors())
      local long = "/tmp/" .. ("x"):rep(103)
      code, it_ran = program.run { "run", client, "--control", long }
      assert.equal(1, code)
      assert.equal(("slipstream: --control: %s: too long for the path of a socket: 108 bytes, at most 107\n")
        :format(long), it_ran:errors())
    end)

    it("is not taken for that of one whose name begins like it", function()
      local longest = program.folder() .. "/" .. ("s"):rep(107 - #program.folder() - 1)
      local it_runs = program.start { "run", program.file "client.lua" (controlled.waiting),
        "--control", longest }
      it_runs:read "ready"
      local code, it_ran = program.run { "ctl", "--control", longest .. "x", "status" }
      assert.equal(1, code)
      assert.equal(("slipstream: %sx: too long for the path of a socket\n"):format(longest), it_ran:errors())
      end_it(it_runs)
    end)
  end)

  describe("has to say what is no UTF-8", function()
    it("of the URI that it was given", function()
      local it_runs = controlled.start(controlled.waiting, "--uri", "ws://\xe9")
      it_runs:read "ready"
      assert.equal("ws://?", assert(asker.connect(socket()):say('{"verb":"status"}\n'):answer()).value.uri)
      end_it(it_runs)
    end)

    it("of code that was run in it", function()
      ready(1, "--allow-eval")
      local one = asker.connect(socket())
      local function eval(code)
        local answer = one:say(core.json.encode { verb = "eval", code = code } .. "\n"):answer()
        return answer.value.workers[1].value
      end
      assert.same({ "caf?" }, eval([["caf\xe9"]]).values)
      assert.equal("eval:1: caf?", eval([[error "caf\xe9"]]).error)
    end)

    it("when it is asked to say it itself", function()
      ready(1, "--allow-eval")
      local code, it_ran = ctl("eval", "'caf\xe9'")
      assert.equal(1, code)
      assert.equal("slipstream: payload.code: cannot encode a string that is not UTF-8\n", it_ran:errors())
    end)
  end)

  describe("given nonsense", function()
    local one

    before_each(function()
      ready(1)
      one = asker.connect(socket())
    end)

    local function still_answers() assert.equal(0, (ctl "status")) end

    -- { name, what is said, what is answered }
    local cases = {
      { "what is no JSON", "status\n", "no JSON: " },
      { "an empty line", "\n", "no JSON: " },
      { "bytes of all kinds", "\0\1\255\254\r\n", "no JSON: " },
      { "JSON that is no object", "17\n", "no request: expected an object" },
      { "a null", "null\n", "no request: expected an object" },
      { "an object without a verb", '{"level":"info"}\n', "no request: expected an object" },
      { "a verb that is no string", '{"verb":["status"]}\n', "no request: expected an object" },
      { "an unknown verb", '{"verb":"statsu"}\n', "no such verb: statsu, did you mean status?" },
      { "an unknown level", '{"verb":"log-level","level":"loud"}\n', "no such level: loud" },
      { "no level", '{"verb":"log-level"}\n', "no such level: nil" },
      { "JSON that is too deep", ("["):rep(2000) .. "\n", "no JSON: " },
    }

    for _, case in ipairs(cases) do
      it(("refuses %s, and goes on"):format(case[1]), function()
        local answer = one:say(case[2]):answer()
        assert.is_false(answer.ok)
        assert.equal(case[3], answer.error:sub(1, #case[3]))
        assert.is_true(one:say('{"verb":"status"}\n'):answer().ok)
      end)
    end

    it("ends a connection whose line has no end", function()
      one:say(("x"):rep(70000))
      assert.same({ ok = false, error = "the request is longer than 65536 bytes" }, one:answer())
      assert.is_true(one:has_ended())
      still_answers()
    end)

    it("ends a connection whose line is too long", function()
      one:say(('{"verb":"%s"}\n'):format(("x"):rep(65530)))
      assert.same({ ok = false, error = "the request is longer than 65536 bytes" }, one:answer())
      assert.is_true(one:has_ended())
    end)

    it("forgets who goes away in the middle of a request, or before the answer", function()
      one:say '{"verb":"sta'
      one:close()
      local other = asker.connect(socket())
      other:say '{"verb":"status"}\n{"verb":"status"}\n'
      other:close()
      still_answers()
    end)

    it("takes a request in pieces, and several at once, in their order", function()
      for piece in ('{"verb":"log-level","level":"warn"}\n'):gmatch "." do one:say(piece) end
      assert.is_true(one:answer().ok)
      one:say '{"verb":"a"}\n{"verb":"log-level","level":"warn"}\n{"verb":"b"}\n'
      assert.equal("no such verb: a", one:answer().error)
      assert.is_true(one:answer().ok)
      assert.equal("no such verb: b", one:answer().error)
    end)

    it("keeps nothing of those who came and went", function()
      local folder = ("/proc/%d/fd"):format(one:say('{"verb":"status"}\n'):answer().value.pid)
      local function count_open()
        local count = 0
        for _ in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do count = count + 1 end
        return count
      end
      local before = count_open()
      for count = 1, 200 do
        local other = asker.connect(socket())
        if count % 2 == 0 then other:say '{"verb":"status"}\n{"verb":' end
        other:close()
        if count % 20 == 0 then one:say '{"verb":"status"}\n':answer() end -- they queue up otherwise
      end
      assert.is_true(loop.wait(function() return count_open() == before end, 10000))
      still_answers()
    end)

    it("answers many at once, and tells those who are too many", function()
      local askers = {}
      for place = 1, 15 do askers[place] = asker.connect(socket()) end
      local too_many = asker.connect(socket())
      assert.same({ ok = false, error = "busy: 16 are connected already" }, too_many:answer())
      assert.is_true(too_many:has_ended())
      for _, each in ipairs(askers) do each:say '{"verb":"status"}\n' end
      for _, each in ipairs(askers) do assert.is_true(each:answer().ok) end
      for _, each in ipairs(askers) do each:close() end
      still_answers()
    end)

    it("is not kept from others by one who does not take its answers", function()
      one:say(('{"verb":"status"}\n'):rep(2000)) -- more than any buffer between has room for
      for _ = 1, 3 do still_answers() end
      one:listen()
      for _ = 1, 2000 do assert.is_true(one:answer().ok) end
    end)
  end)

  describe("has no patience", function()
    local server, patience

    before_each(function()
      patience, control.Connection.patience_msec = control.Connection.patience_msec, 20
      server = assert(control.open(socket(), function(_, answer) answer(("x"):rep(1 << 20)) end))
    end)

    after_each(function()
      control.Connection.patience_msec = patience
      server:close()
    end)

    it("with one who says nothing", function()
      assert.is_true(asker.connect(socket()):has_ended())
    end)

    it("with one who does not end a line", function()
      assert.is_true(asker.connect(socket()):say('{"verb":'):has_ended())
    end)

    it("with one who does not take an answer", function()
      asker.connect(socket()):say '{"verb":"all"}\n'
      assert.is_true(loop.wait(function() return server.count == 1 end))
      assert.is_true(loop.wait(function() return server.count == 0 end))
    end)
  end)
end)
