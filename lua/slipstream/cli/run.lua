--- `slipstream run`: hosts the client module that a file returns, or runs a plain script.

local script = require "slipstream.cli.script"
local signal = require "slipstream.cli.signal"
local slipstream = require "slipstream"
local uv = require "luv"

local M = { summary = "Run a client module or a script." }

local FAILED = 1
local SHUTDOWN_MSEC = 5000
local GOING_AWAY = 1001

-- Options.

-- Names in `args` that `--set` cannot give.
local taken = { uri = "use --uri", index = "it counts the clients" }

local function read_pair(text)
  local key, value = text:match "^([%w_%-]+)=(.*)$"
  if not key then return nil, ("--set: expected KEY=VALUE, got %s"):format(text) end
  if taken[key] then return nil, ("--set: %s cannot be set; %s"):format(key, taken[key]) end
  return { key = key, value = value }
end

local function read_count(text)
  local count = math.tointeger(tonumber(text))
  if count and count >= 1 then return count end
  return nil, ("--clients: expected a number, 1 or more, got %s"):format(text)
end

function M.define(command)
  command:argument("file", "It returns a client module, or it is a plain script."):argname "FILE.lua"
  command:option("--uri", "Where to connect; the file finds it in args.uri.")
  command:option("--set", "Give the file args.KEY, a string; may be repeated.")
    :argname "KEY=VALUE":count "*":convert(read_pair)
  command:option("--clients", "Start the module N times; args.index counts.")
    :argname "N":default "1":convert(read_count)
  command:option("--log", "Log from this level on, to stderr.")
    :argname "LEVEL":choices { "debug", "info", "warn", "error" }:default "info"
  command:option("--log-format", "Write log lines as text or json.")
    :argname "FORMAT":choices { "text", "json" }:default "text"
end

local function args_of(options, index)
  local args = { uri = options.uri, index = index }
  for _, pair in ipairs(options.set) do args[pair.key] = pair.value end
  return args
end

-- Ending.

-- Everybody says goodbye; who is not done in time is cut when the program ends.
local function shut_down()
  local clients = slipstream.clients()
  local left = #clients
  slipstream.watch(function()
    left = left - 1
    if left == 0 then uv.stop() end
  end)
  uv.new_timer():start(SHUTDOWN_MSEC, 0, uv.stop)
  if left == 0 then uv.stop() end
  for _, client in ipairs(clients) do client:stop("shutdown", GOING_AWAY) end
end

-- Runs the loop until it has nothing left to do or a signal comes.
local function run_loop()
  local ended
  signal.watch(function(exit_code)
    ended = exit_code
    shut_down()
  end)
  uv.run()
  return ended
end

-- The file's value.

local function start_all(module, options)
  for index = 1, options.clients do
    slipstream.start(module, args_of(options, index)) -- `watch` hears how it ends
  end
end

-- Hosted, but with nothing to do and nothing to come.
local function never_connected()
  for _, client in ipairs(slipstream.clients()) do
    if not client._socket:stats() then return client end
  end
end

-- Nothing can come to those who are left: they end as if they were told to.
local function stop_idle()
  for _, client in ipairs(slipstream.clients()) do client:stop() end
end

local function result(has_failed)
  if has_failed then return FAILED end
  local client = never_connected()
  if not client then return 0 end
  local text = "%s never connected; write assert(self:connect { … }) in its init to see why"
  return nil, text:format(client), FAILED
end

--- Runs the command.
---@param options table what `define` asked for
---@return integer? code the exit code
---@return string? text
---@return integer? failure
function M.run(options)
  slipstream.log.set_level(options.log)
  slipstream.log.set_format(options.log_format)
  local has_failed = false
  slipstream.watch(function(_, _, is_failure) has_failed = has_failed or is_failure end)
  local ok, value, code = script.run(options.file, args_of(options, 1))
  if not ok then return nil, value, code end
  if slipstream.is_client(value) then
    start_all(value, options)
  elseif value ~= nil then
    local text = "%s: returned a %s; return a client module, made by slipstream.client(), or nothing"
    return nil, text:format(options.file, type(value)), FAILED
  end
  local ended = run_loop()
  if ended then return ended end
  local text, failure
  code, text, failure = result(has_failed)
  stop_idle()
  return code, text, failure
end

return M
