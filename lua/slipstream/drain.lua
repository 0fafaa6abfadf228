--- Drain: before the program ends its clients begin nothing new, and what they have pushed is answered.

local core = require "slipstream.core"
local registry = require "slipstream.registry"
local uv = require "luv"

local M = {
  --- Connects and joins fail with "stopping" from now on.
  is_on = false,
}

local DRAIN_MSEC, LOOK_MSEC = 5000, 20

-- What has an answer to come: connections, with the ref of what they push after this.
local function marks()
  local list = {}
  for _, client in ipairs(registry.clients()) do
    local socket = client._socket
    if socket and socket._core then list[socket] = socket._core:next_ref() end
  end
  return list
end

-- An answer may have come, and lie in the mailbox of a client that is at something else.
local function is_busy(socket, mark)
  local box = not socket._is_passive and socket._mailbox
  return socket._core:awaits_reply(mark) or box and box:count() > 0
end

local function forget_idle(list)
  for socket, mark in pairs(list) do
    if socket._ending or not is_busy(socket, mark) then list[socket] = nil end
  end
end

--- Lets clients begin nothing new, and waits, at most 5 s, until what is on its way is answered.
---@param done fun() called once
function M.begin(done)
  M.is_on = true
  core.host():set_max_dials(0)
  local list, timer = marks(), uv.new_timer()
  local stop_at = uv.now() + DRAIN_MSEC
  timer:start(0, LOOK_MSEC, function()
    local was_idle = next(list) == nil -- for a turn already: who got an answer has gone on with it
    forget_idle(list)
    if not was_idle and uv.now() < stop_at then return end
    timer:close()
    done()
  end)
end

return M
