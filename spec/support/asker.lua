-- Asker: connects to the control socket of a program, and says to it what no `slipstream ctl` would.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local uv = require "luv"

local M = {}

local DEADLINE_MSEC = 10000

local Asker = {}
Asker.__index = Asker

local open = {}

function M.connect(path)
  core.host() -- with which to write to a program that has hung up is no signal any more, but an error
  local self = setmetatable({ pipe = uv.new_pipe(), text = "" }, Asker)
  local is_told, code
  self.pipe:connect(path, function(err) is_told, code = true, err end)
  assert(loop.wait(function() return is_told end), "nobody answers")
  assert(not code, code)
  open[#open + 1] = self
  return self
end

-- Takes what comes from now on.
function Asker:listen()
  if self.is_listening then return end
  self.is_listening = true
  self.pipe:read_start(function(err, bytes)
    self.text = self.text .. (bytes or "")
    self.is_over = self.is_over or err or not bytes
  end)
end

function Asker:say(bytes)
  self.pipe:write(bytes)
  return self
end

-- The next answer.
function Asker:answer()
  self:listen()
  loop.wait(function() return self.text:find("\n", 1, true) or self.is_over end, DEADLINE_MSEC)
  local line, rest = self.text:match "^([^\n]*)\n(.*)$"
  assert(line, "no answer")
  self.text = rest
  return core.json.decode(line)
end

-- Whether the other side has ended the connection, after all that it had to say.
function Asker:has_ended()
  self:listen()
  return loop.wait(function() return self.is_over end, DEADLINE_MSEC) and self.text == ""
end

function Asker:close() loop.close(self.pipe) end

function M.clean_up()
  for _, asker in ipairs(open) do asker:close() end
  open = {}
end

return M
