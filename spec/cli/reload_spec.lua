-- Reloads in `slipstream run`: of all that depends on what was changed. In several workers:
-- reload_workers_spec.lua.
local program = require "spec.support.program"
local run = require("spec.support.reload_program").run

describe("slipstream.reload in the program", function()
  after_each(program.clean_up)

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
      .. "it begins anew with the program\n"
      .. "refused: no such module of the script: luv; it has main.lua, bot, word\n", (run [[
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
end)
