-- Reload_program: `slipstream run` of a script that rewrites its own files: bot.lua, a client module that
-- answers with the word that word.lua returns.
local assert = require "luassert"
local program = require "spec.support.program"
local worker_script = require "spec.support.worker_script"

local M = {}

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

-- Runs the script, with these options, to its good end; answers what it said, and its log.
function M.run(text, ...)
  program.file "word.lua" "return 'old'"
  program.file "bot.lua" (BOT)
  local path = program.file "main.lua" (DRIVER .. text)
  local code, it_ran = program.run { "run", path, ... }
  assert.equal(0, code, it_ran:errors())
  return it_ran:output(), it_ran:errors()
end

return M
