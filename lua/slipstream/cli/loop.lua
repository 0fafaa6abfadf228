--- Runs luv's loop for a command.

local core = require "slipstream.core"
local traceback = require "slipstream.traceback"
local uv = require "luv"

local M = {}

core.catch(traceback.catch)

--- Runs the loop until it has nothing to do or is stopped.
---@return true? ok
---@return slipstream.Caught? caught an error in a callback of luv's, or want of memory, has stopped it
---@return boolean? has_no_memory
function M.run()
  local ok, err = pcall(uv.run)
  if ok then return true end
  return nil, traceback.caught(err), type(err) ~= "table"
end

return M
