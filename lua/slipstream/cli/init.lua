--- The command line: reads it, runs the command and answers with the exit code.
--
-- A command is a module with `summary`, `define(command)`, which tells argparse its arguments,
-- and `run(options)`, which answers with an exit code, or with nil, a line for people and a code. `bare` are
-- options that may stand without their number, and what is meant then; `fault_of(options)` says what is wrong
-- with arguments each of which is right.

local argparse = require "argparse"
local core = require "slipstream.core"
local legible = require "slipstream.legible"
local uv = require "luv"

local M = {}

local FAILED, USAGE = 1, 2

local names = { "run", "serve", "scenario", "record", "ctl" }

local function print_version()
  print("slipstream " .. core.version)
  os.exit(0)
end

local function command_name(arguments)
  for _, name in ipairs(names) do
    if arguments[1] == name then return name end
  end
end

-- Of a command that is named it knows that one alone: the modules of the others need not be loaded.
local function new_parser(named)
  local parser = argparse("slipstream", "Hosts clients of Phoenix channels, scripted in Lua.")
  parser:flag("--version", "Print the version and exit."):action(print_version)
  parser:command_target "command"
  parser:epilog "`slipstream COMMAND --help` tells more."
  for _, name in ipairs(named and { named } or names) do
    local command = require("slipstream.cli." .. name)
    command.define(parser:command(name, command.summary):summary(command.summary))
  end
  return parser
end

-- argparse puts its guess ("Did you mean …") on a line of its own.
local function complain(text, code)
  io.stderr:write("slipstream: ", legible.block((text:gsub("\nDid you mean", "; did you mean"))), "\n")
  return code
end

-- argparse takes the -3 of "--clients -3" for an option; ours have no digits, so it is a value.
local function join_negatives(arguments)
  local joined = {}
  for _, argument in ipairs(arguments) do
    local is_value = argument:find "^%-%d" and (joined[#joined] or ""):find "^%-%-[%a-]+$"
    if is_value then
      joined[#joined] = joined[#joined] .. "=" .. argument
    else
      joined[#joined + 1] = argument
    end
  end
  return joined
end

-- It takes the PATH of "--bail PATH" for a value as well, where only a number may stand.
local function complete_bare(arguments)
  local name = command_name(arguments)
  local bare, list = name and require("slipstream.cli." .. name).bare or {}, {}
  for place, argument in ipairs(arguments) do
    local has_value = (arguments[place + 1] or ""):find "^%d"
    list[place] = not has_value and bare[argument] or argument
  end
  return list
end

-- Which --help tells of what was wrong with the arguments.
local function help_for(arguments)
  local name = command_name(arguments)
  return name and ("slipstream %s --help"):format(name) or "slipstream --help"
end

-- What the arguments ask for; nil and what is wrong with them.
local function read(arguments)
  local ok, options = new_parser(command_name(arguments)):pparse(complete_bare(join_negatives(arguments)))
  if not ok then return nil, options end
  local fault_of = require("slipstream.cli." .. options.command).fault_of
  local fault = fault_of and fault_of(options)
  if fault then return nil, fault end
  return options
end

-- A folder that is not there would silently change nothing.
local function check_lua_path()
  local folder = os.getenv "SLIPSTREAM_LUA_PATH"
  if not folder or folder == "" then return end
  local found = uv.fs_stat(folder)
  if found and found.type == "directory" then return end
  complain(("SLIPSTREAM_LUA_PATH: no such folder: %s; the program's own modules are used"):format(folder))
end

--- Runs the command that the arguments ask for.
---@param arguments string[] as Lua's `arg`
---@return integer code the exit code
function M.main(arguments)
  io.stdout:setvbuf "line" -- who reads what scripts print wants it now
  check_lua_path()
  local options, fault = read(arguments)
  if not options then return complain(("%s (see %s)"):format(fault, help_for(arguments)), USAGE) end
  local code, text, failure = require("slipstream.cli." .. options.command).run(options)
  uv.run "nowait" -- luv crashes at the end of a state with a handle that was closed just before
  if not code then return complain(text, failure or FAILED) end
  return code
end

return M
