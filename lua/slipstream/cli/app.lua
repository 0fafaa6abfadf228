--- App: the embedded server of a command, with the app of a file or the small chat.

local script = require "slipstream.cli.script"
local show = require "slipstream.show"
local slipstream = require "slipstream"
local uv = require "luv"

local M = {}

local FAILED = 1
local DRAIN_MSEC = 5000

-- What is wrong with what the file returned.
local function fault_of(path, value)
  if slipstream.is_client(value) then
    return ("%s: returned a client module; run it with `slipstream run %s`"):format(path, path)
  elseif value == nil then
    return path .. ": returned nothing; end it with `return app`, the app that slipstream.server.new() made"
  end
  local words = "%s: returned a %s; return an app, made by slipstream.server.new()"
  return words:format(path, type(value))
end

--- The app that the file returns.
---@param path string? the small chat when absent
---@return slipstream.ServerApp? app
---@return string? text what is wrong
---@return integer? code the exit code then
function M.load(path)
  if not path then return require("slipstream.server.default_app").new() end
  local ok, value, code = script.run(path, {})
  if not ok then return nil, value, code end
  if script.is_app(value) then return value end
  return nil, fault_of(path, value), FAILED
end

--- Where it listens, as a URI.
---@param handle slipstream.ServerHandle
---@param app slipstream.ServerApp
---@return string
function M.uri(handle, app)
  return ("ws://%s%s"):format(show.address(handle.host, handle.port), app.options.path)
end

--- Shuts it down in good order; what is not closed in time is cut. Then the loop stops.
---@param handle slipstream.ServerHandle
function M.drain(handle)
  local timer = uv.new_timer()
  timer:start(DRAIN_MSEC, 0, function() handle:kill(uv.stop) end)
  handle:stop(uv.stop)
end

return M
