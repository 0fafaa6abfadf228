--- The options of the log, which all commands have in common.

local log = require "slipstream.log"

local M = {}

--- Tells argparse the options.
---@param command table
---@param level string? that is logged from when nothing is said; "info" when absent
function M.define(command, level)
  command:option("--log", "Log from this level on, to stderr.")
    :argname "LEVEL":choices { "debug", "info", "warn", "error" }:default(level or "info")
  command:option("--log-format", "Write log lines as text or json.")
    :argname "FORMAT":choices { "text", "json" }:default "text"
end

--- Does what they ask for.
---@param options table
function M.apply(options)
  log.set_level(options.log)
  log.set_format(options.log_format)
end

return M
