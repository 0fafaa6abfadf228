-- Clients of other workers: names, messages, calls and replies between threads.
local program = require "spec.support.program"
local worker_script = require "spec.support.worker_script"

describe("a client of another worker", function()
  after_each(program.clean_up)

  local function run(text, ...)
    local code, it_ran = program.run { "run", program.file "script.lua" (text), ... }
    return code, it_ran:output(), it_ran:errors()
  end

  -- The output of what worker 1 does once "echo" is there.
  local function run_beside_echo(text)
    local code, output, errors = run(worker_script.echo .. text, "--workers", "2", "--log", "error")
    assert.equal("", errors)
    assert.equal(0, code)
    return output
  end

  it("has a name that is unique", function()
    local output = run_beside_echo [[
      local echo = find "echo"
      print(slipstream.start(Echo, nil, { name = "echo" }))
      print(echo == slipstream.whereis "echo", echo, echo.name, echo.id, echo.worker)
      echo:stop()
      echo:await_end()
      print(slipstream.whereis "echo")
      local mine = slipstream.start(Echo, nil, { name = "echo" })
      print(mine == slipstream.whereis "echo", mine, mine.worker)
    ]]
    assert.equal([[
nil	already_started	already_started
true	client echo of worker 0	echo	1	0
echo ends	normal
nil
true	client echo	1
echo ends	normal
]], output)
  end)

  it("is reached by name and by handle, in order", function()
    assert.equal("123\necho got\thello\necho ends\tnormal\ntrue\ttrue\n", run_beside_echo [[
      local echo = find "echo"
      slipstream.cast("echo", 1)
      echo:cast(2)
      slipstream.cast(echo, 3)
      print(echo:call "count")
      local is_sent, is_stopped = echo:send { text = "hello" }, slipstream.stop "echo"
      echo:await_end()
      print(is_sent, is_stopped)
    ]])
  end)

  it("is reached by a handle that came in a message, both ways", function()
    assert.equal("7\ttrue\ntrue\ttrue\necho ends\tnormal\n", run_beside_echo [[
      local Here = slipstream.client()
      function Here:handle_info(message)
        print(message[1], message.to == self:client())
        return "stop", "normal"
      end
      local here, echo = slipstream.start(Here), find "echo"
      echo:send { 7, to = here }
      here:await_end()
      local back = echo:call { echo, here }
      print(back[1] == echo, back[2] == here)
    ]])
  end)

  it("is sent values of all kinds", function()
    assert.equal("1\t1.0\ttrue\tnil\tnan\tnull\tarray\nsame\ttrue\necho ends\tnormal\n", run_beside_echo [[
      local shared = { true }
      local sent = { 1, 1.0, true, nil, slipstream.null, slipstream.array {}, shared, shared, 0 / 0 }
      sent.own = sent
      find "echo"
      local got = slipstream.call("echo", sent)
      print(got[1], got[2], got[3], got[4], got[9] ~= got[9] and "nan", got[5] == slipstream.null and "null",
        getmetatable(got[6]) == slipstream.array_mt and "array")
      print("same", got ~= sent and got.own == got and got[7] == got[8])
    ]])
  end)

  it("is not sent functions, which raises at the script's line", function()
    local output = run_beside_echo [[
      local echo = find "echo"
      print(pcall(function() echo:send(print) end))
      print(pcall(function() slipstream.cast("echo", { print }) end))
      print(pcall(function() slipstream.call("echo", print) end))
    ]]
    local expected = ""
    for place, case in ipairs { { 1, "send" }, { 2, "cast" }, { 2, "call" } } do
      expected = expected .. ("false\t%s/script.lua:%d: bad argument #%d to '%s' "
        .. "(a function cannot be passed to another worker)\n"):format(program.folder(), 28 + place, case[1],
        case[2])
    end
    assert.equal(expected .. "echo ends\tnormal\n", output)
  end)

  it("is called in vain when it does not reply or is not there", function()
    assert.equal([[
nil	timeout	timeout
echo ends	shutdown
nil	shutdown
true	noproc
ended	noproc
false
nil	noproc	noproc
true
nil	noproc	noproc
]], run_beside_echo [[
      local echo = find "echo"
      print(echo:call("never", 20))
      print(echo:call "stop")
      print(echo:await_end())
      print(echo:status())
      print(echo:alive())
      print(echo:call "anything")
      print(echo:send "anything") -- which is not waited for
      print(slipstream.call("echo", "anything"))
    ]])
  end)

  it("replies to its own worker from elsewhere", function()
    assert.equal("true\nthe answer\necho ends\tnormal\n", run_beside_echo [[
      local Go_between = slipstream.client()
      function Go_between:handle_call(_, from) find("echo"):send { to = self:client(), from = from } end
      function Go_between:handle_info(message) print(slipstream.reply(message.from, "the answer")) end
      print(slipstream.call(slipstream.start(Go_between), "what?"))
    ]])
  end)

  it("replies to who called somebody else", function()
    assert.equal("true\n42\necho ends\tnormal\n", run_beside_echo [[
      local Asking, Replying = slipstream.client(), slipstream.client()
      function Replying:handle_info(message)
        print(slipstream.reply(message.from, 42))
      end
      local there = find "echo"
      local Caller = slipstream.client()
      function Caller:handle_call(_, from) there:send { to = slipstream.whereis "replying", from = from } end
      slipstream.start(Replying, nil, { name = "replying" })
      print(slipstream.call(slipstream.start(Caller), "x"))
    ]])
  end)

  it("refuses messages while too many wait", function()
    local marker = program.folder() .. "/marker"
    local code, output = run(worker_script.prelude .. [[
      local Busy = slipstream.client()
      function Busy:handle_info(message)
        if message == "last" then return "stop", "normal" end
      end
      local marker = (...).marker
      function Busy:handle_call()
        while not io.open(marker) do end
        return "reply", "free"
      end
      if worker.index == 0 then return slipstream.start(Busy, nil, { name = "busy" }) and nil end
      local busy = find "busy"
      print(busy:call("block", 1))
      local count, sent, text, code = -1, true, nil, nil
      while sent do
        count = count + 1
        sent, text, code = busy:send(count)
      end
      print(count > 50000, sent, text ~= nil, code)
      io.open(marker, "w"):close()
      while not busy:send "last" do slipstream.await(function() end, 5) end
      print(busy:await_end(60000))
    ]], "--workers", "2", "--set", "marker=" .. marker)
    assert.equal(0, code)
    assert.equal("nil\ttimeout\ttimeout\ntrue\tnil\ttrue\tqueue_full\ntrue\tnormal\n", output)
  end)

  it("hears that there was no room for the reply to its call", function()
    local code, output, errors = run(worker_script.prelude .. [[
      local uv = require "luv"
      local Deaf = slipstream.client()
      local Filler = slipstream.client { slow_callback_msec = 60000 }
      function Filler:handle_call(deaf)
        for _, size in ipairs { 8 << 20, 1 << 10, 1 } do
          local text = ("x"):rep(size)
          while deaf:send(text) do end
        end
        self:client():send(10)
        return "reply", ("x"):rep(1 << 10)
      end
      -- some rounds later the reply is on its way
      function Filler:handle_info(rounds)
        if rounds == 0 then return "stop", slipstream.start(Deaf, nil, { name = "replied" }) and "normal" end
        self:client():send(rounds - 1)
      end
      if worker.index == 1 then
        slipstream.start(Filler, nil, { name = "filler" })
        return
      end
      local deaf, filler = slipstream.start(Deaf), find "filler"
      local timer = uv.new_timer()
      timer:start(0, 0, function()
        timer:close()
        while not slipstream.whereis "replied" do end
      end)
      print(filler:call(deaf, 60000))
      slipstream.stop "replied"
      deaf:stop()
    ]], "--workers", "2")
    assert.equal("", errors)
    assert.equal("nil\tqueue_full\tqueue_full\n", output)
    assert.equal(0, code)
  end)
end)

