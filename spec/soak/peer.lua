-- The process of server.lua: starts it, asks it for what it has counted, ends it.

local core = require "slipstream.core"
local slipstream = require "slipstream"
local uv = require "luv"

local ANSWER_MSEC = 20000

local Peer = {}
Peer.__index = Peer

local M = {}

local function read_lines(self)
  local rest = ""
  self.output:read_start(function(_, bytes)
    rest = rest .. (bytes or "")
    local line, more = rest:match "^([^\n]*)\n(.*)$"
    if line then
      rest = more
      self.heard(core.json.decode(line))
    elseif not bytes then
      self.heard(nil)
    end
  end)
end

-- The next line; raises when there is none.
local function await_line(self)
  local answer = slipstream.await(function(go_on) self.heard = go_on end, ANSWER_MSEC)
  self.heard = function() end
  return answer or error("the server's process says nothing any more", 0)
end

--- Starts it, in a session of its own: Ctrl-C is for us, and it ends when we do.
---@param folder string of this file
---@return table peer, table address { host, ports }
function M.start(folder)
  local self = setmetatable({ input = uv.new_pipe(), output = uv.new_pipe(), heard = function() end }, Peer)
  self.process = assert(uv.spawn("lua5.4", {
    args = { folder .. "/server.lua" }, stdio = { self.input, self.output, 2 }, detached = true,
  }, function(code, signal)
    self.code, self.signal = code, signal
    self.ended()
  end))
  self.ended = function() end
  read_lines(self)
  return self, await_line(self)
end

--- Its counters and memory.
function Peer:ask()
  self.input:write "\n"
  return await_line(self)
end

--- Ends it; answers whether it ended well, which with a sanitizer says that it has lost no memory.
function Peer:close()
  slipstream.await(function(go_on)
    self.ended = go_on
    self.input:close()
  end, ANSWER_MSEC)
  if not self.code then self.process:kill "sigkill" end
  self.output:close()
  self.process:close()
  return self.code == 0 and self.signal == 0
end

return M
