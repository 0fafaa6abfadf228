--- `slipstream serve`: the embedded channel server, until a signal drains it.

local log_options = require "slipstream.cli.log_options"
local loop = require "slipstream.cli.loop"
local script = require "slipstream.cli.script"
local signal = require "slipstream.cli.signal"
local slipstream = require "slipstream"
local uv = require "luv"

local M = { summary = "Serve channels, for demos and tests." }

local FAILED = 1
local DRAIN_MSEC = 5000

local function read_port(text)
  local port = text:find "^%d+$" and math.tointeger(tonumber(text))
  if port and port <= 65535 then return port end
  return nil, ("--port: %s is not a port, 0 to 65535"):format(text)
end

-- An IPv6 address may stand in brackets, as in a URI.
local function read_host(text)
  return text:match "^%[(.*:.*)%]$" or text
end

function M.define(command)
  command:argument("FILE.lua", "It returns an app of slipstream.server; a small chat without it.")
    :argname "FILE.lua":target "file":args "?"
  command:option("--port", "Listen on this port; 0 takes a free one.")
    :argname "N":default "4000":convert(read_port)
  command:option("--host", "Listen on this address.")
    :argname "ADDR":default "127.0.0.1":convert(read_host)
  log_options.define(command)
end

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

local function load_app(path)
  if not path then return require("slipstream.server.default_app").new() end
  local ok, value, code = script.run(path, {})
  if not ok then return nil, value, code end
  if script.is_app(value) then return value end
  return nil, fault_of(path, value), FAILED
end

local function explain(why)
  local hint = why:find("already in use", 1, true) and "; choose another --port" or ""
  return "cannot listen: " .. why .. hint
end

local function address_of(handle, app)
  local host = handle.host:find(":", 1, true) and "[" .. handle.host .. "]" or handle.host
  return ("ws://%s:%d%s"):format(host, handle.port, app.options.path)
end

-- What is not closed in time is cut.
local function drain(handle)
  local timer = uv.new_timer()
  timer:start(DRAIN_MSEC, 0, function() handle:kill(uv.stop) end)
  handle:stop(uv.stop)
end

function M.run(options)
  log_options.apply(options)
  local app, text, code = load_app(options.file)
  if not app then return nil, text, code end
  local handle, why = app:listen { host = options.host, port = options.port }
  if not handle then return nil, explain(why), FAILED end
  local ended
  signal.watch(function(exit_code)
    ended = exit_code
    drain(handle)
  end)
  print("listening on " .. address_of(handle, app))
  local ok, caught = loop.run()
  if not ok then return nil, script.explain(options.file or "slipstream serve", caught), FAILED end
  return ended
end

return M
