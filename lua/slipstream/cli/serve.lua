--- `slipstream serve`: the embedded channel server, until a signal drains it.

local apps = require "slipstream.cli.app"
local argument = require "slipstream.cli.argument"
local families = require "slipstream.cli.families"
local log_options = require "slipstream.cli.log_options"
local loop = require "slipstream.cli.loop"
local measures = require "slipstream.cli.measures"
local meter = require "slipstream.server.meter"
local metrics = require "slipstream.cli.metrics"
local script = require "slipstream.cli.script"
local server_families = require "slipstream.cli.server_families"
local signal = require "slipstream.cli.signal"

local M = { summary = "Serve channels, for demos and tests." }

local FAILED = 1

-- An IPv6 address may stand in brackets, as in a URI.
local function read_host(text)
  return text:match "^%[(.*:.*)%]$" or text
end

function M.define(command)
  command:argument("FILE.lua", "It returns an app of slipstream.server; a small chat without it.")
    :argname "FILE.lua":target "file":args "?"
  command:option("--port", "Listen on this port; 0 takes a free one.")
    :argname "N":default "4000":convert(argument.count("--port", argument.PORT_MOST, 0))
  command:option("--host", "Listen on this address.")
    :argname "ADDR":default "127.0.0.1":convert(read_host)
  metrics.define(command)
  log_options.define(command)
end

local function explain(why)
  return why:find("already in use", 1, true) and why .. "; choose another --port" or why
end

-- The worker that is asked is this one.
local function open_metrics(options, app, serving)
  if not options.metrics then return true end
  measures.begin()
  meter.begin(app)
  return metrics.open {
    address = options.metrics, lists = { families.program, server_families },
    facts = function() return { server = meter.scene(app, serving.handle) } end,
    is_ending = function() return serving.exit_code ~= nil end,
  }
end

function M.run(options)
  log_options.apply(options)
  local app, text, code = apps.load(options.file)
  if not app then return nil, text, code end
  local handle, why = app:listen { host = options.host, port = options.port }
  if not handle then return nil, explain(why), FAILED end
  local serving = { handle = handle }
  local is_open, fault = open_metrics(options, app, serving)
  if not is_open then return nil, fault, FAILED end
  signal.watch(function(exit_code)
    serving.exit_code = exit_code
    apps.drain(handle)
  end)
  print("listening on " .. apps.uri(handle, app))
  local ok, caught = loop.run()
  if not ok then return nil, script.explain(options.file or "slipstream serve", caught), FAILED end
  return serving.exit_code
end

return M
