--- The options of `slipstream scenario` for what is told of a run, and what the terminal can do of it.

local outputs = require "slipstream.scenario.outputs"
local terminal = require "slipstream.scenario.output.terminal"
local uv = require "luv"

local M = {}

local STDOUT = 1

-- argparse calls these in the order of the arguments: an --output belongs to the --format before it.

local function add_format(arguments, target, format)
  arguments[target] = arguments[target] or {}
  table.insert(arguments[target], { format = format })
end

local function add_file(arguments, target, file)
  local list = arguments[target] or {}
  arguments[target] = list
  local last = list[#list]
  if not last or last.file then
    list[#list + 1] = { file = file } -- of no format; `open` says so
  else
    last.file = file
  end
end

--- Tells argparse the options.
function M.define(command)
  command:option("--format", "Tell of the run like this; may be repeated, each with an --output of its\n"
    .. "own. On a terminal pretty, else plain, when none goes to the standard output.")
    :argname "FORMAT":target "outputs":choices(outputs.formats):count "*":action(add_format)
  command:option("--output", "Write what the --format before it tells into FILE.")
    :argname "FILE":target "outputs":count "*":action(add_file)
end

-- The first of them that says something, as the C library looks at them.
local function locale()
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = os.getenv(name)
    if value and value ~= "" then return value end
  end
  return "C"
end

-- See https://no-color.org.
local function wants_color() return (os.getenv "NO_COLOR" or "") == "" end

local function look_at_stdout()
  local is_able = terminal.is_able(STDOUT)
  return {
    default = uv.guess_handle(STDOUT) == "tty" and "pretty" or "plain",
    is_terminal = is_able, color = is_able and wants_color(),
    unicode = locale():lower():find "utf%-?8" ~= nil, now = os.time(),
  }
end

-- What is wrong with the list, if anything, and what of it goes to the standard output.
local function check(list)
  local stdout
  for _, wanted in ipairs(list) do
    if not wanted.format then
      return ("--output %s: it goes right behind the --format that it is for"):format(wanted.file)
    end
    if not wanted.file and stdout then -- two at once would be none
      return ("--format: %s and %s cannot both go to the standard output; give one an --output FILE")
        :format(stdout.format, wanted.format)
    end
    stdout = stdout or not wanted.file and wanted or nil
  end
  return nil, stdout
end

--- Opens what the options ask for, and something for the standard output in any case.
---@param options table
---@return table? outputs see slipstream.scenario.outputs
---@return string? text
function M.open(options)
  local list = options.outputs or {}
  local fault, has_stdout = check(list)
  if fault then return nil, fault end
  local stdout = look_at_stdout()
  if not has_stdout then list[#list + 1] = { format = stdout.default } end
  return outputs.open(list, stdout)
end

return M
