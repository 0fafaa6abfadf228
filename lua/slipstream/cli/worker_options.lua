--- The options of workers, which several commands have in common.

local argument = require "slipstream.cli.argument"

local M = {}

local MOST_WORKERS = 1024
local MIB = 1 << 20
local LEAST_MIB, MOST_MIB = 8, 1 << 20

local read_mib = argument.count("--max-memory", MOST_MIB, LEAST_MIB)

local function read_memory(text)
  local count, fault = read_mib(text)
  if not count then return nil, fault end
  return count * MIB
end

--- Tells argparse the options; `max_memory` is in bytes.
---@param command table
---@param who string whom the workers share
---@param consequence string what becomes of a worker that has too little memory
function M.define(command, who, consequence)
  command:option("--workers", ("Share the %s out among N threads; one a core when absent."):format(who))
    :argname "N":convert(argument.count("--workers", MOST_WORKERS))
  command:option("--max-memory", consequence):argname "MIB":convert(read_memory)
end

return M
