--- `slipstream run`: hosts the client module that a file returns, or runs a plain script.

local client_modules = require "slipstream.client"
local core = require "slipstream.core"
local endings = require "slipstream.ending"
local file = require "slipstream.cli.script"
local log_options = require "slipstream.cli.log_options"
local script = require "slipstream.script"
local signal = require "slipstream.cli.signal"
local slipstream = require "slipstream"
local uv = require "luv"

local M = { summary = "Run a client module or a script." }

local FAILED, USAGE = 1, 2
local MOST_CLIENTS = 1000000
local SHUTDOWN_MSEC = 5000
local GOING_AWAY = 1001

-- Options.

-- Names in `args` that `--set` cannot give.
local taken = { uri = "use --uri", index = "it counts the clients" }

local function read_pair(text)
  local key, value = text:match "^([%w_%-]+)=(.*)$"
  if not key then return nil, "--set: expected KEY=VALUE, with letters, digits, _ and - in KEY" end
  if taken[key] then return nil, ("--set: %s cannot be set; %s"):format(key, taken[key]) end
  return { key = key, value = value }
end

local function count_for(option)
  return function(text)
    local count = text:find "^%d+$" and math.tointeger(tonumber(text))
    if count and count >= 1 and count <= MOST_CLIENTS then return count end
    return nil, ("%s: expected a whole number, 1 to %d, got %s"):format(option, MOST_CLIENTS, text)
  end
end

function M.define(command)
  command:argument("file", "It returns a client module, or it is a plain script."):argname "FILE.lua"
  command:option("--uri", "Where to connect; the file finds it in args.uri.")
  command:option("--set", "Give the file args.KEY, a string; may be repeated.")
    :argname "KEY=VALUE":count "*":convert(read_pair)
  command:option("--clients", "Start the module N times; args.index counts.")
    :argname "N":default "1":convert(count_for "--clients")
  command:option("--max-dials", "So many connections may be in the making at once.")
    :argname "N":default "256":convert(count_for "--max-dials")
  log_options.define(command)
end

local function args_of(options, index)
  local args = { uri = options.uri, index = index }
  for _, pair in ipairs(options.set) do args[pair.key] = pair.value end
  return args
end

-- Ending.

