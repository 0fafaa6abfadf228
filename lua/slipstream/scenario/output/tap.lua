--- TAP: the Test Anything Protocol, version 13, which readers of version 14 take as well, while many know no
-- later one; what is known of a scenario stands below its line as YAML.

local core = require "slipstream.core"
local legible = require "slipstream.legible"
local story = require "slipstream.scenario.output.story"

local M = {}

-- In a description a # would begin a directive.
local function description(words) return (legible.line(words):gsub("[\\#]", "\\%0")) end

-- A string of JSON is one of YAML.
local function quote(words) return core.json.encode(legible.line(words)) end

local function add_list(lines, name, list)
  if #list == 0 then return end
  lines[#lines + 1] = ("  %s:"):format(name)
  for _, line in ipairs(list) do lines[#lines + 1] = "    - " .. quote(line) end
end

local function add_details(lines, result)
  lines[#lines + 1] = "  ---"
  if result.status == "failed" then
    lines[#lines + 1] = "  at: " .. quote(story.place(result))
    add_list(lines, "message", story.lines(result))
  end
  lines[#lines + 1] = ("  duration_ms: %d"):format(result.msec)
  if (result.tries or 1) > 1 then lines[#lines + 1] = ("  tries: %d"):format(result.tries) end
  lines[#lines + 1] = "  ..."
end

local Tap = {}
Tap.__index = Tap

function Tap:begun(run)
  self.count = run.count
  self.write(("TAP version 13\n1..%d%s\n"):format(run.count, run.count == 0 and " # SKIP no scenarios" or ""))
end

function Tap:ended(result)
  self.done = self.done + 1
  local word = result.status == "failed" and "not ok" or "ok"
  local line = ("%s %d - %s"):format(word, self.done, description(result.case.name))
  if result.status == "skipped" then line = line .. " # SKIP " .. description(story.why(result) or "") end
  local lines = { (line:gsub(" $", "")) }
  add_details(lines, result)
  self.write(table.concat(lines, "\n") .. "\n")
end

function Tap:finished()
  if self.done == self.count then return end
  self.write(("Bail out! %d of %d scenarios were not run\n"):format(self.count - self.done, self.count))
end

--- Makes the output; see slipstream.scenario.outputs.
---@param write fun(text: string)
---@return table
function M.new(write) return setmetatable({ write = write, count = 0, done = 0 }, Tap) end

return M
