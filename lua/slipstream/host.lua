--- Hosts: on which one a client lives that was given none. In the test kit that is a pretended one, which
-- goes on only when it is driven.

local core = require "slipstream.core"
local uv = require "luv"

local M = {}

local pretended, drive = nil, nil

--- From now on who has no host of its own is on this one; without it, on that of luv's loop again.
---@param host userdata? pretended
---@param turn (fun(is_over: function, subject: any): boolean)? for `turn` below
function M.pretend(host, turn)
  pretended, drive = host, turn
end

--- The host of what an owner of a fiber begins. Clients begin others beside themselves; a script is no
-- part of what it tests.
---@param owner table|false|nil
---@return userdata
function M.of(owner)
  if owner and not owner._is_script then return owner._client._host end
  return pretended or owner and owner._client._host or core.host()
end

--- Does what there is to do on a host and, unless `is_over(subject)` then, waits for what comes next.
---@param host userdata
---@param is_over fun(subject: any): boolean?
---@param subject any
---@return boolean has_more false: nothing is left that could happen
function M.turn(host, is_over, subject)
  if host == pretended then return drive(is_over, subject) end
  return uv.run "once"
end

return M