-- Those that have not ended.
local function clients()
  local list = {}
  for _, client in ipairs(slipstream.clients()) do
    local status = client:status()
    if status ~= "ended" and status ~= "gave_up" then list[#list + 1] = client end
  end
  return list
end

-- Everybody says goodbye; who is not done in time is cut when the program ends.
local function shut_down()
  local list = clients()
  local left = #list
  slipstream.watch(function()
    left = left - 1
    if left == 0 then uv.stop() end
  end)
  uv.new_timer():start(SHUTDOWN_MSEC, 0, uv.stop)
  if left == 0 then uv.stop() end
  for _, client in ipairs(list) do client:stop("shutdown", GOING_AWAY) end
end

-- At a signal everything ends; `main.ended` is the exit code then.
local function watch_signals(main)
  signal.watch(function(exit_code)
    main.ended = exit_code
    if main.script then script.cancel(main.script) end
    shut_down()
  end)
end

-- Runs the loop until it has nothing left to do or a signal comes. A script that still waits then waits for
-- clients to which nothing can come any more: they end as if they were told to.
local function run_loop(main)
  uv.run()
  while not main.script.is_over and #clients() > 0 do
    for _, client in ipairs(clients()) do client:stop() end
    uv.run()
  end
  if not main.script.is_over then script.cancel(main.script) end -- it called uv.stop
end

-- What becomes of the clients.

-- What a config without `uri` and a script that needs `args.uri` say.
local function lacks_uri(reason)
  local text = tostring(reason)
  return text:find("uri: needed", 1, true) or text:find("field 'uri'", 1, true)
end

-- Counts the ends, and keeps what is wrong about them.
local function watch_ends()
  local ends = { count = 0 }
  slipstream.watch(function(_, reason, is_failure)
    ends.count = ends.count + 1
    if not is_failure then return end
    ends.has_failed = true
    ends.lacks_uri = ends.lacks_uri or lacks_uri(reason)
  end)
  return ends
end

-- The file's value.

-- Where the first one fails at once, all others would, with the same lines in the log.
local function start_all(module, options)
  for index = 1, options.clients do
    local client, reason = slipstream.start(module, args_of(options, index))
    if index == 1 and options.clients > 1 and not client and endings.is_failure(reason) then
      return slipstream.log.error "stopped starting clients: the first one failed in init"
    end
  end
end

-- What is wrong with the value, and the exit code; nil when nothing is.
local function fault_of(value, options)
  local path = options.file
  if value == nil and options.clients > 1 then
    return ("--clients: %s returned no client module that could be started %d times"):format(path,
      options.clients), USAGE
  elseif value == nil or slipstream.is_client(value) then
    return nil
  elseif file.is_app(value) then
    return ("%s: returned a server app; run it with `slipstream serve %s`"):format(path, path), FAILED
  end
  local text = "%s: returned a %s; return a client module, made by slipstream.client(), or nothing"
  return text:format(path, type(value)), FAILED
end

-- The module of the file is hosted, but with nothing to do and nothing to come.
local function never_connected(module)
  for _, client in ipairs(clients()) do
    if client:_never_connected(module) then return client end
  end
end

-- Nothing can come to those who are left: they end as if they were told to.
local function stop_idle()
  for _, client in ipairs(clients()) do client:stop() end
end

local NO_URI = "no --uri was given"

local function failed(options, ends)
  if options.uri == nil and ends.lacks_uri then return nil, NO_URI, FAILED end
  return FAILED
end

local function nobody_started(ends)
  return ends.count == 0 and #slipstream.clients() == 0
end

local function result(options, ends, value)
  if ends.has_failed then return failed(options, ends) end
  if client_modules.count() > 0 and nobody_started(ends) then
    local text = "%s: made a client module, but neither returned it nor started it; "
      .. "end the file with `return Lobby`, or whatever its name is"
    return nil, text:format(options.file), FAILED
  end
  local client = never_connected(value)
  if not client then return 0 end
  local text = "%s never connected; write assert(self:connect { … }) in its init to see why"
  return nil, text:format(client), FAILED
end

-- The file itself.

---@class slipstream.cli.Main
---@field script slipstream.Script? the main chunk
---@field value any what it returned
---@field fault string? what is wrong with it
---@field code integer? the exit code then
---@field ended integer? the exit code after a signal

local function refuse(main, text, code)
  main.fault, main.code = text, code
  stop_idle()
end

local function explain(options, caught)
  local text = file.explain(options.file, caught)
  if options.uri == nil and lacks_uri(caught.text) then return text .. "\n" .. NO_URI end
  return text
end

-- The main chunk has returned or failed.
local function chunk_ended(main, outcome, options)
  local ok, value = outcome[1], outcome[2]
  if not ok then return refuse(main, explain(options, value), FAILED) end
  local fault, code = fault_of(value, options)
  if fault then return refuse(main, fault, code) end
  main.value = value
  if value then start_all(value, options) end
end

local function run_chunk(chunk, main, options)
  local function on_end(chunk_script) chunk_ended(main, chunk_script.outcome, options) end
  main.script = script.begin({ name = options.file, on_end = on_end }, chunk, args_of(options, 1))
end

--- Runs the command.
---@param options table what `define` asked for
---@return integer? code the exit code
---@return string? text
---@return integer? failure
function M.run(options)
  log_options.apply(options)
  core.host():set_max_dials(options.max_dials)
  local ends, main = watch_ends(), {}
  local chunk, fault, fault_code = file.load(options.file)
  if not chunk then return nil, fault, fault_code end
  watch_signals(main)
  run_chunk(chunk, main, options)
  run_loop(main)
  if main.ended then return main.ended end
  if main.fault then return nil, main.fault, main.code end
  local code, text, failure = result(options, ends, main.value)
  stop_idle()
  uv.run "nowait" -- their end is of the next turn
  return code, text, failure
end

return M
