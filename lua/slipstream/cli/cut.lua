--- Cut: ends a program at once whose workers cannot be told to end, or do not hear it.

local core = require "slipstream.core"
local log = require "slipstream.log"

local M = {}

local FAILED = 1

--- Ends it. Allocates nothing, since there may be no memory left.
---@param code integer the exit code; one that failed does not end with 0
---@param texts string[] what is wrong
function M.short(code, texts)
  for _, text in ipairs(texts) do io.stderr:write("slipstream: ", text, "\n") end
  return core.team.exit(math.max(code, FAILED))
end

--- Ends it without a worker that never returns to its loop, and so hears nothing.
---@param code integer
---@param texts string[]
function M.without_worker(code, texts)
  log.error "a worker does not end; the program ends without it"
  return M.short(code, texts)
end

return M
