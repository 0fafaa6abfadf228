-- Reloads in `slipstream run` with two workers: in both, or in none.
local program = require "spec.support.program"
local run = require("spec.support.reload_program").run
local worker_script = require "spec.support.worker_script"

describe("slipstream.reload with two workers", function()
  after_each(program.clean_up)

  -- Each has a bot. The second worker has its part alone; the first one drives, when both are there.
  local function run_two(text, second, ...)
    return run([[
      slipstream.start(require "bot", nil, { name = "bot" .. worker.index })
      if worker.index == 1 then]] .. (second or "") .. [[ return end
      local bots = { find "bot0", find "bot1" }
      local function ask() print(bots[1]:call "?", bots[2]:call "?") end
      local function stop() for _, bot in ipairs(bots) do bot:stop() end end
    ]] .. text, "--workers", "2", ...)
  end

  -- Gives the bots more code, in which these functions are, and a new word.
  local rewriting = [[
    local uv = require "luv"
    local tools = [=[
      local uv, folder = require "luv", debug.getinfo(1, "S").source:match "^@(.*/)"
      local function write(name, text)
        local file <close> = assert(io.open(folder .. name, "w"))
        file:write(text)
      end
      local function await_file(name)
        repeat until uv.fs_stat(folder .. name)
      end
    ]=]
    local function change_bot(code)
      local file <close> = io.open(folder .. "bot.lua")
      code = tools .. file:read "a":gsub("return Bot", "word = 'new'\n") .. code
      write("bot.lua", code .. "\nreturn Bot")
    end
  ]]

  it("reloads in both", function()
    assert.equal("old\told\nword bot\t2\t0\nnew\tnew\n", (run_two [[
      ask()
      write("word.lua", "return 'new'")
      show(slipstream.reload "word")
      ask()
      stop()
    ]]))
  end)

  it("undoes in both what one refuses, when it loads or when a client changes", function()
    local output, errors = run_two [[
      local refusing = "local index = require('slipstream').worker.index; "
      write("word.lua", refusing .. "if index == 1 then error 'not here' end return 'new'")
      show(slipstream.reload "word")
      ask()
      write("word.lua", "return 'newer'")
      local file <close> = io.open(folder .. "bot.lua")
      local bot = file:read "a":gsub("return Bot", refusing
        .. "function Bot:code_change() if index == 0 then error 'nor here' end end return Bot")
      write("bot.lua", bot)
      show(slipstream.reload "word")
      ask()
      stop()
    ]]
    assert.equal("refused: word.lua:1: not here\nold\told\n"
      .. "refused: bot.lua:4: nor here (code_change of client bot0)\nold\told\n", output)
    local _, count = errors:gsub("not reloaded, the old code goes on", "")
    assert.equal(2, count)
  end)

  it("loses nothing that is pushed to clients meanwhile, whether it is kept or undone", function()
    local server = program.start { "serve", "spec/bench/reload_app.lua", "--port", "0" }
    local uri = server:read("listening"):match "ws://%S+"
    program.file "counter.lua" [[
      local slipstream, word = require "slipstream", require "word"
      local Counter = slipstream.client()
      function Counter:init(uri)
        self.assigns.count = 0
        assert(self:connect { uri = uri })
      end
      function Counter:handle_connect() self:join "bench:1" end
      function Counter:handle_message(_, _, payload)
        if payload.count ~= self.assigns.count + 1 then print "wrong" end
        self.assigns.count = payload.count
      end
      function Counter:code_change() self.assigns.word = word end
      function Counter:handle_cast() self:push("bench:1", "settle") end
      function Counter:handle_reply(_, _, response)
        print(response.count == self.assigns.count and "all" or "lost some")
        return "stop", "normal"
      end
      return Counter
    ]]
    local output = run([[
      local uri, counters = (...).uri, {}
      for place = worker.index + 1, 20, 2 do
        slipstream.start(require "counter", uri, { name = "counter" .. place })
      end
      if worker.index == 1 then return end
      for place = 1, 20 do counters[place] = find("counter" .. place) end
      for _ = 1, 20 do
        write("bad.lua", "if require('slipstream').worker.index == 1 then error 'no' end")
        write("word.lua", "return 'good'")
        assert(slipstream.reload "word")
        write("word.lua", "require 'bad'")
        assert(not slipstream.reload "word")
        slipstream.await(function() end, 5)
      end
      for _, counter in ipairs(counters) do counter:cast "settle" end
    ]], "--workers", "2", "--uri", uri)
    assert.equal(("all\n"):rep(20), output)
  end)

  it("keeps it also on one whose queue was full when it was told so", function()
    local changes = worker_script.fill .. [[
      local function be_busy(msec)
        local till = uv.hrtime() + msec * 1e6
        repeat until uv.hrtime() > till
      end
      function Bot:code_change()
        if slipstream.worker.index == 0 then
          await_file "busy"
          fill(1)
          return write("full", "")
        end
        uv.new_timer():start(0, 0, function()
          write("busy", "")
          await_file "full"
          be_busy(200)
        end)
      end
    ]]
    assert.equal("bot\t2\t0\nnew\tnew\n", (run_two(rewriting .. [[
      change_bot(]] .. ("%q"):format(changes) .. [[)
      show(slipstream.reload "bot")
      while select(2, bots[2]:call "?") == "queue_full" do slipstream.await(function() end, 20) end
      ask()
      stop()
    ]])))
  end)

  it("lets clients go on while a worker still loads, and others ask for a reload", function()
    assert.equal("old\nword bot\t2\t0\nbot\t2\t0\nnew\tnew\n", (run_two(rewriting .. [[
      write("word.lua", tools .. [=[
        local index = require("slipstream").worker.index
        write("loading" .. index, "")
        if index == 1 then await_file "asked" end
        return "new"
      ]=])
      local Asking = slipstream.client()
      function Asking:handle_info(name)
        show(slipstream.reload(name))
        return "stop", "normal"
      end
      local first, second = slipstream.start(Asking), slipstream.start(Asking)
      first:send "word"
      for index = 0, 1 do
        while not uv.fs_stat(folder .. "loading" .. index) do slipstream.await(function() end, 5) end
      end
      second:send "bot"
      print(bots[1]:call "?")
      write("asked", "")
      first:await_end()
      second:await_end()
      ask()
      stop()
    ]])))
  end)

  it("undoes it also in a worker that is late", function()
    local code_change = [[
      function Bot:code_change()
        if slipstream.worker.index == 1 then await_file "refused" end
      end
    ]]
    assert.equal("refused: worker 1: timeout\nold\told\nbot\t2\t0\nnew\tnew\n", (run_two(rewriting .. [[
      change_bot(]] .. ("%q"):format(code_change) .. [[)
      show(slipstream.reload "bot")
      write("refused", "")
      ask()
      show(slipstream.reload "bot")
      ask()
      stop()
    ]])))
  end)

  it("goes on without a worker that fails meanwhile, which begins with the same code", function()
    assert.equal("new\tnew\n", (run_two(rewriting .. [[
      while not uv.fs_stat(folder .. "ready") do slipstream.await(function() end, 5) end
      write("word.lua", tools .. [=[
        write("loading", "")
        return "new"
      ]=])
      assert(slipstream.reload "word")
      bots[2]:await_end()
      bots[2] = find "bot1"
      ask()
      stop()
    ]], [[
      local uv = require "luv"
      if uv.fs_stat(folder .. "ready") then return end
      local function eat()
        write("ready", "")
        repeat until uv.fs_stat(folder .. "loading")
        local hoard
        while true do hoard = { hoard } end
      end
      uv.new_timer():start(0, 0, eat)
    ]], "--max-memory", "16")))
  end)

  it("has a worker that fails after a refusal begin with the code that the other one has", function()
    local output = run_two(rewriting .. [[
      write("word.lua", "return 'new'")
      assert(slipstream.reload "word")
      write("word.lua", "return = 'newer'")
      assert(not slipstream.reload "word")
      ask()
      write("ready", "")
      bots[2]:await_end()
      bots[2] = find "bot1"
      ask()
      write("word.lua", "return 'newest'")
      show(slipstream.reload "bot")
      ask()
      stop()
    ]], [[
      local uv = require "luv"
      local timer = uv.new_timer()
      local function eat()
        if not uv.fs_stat(folder .. "ready") then return end
        uv.fs_unlink(folder .. "ready")
        local hoard
        while true do hoard = { hoard } end
      end
      timer:start(5, 5, eat)
      timer:unref()
    ]], "--max-memory", "16")
    assert.equal("new\tnew\nnew\tnew\nword bot\t2\t0\nnewest\tnewest\n", output)
  end)

  it("does what both ask for one after the other", function()
    local output = run_two([[
      write("word.lua", "return 'new'")
      show(slipstream.reload "word")
      ask()
      stop()
    ]], ' show(slipstream.reload "bot")')
    assert.truthy(output:find("word bot\t2\t0\n", 1, true))
    assert.truthy(output:find("new\tnew\n", 1, true))
    assert.truthy(output:find "%f[%w]bot\t%d\t0\n")
    assert.is_nil(output:find "refused")
  end)
end)
