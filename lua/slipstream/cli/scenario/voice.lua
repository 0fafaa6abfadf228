--- Voice: what scenarios print, and what is logged, goes to standard error, past what an output has
-- on the terminal: the standard output is that of programs, which read XML or JSON there.

local log = require "slipstream.log"

---@class slipstream.cli.Voice
local Voice = {}
Voice.__index = Voice

local M = {}

local function say(voice, line)
  local function write() io.stderr:write(line, "\n") end
  if voice.outputs then return voice.outputs:aside(write) end
  return write()
end

local function in_one_line(...)
  local texts = table.pack(...)
  for place = 1, texts.n do texts[place] = tostring(texts[place]) end
  return table.concat(texts, "\t")
end

--- Begins; nothing else writes to the terminal yet.
---@return slipstream.cli.Voice
function M.open()
  local voice = setmetatable({ outputs = false }, Voice)
  log.set_sink(function(line) return say(voice, line) end)
  rawset(_G, "print", function(...) return say(voice, in_one_line(...)) end)
  return voice
end

--- These outputs do, from now on.
---@param outputs table see slipstream.scenario.outputs
function Voice:beside(outputs)
  self.outputs = outputs
end

return M
