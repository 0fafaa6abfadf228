-- Reloads in `slipstream run`: of all that depends on what was changed, and in all workers or none.
local program = require "spec.support.program"
local worker_script = require "spec.support.worker_script"

-- What drives a story: it writes files beside itself, and asks clients.
local DRIVER = worker_script.prelude .. [[
  local folder = debug.getinfo(1, "S").source:match "^@(.*/)"
  local function write(name, text)
    local file <close> = assert(io.open(folder .. name, "w"))
    file:write(text)
  end
  local function short(text) return (text:gsub(folder:gsub("%p", "%%%0"), "")) end
  local function show(summary, text)
    if not summary then return print("refused: " .. short(text)) end
    print(short(table.concat(summary.modules, " ")), summary.clients, summary.later)
  end
]]

local BOT = [[
  local slipstream, word = require "slipstream", require "word"
  local Bot = slipstream.client()
  function Bot:handle_call() return "reply", word end
  return Bot
]]

describe("slipstream.reload in the program", function()
  after_each(program.clean_up)

  local function run(text, ...)
    program.file "word.lua" "return 'old'"
    program.file "bot.lua" (BOT)
    local path = program.file "main.lua" (DRIVER .. text)
    local code, it_ran = program.run { "run", path, ... }
    assert.equal(0, code, it_ran:errors())
    return it_ran:output(), it_ran:errors()
  end

  it("reloads what depends on a module, in the order in which it does", function()
    assert.equal("word bot\t1\t0\nnew\n", (run [[
      local bot = slipstream.start(require "bot")
      write("word.lua", "return 'new'")
      show(slipstream.reload "word")
      print(bot:call "?")
      bot:stop()
    ]]))
  end)

  it("knows also who has required by a tail call, or later, or through a pattern of folders", function()
    assert.equal("deep\nword through late\t0\t0\nnew\n", (run [[
      require("luv").fs_mkdir(folder .. "deep", 448)
      write("deep/init.lua", "return { name = 'deep' }")
      write("through.lua", "return require 'word'")
      write("late.lua", "return { get = function() local word = require('through'); return word end }")
      print(require("deep").name)
      require("late").get()
      write("word.lua", "return 'new'")
      show(slipstream.reload "word")
      print(require("late").get())
    ]]))
  end)

  it("reloads all that the script consists of, but not its plain main file, nor other modules", function()
    assert.equal("word bot\t1\t0\nrefused: main.lua is a plain script, which is not run again; "
      .. "it begins anew with the program\nrefused: no such module of the script: luv\n", (run [[
      require "luv"
      local bot = slipstream.start(require "bot")
      show(slipstream.reload())
      show(slipstream.reload(folder .. "main.lua"))
      show(slipstream.reload "luv")
      bot:stop()
    ]]))
  end)

  it("reloads a main file that has returned a client module", function()
    assert.equal("says old\nword main.lua\t0\t1\nold is done\ncomes from 1\nsays new\n", (run([[
      local word = require "word"
      local Bot = slipstream.client()
      Bot.version = word == "old" and 1 or 2
      function Bot:init() slipstream.cast(self._client, "reload") end
      function Bot:handle_cast()
        print("says " .. word)
        if word == "new" then return "stop", "normal" end
        write("word.lua", "return 'new'")
        show(slipstream.reload())
        print(word .. " is done")
        slipstream.cast(self._client, "again")
      end
      function Bot:code_change(version) print("comes from " .. version) end
      return Bot
    ]], "--uri", "ws://127.0.0.1:1")))
  end)

  it("tries again with the next one what was refused", function()
    assert.equal("refused: word.lua:1: unexpected symbol near '='\nword bot\t1\t0\nnew\n", (run [[
      local bot = slipstream.start(require "bot")
      write("word.lua", "return = 'new'")
      show(slipstream.reload "word")
      write("word.lua", "return 'new'")
      show(slipstream.reload "bot")
      print(bot:call "?")
      bot:stop()
    ]]))
  end)

  it("leaves those alone that nobody has loaded, or whose file has gone", function()
    assert.equal("word\t0\t0\n" -- which loads gone.lua
      .. "refused: failing.lua:1: no luck\n"
      .. "gone word\t0\t0\nword\t0\t0\nnew\n"
      .. "refused: cannot open gone.lua: No such file or directory\n", (run [[
      require "word"
      write("word.lua", "require 'gone' return 'old'")
      write("gone.lua", "return 'here'")
      show(slipstream.reload())
      write("word.lua", "require 'failing'")
      write("failing.lua", "error 'no luck'")
      show(slipstream.reload())
      write("word.lua", "return 'new'")
      show(slipstream.reload())
      require("luv").fs_unlink(folder .. "gone.lua")
      show(slipstream.reload())
      print(require "word")
      show(slipstream.reload "gone")
    ]]))
  end)

  it("has a line in the log for each", function()
    local _, errors = run [[
      local bot = slipstream.start(require "bot")
      show(slipstream.reload "word")
      write("word.lua", "error 'no luck'")
      show(slipstream.reload "word")
      bot:stop()
    ]]
    assert.truthy(errors:find 'info  reloaded clients=1 modules="word, bot" msec=[%d.]+\n')
    assert.truthy(errors:find "error not reloaded, the old code goes on: %S*word.lua:1: no luck\n")
  end)

  it("leaves the errors of require at the lines of the script", function()
    local output = run [[
      local function fault_of(name) return short(select(2, pcall(require, name)):match "^[^\n]*") end
      print((short(select(2, pcall(function() require "nowhere" end)):match "^[^\n]*"):gsub(":%d+", ":N")))
      write("bad.lua", "\nerror 'no luck'")
      print(fault_of "bad", fault_of "luv.nowhere")
      print(short(select(2, require "word")))
    ]]
    assert.equal([[
main.lua:N: module 'nowhere' not found:
bad.lua:2: no luck	module 'luv.nowhere' not found:
word.lua
]], output)
  end)

  describe("with two workers", function()
    -- Each has a bot. The second worker has its part alone; the first one drives, when both are there.
    local function run_two(text, second)
      return run([[
        slipstream.start(require "bot", nil, { name = "bot" .. worker.index })
        if worker.index == 1 then]] .. (second or "") .. [[ return end
        local bots = { find "bot0", find "bot1" }
        local function ask() print(bots[1]:call "?", bots[2]:call "?") end
        local function stop() for _, bot in ipairs(bots) do bot:stop() end end
      ]] .. text, "--workers", "2")
    end

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
      program.file "full.lua" [[
        local slipstream, uv = require "slipstream", require "luv"
        local folder = debug.getinfo(1, "S").source:match "^@(.*/)"
        local function tell(what) assert(io.open(folder .. what, "w")):close() end
        local function await(what) -- keeps its worker from all else
          local till = uv.hrtime() + 9e9
          repeat until uv.hrtime() > till or uv.fs_stat(folder .. what)
        end
        local function send(client, size, count) -- as much as there is room for
          while count > 0 and client:send(("x"):rep(size)) do count = count - 1 end
        end
        if slipstream.worker.index == 1 then
          uv.new_timer():start(0, 0, function()
            tell "busy"
            await "full"
            local till = uv.hrtime() + 5e8
            repeat until uv.hrtime() > till
          end)
        else
          local bot = slipstream.whereis "bot1"
          await "busy"
          send(bot, 1 << 20, 64)
          send(bot, 1 << 10, 1024)
          send(bot, 1, 64)
          tell "full"
        end
      ]]
      assert.equal("word bot\t2\t0\nnew\tnew\n", (run_two [[
        write("word.lua", "require 'full' return 'new'")
        show(slipstream.reload "word")
        while select(2, bots[2]:call "?") == "queue_full" do slipstream.await(function() end, 20) end
        ask()
        stop()
      ]]))
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
end)
