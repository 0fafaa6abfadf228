--- Plain: as pretty, but without colours, marks and lines that are written over. For files and pipes.

local pretty = require "slipstream.scenario.output.pretty"

local M = {}

--- Makes the output; see slipstream.scenario.outputs.
---@param write fun(text: string)
---@return table
function M.new(write) return pretty.new(write, {}) end

return M