describe("a question to all workers", function()
  after_each(program.clean_up)

  local function run(text, ...)
    local code, it_ran = program.run { "run", program.file "script.lua" (text), ... }
    return code, it_ran:output(), it_ran:errors()
  end

  local asking = worker_script.prelude .. [[
    local team = require "slipstream.team"
    team.answer("place", function(value)
      if value == worker.index then error "no answer from here" end
      if value == "wait" and worker.index == 0 then slipstream.await(function() end, 60000) end
      return { value, worker.index }
    end)
    local Here = slipstream.client()
    slipstream.start(Here, nil, { name = "here " .. worker.index })
    find "here 0"
    find "here 1"
    local function show(results)
      for _, result in ipairs(results) do
        print(result.worker, result.ok, result.ok and table.concat(result.value, " ") or result.reason)
      end
    end
  ]]

  it("gathers their answers", function()
    local code, shown = run(asking .. [[
      if worker.index == 1 then show(team.ask_all("place", "all")) end
    ]], "--workers", "2")
    assert.equal(0, code)
    assert.equal("0\ttrue\tall 0\n1\ttrue\tall 1\n", shown)
  end)

  it("lets go of who would answer also where there was no room to say so", function()
    local code, output = run(worker_script.prelude .. worker_script.fill .. [[
      local team = require "slipstream.team"
      local folder = (...).folder
      local function tell(what) assert(io.open(folder .. what, "w")):close() end
      local function await(what) repeat until io.open(folder .. what) end
      local Busy = slipstream.client { slow_callback_msec = 60000 }
      function Busy:handle_info()
        tell "busy"
        await "full"
      end
      team.answer("hold", function()
        local _ <close> = setmetatable({}, { __close = function() slipstream.stop "busy" end })
        slipstream.await(function() end, 60000)
      end)
      if worker.index == 0 then return slipstream.start(Busy, nil, { name = "busy" }) and nil end
      local busy = find "busy"
      do
        local question <close> = team.put(0, "hold")
        busy:send "be busy"
        await "busy"
        fill(0)
      end
      tell "full"
      local has_ended, reason
      repeat
        slipstream.await(function() end, 5)
        has_ended, reason = busy:await_end()
      until reason ~= "queue_full"
      print(has_ended, reason)
      busy:stop()
    ]], "--workers", "2", "--set", "folder=" .. program.folder() .. "/")
    assert.equal("true\tnormal\n", output)
    assert.equal(0, code)
  end)

  it("says who did not answer", function()
    local _, output, errors = run(asking .. [[
      if worker.index == 1 then
        show(team.ask_all("place", 0))
        show(team.ask_all("place", "wait", 50))
        show(team.ask_all "nothing")
      end
    ]], "--workers", "2")
    local path = program.folder() .. "/script.lua"
    assert.equal(([[
0	false	%s:13: no answer from here
1	true	0 1
0	false	timeout
1	true	wait 1
0	false	nobody answers: nothing
1	false	nobody answers: nothing
]]):format(path), output)
    assert.truthy(errors:find(path .. ":13: no answer from here question=place worker=0", 1, true))
  end)
end)
