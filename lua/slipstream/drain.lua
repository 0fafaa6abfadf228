--- Drain: before the program ends its clients begin nothing new, and what they have pushed is answered.

local core = require "slipstream.core"
local registry = require "slipstream.registry"
local turn = require "slipstream.turn"
local uv = require "luv"

local M = {
  --- Connects and joins fail with "stopping" from now on.
  is_on = false,
}

local DRAIN_MSEC = 5000

-- What has an answer to come: connections, with the ref of what they push after this.
local function marks()
  local list = {}
  for _, client in ipairs(registry.clients()) do
    local socket = client._socket
    if socket and socket._core then list[#list + 1] = { socket = socket, ref = socket._core:next_ref() } end
  end
  return list
end

-- An answer may have come, and lie in the mailbox of a client that is at something else.
local function is_busy(mark)
  local socket = mark.socket
  if socket._ending then return false end
  local box = not socket._is_passive and socket._mailbox
  return socket._core:awaits_reply(mark.ref) or box and box:count() > 0
end

-- Forgets those that are idle, up to one that is not.
local function is_any_busy(list)
  while list[1] and not is_busy(list[#list]) do list[#list] = nil end
  return list[1] ~= nil
end

--- Lets clients begin nothing new, and waits, at most 5 s, until what is on its way is answered.
---@param done fun() called once
function M.begin(done)
  M.is_on = true
  core.host():set_max_dials(0)
  local list, look, limit = marks(), uv.new_prepare(), uv.new_timer()
  local function finish()
    look:close()
    limit:close()
    done()
  end
  limit:start(DRAIN_MSEC, 0, finish)
  look:start(function()
    if is_any_busy(list) then return end
    look:stop()
    turn.post(core.host(), finish) -- behind those who go on with their answers
  end)
end

return M
