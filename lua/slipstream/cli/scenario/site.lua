--- Site: the server that scenarios play against: one elsewhere, or one in this program.

local apps = require "slipstream.cli.app"
local core = require "slipstream.core"

local M = {}

local FAILED, USAGE = 1, 2

---@class slipstream.cli.Site
---@field uri string
---@field handle slipstream.ServerHandle? of a server of ours

--- Begins to serve, when it shall.
---@param options table of the command
---@return slipstream.cli.Site? site
---@return string? text what is wrong
---@return integer? code the exit code then
function M.open(options)
  if options.uri then
    local ok, fault = core.uri_read(options.uri)
    if not ok then return nil, "--uri: " .. fault, USAGE end
    return { uri = options.uri }
  end
  local app, text, code = apps.load(options.serve)
  if not app then return nil, text, code end
  local handle, why = app:listen { port = 0 }
  if not handle then return nil, why, FAILED end
  return { uri = apps.uri(handle, app), handle = handle }
end

return M
