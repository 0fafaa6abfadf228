--- Farewell: all clients that are left leave and close, in good order.

local outcome = require "slipstream.cli.outcome"
local slipstream = require "slipstream"
local uv = require "luv"

local M = {}

local SHUTDOWN_MSEC = 5000
local GOING_AWAY = 1001

--- Ends them all.
---@param done fun() called once: when all have ended, or time is up
function M.say(done)
  local list, timer = outcome.clients(), uv.new_timer()
  local left, unwatch = #list, nil
  local function finish()
    timer:close()
    unwatch()
    done()
  end
  unwatch = slipstream.watch(function()
    left = left - 1
    if left == 0 then finish() end
  end)
  timer:start(SHUTDOWN_MSEC, 0, finish)
  if left == 0 then finish() end
  for _, client in ipairs(list) do client:stop("shutdown", GOING_AWAY) end
end

return M
