--- Runs luv's loop for a command.

local core = require "slipstream.core"
local traceback = require "slipstream.traceback"
local uv = require "luv"

local M = {}

core.catch(traceback.catch)

--- Runs the loop until it has nothing to do or is stopped.
---@param mode "nowait"? only what is due
---@return true? ok
---@return boolean|slipstream.Caught result whether it was stopped; when an error in a callback of luv's, or
---want of memory, has stopped it, what that was
---@return boolean? has_no_memory
function M.run(mode)
  local ok, result = pcall(uv.run, mode)
  if ok then return true, result end
  return nil, traceback.caught(result), type(result) ~= "table"
end

return M
