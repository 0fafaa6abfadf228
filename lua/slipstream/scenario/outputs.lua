--- Outputs: all that is told of a run of scenarios, to standard output and to files.
--
-- An output is made by `new(write, options)` of its module, slipstream.scenario.output.*; it has a method for
-- each event that it wants to hear of.

local outlets = require "slipstream.outlet"

local M = {}

---@class slipstream.scenario.Wanted what is to be told, and where
---@field format "pretty"|"plain"|"tap"|"junit"|"json"
---@field file string? standard output when absent

---@class slipstream.scenario.Output what is told of the events that it wants to hear of
---@field begun fun(run: table)?
---@field started fun(case: slipstream.scenario.Case)?
---@field ended fun(result: slipstream.scenario.Result)?
---@field finished fun(summary: table)?
---@field aside fun(write: fun())?

M.formats = { "pretty", "plain", "tap", "junit", "json" }

local Outputs = {}
Outputs.__index = Outputs

--- Closes the files.
---@return true? ok
---@return string? text what could not be written
function Outputs:close()
  local fault
  for _, outlet in ipairs(self.outlets) do
    outlet:close()
    fault = fault or outlet.fault
  end
  if fault then return nil, fault end
  return true
end

--- Has something else write to the terminal, to which the output there gives way.
---@param write fun()
function Outputs:aside(write)
  if self.on_stdout and self.on_stdout.aside then return self.on_stdout.aside(write) end
  return write()
end

local events = { "begun", "started", "ended", "finished", "aside" }

-- Who tells it calls functions.
local function bind(output)
  local bound = {}
  for _, event in ipairs(events) do
    local method = output[event]
    bound[event] = method and function(what) return method(output, what) end
  end
  return bound
end

local function add(outputs, outlet, wanted, options)
  local function write(words) return outlet:write(words) end
  local output = bind(require("slipstream.scenario.output." .. wanted.format).new(write, options))
  table.insert(outputs.outlets, outlet)
  table.insert(outputs, output)
  if not wanted.file then outputs.on_stdout = output end
end

--- Opens the outputs: a list of tables with functions to be told of the events that each wants to hear of,
-- `begun(run)`, `started(case)`, `ended(result)` and `finished(summary)`.
---@param list slipstream.scenario.Wanted[]
---@param options table what stdout is: is_terminal, color, unicode; and now, in seconds since 1970
---@return table? outputs
---@return string? text which file cannot be written, and why
function M.open(list, options)
  local outputs = setmetatable({ outlets = {} }, Outputs)
  local for_files = { unicode = options.unicode, now = options.now }
  for _, wanted in ipairs(list) do
    local outlet, text = outlets.open(wanted.file)
    if not outlet then
      outputs:close()
      return nil, text
    end
    add(outputs, outlet, wanted, wanted.file and for_files or options)
  end
  return outputs
end

return M
