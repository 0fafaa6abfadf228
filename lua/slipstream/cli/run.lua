--- `slipstream run`: hosts the client module that a file returns, or runs a plain script. That is the work of
-- its workers, see slipstream.cli.worker; here are the options, and what becomes of it all.

local argument = require "slipstream.cli.argument"
local core = require "slipstream.core"
local crew = require "slipstream.cli.crew"
local guests = require "slipstream.cli.guest"
local log_options = require "slipstream.cli.log_options"
local metrics = require "slipstream.cli.metrics"
local show = require "slipstream.show"
local uv = require "luv"
local worker_options = require "slipstream.cli.worker_options"

local M = { summary = "Run a client module or a script." }

local FAILED = 1
local MOST_CLIENTS = 1000000

local epilog = [[
SIGTERM and SIGINT end it in good order, a second one at once. SIGHUP reloads it. What else can be done
with it while it runs: slipstream ctl --help.

Exit code: 0 when all clients came to their end; 1: one failed for good, or the file did; 2: wrong usage;
130, 143: ended by SIGINT, SIGTERM.]]

function M.define(command)
  command:argument("FILE.lua", "It returns a client module, or it is a plain script.")
    :argname "FILE.lua":target "file"
  command:option("--uri", "Where to connect; the file finds it in args.uri."):argname "URI"
  command:option("--set", "Give the file args.KEY, a string; may be repeated.")
    :argname "KEY=VALUE":count "*":convert(argument.pair)
  command:option("--clients", "Start the module N times; args.index counts.")
    :argname "N":default "1":convert(argument.count("--clients", MOST_CLIENTS))
  command:option("--max-dials", "So many connections may be in the making at once.")
    :argname "N":default "256":convert(argument.count("--max-dials", MOST_CLIENTS))
  worker_options.define(command, "clients",
    "Stop the biggest clients before a worker's Lua has so much memory.")
  command:flag("--watch", "Reload what changes of the file and of the modules beside it.")
  command:option("--control", "Let `slipstream ctl` reach the program at this socket; in\n"
    .. "$XDG_RUNTIME_DIR when absent."):argname "PATH"
  metrics.define(command)
  command:flag("--allow-eval", "Let `slipstream ctl eval` run code in the program.")
  log_options.define(command)
  command:epilog(epilog)
end

-- More workers than clients would have nothing to do, and one without a dial could not begin.
local function workers_for(options)
  return options.workers or math.min(uv.available_parallelism(), options.clients, options.max_dials)
end

-- What the lead and each worker have open before there is a client, and one that each worker reads: the
-- script. Where that is too much luv falls, or the script cannot be read.
local LEAD_FILES, WORKER_FILES, METRICS_FILES = 12, 6 + 1, 1 + guests.MOST

local function shortage_of_files(options, workers)
  local needed = LEAD_FILES + workers * WORKER_FILES + (options.metrics and METRICS_FILES or 0)
  if core.max_files > needed then return end
  local text = "at most %d files may be open, and %s would need more than %d; raise the limit (ulimit -n)"
  return text:format(core.max_files, show.count(workers, "worker"), needed)
end

--- Runs the command.
---@param options table what `define` asked for
---@return integer? code the exit code
---@return string? text
---@return integer? failure
function M.run(options)
  log_options.apply(options)
  local workers = workers_for(options)
  local fault = shortage_of_files(options, workers)
  if fault then return nil, fault, FAILED end
  local code, texts = crew.run(options, workers)
  if #texts == 0 then return code end
  return nil, table.concat(texts, "\nslipstream: "), code
end

return M
