--- JSON: an object a line for each event, for programs. The fields keep their names and their order; new ones
-- may come.

local core = require "slipstream.core"
local legible = require "slipstream.legible"
local redact_uri = require("slipstream.secret").redact_uri
local story = require "slipstream.scenario.output.story"

local M = {}

-- The fields of each event, and of what stands in one of them.
local fields = {
  begun = { "count", "seed", "jobs", "uri" },
  started = { "name", "file", "line", "tags" },
  ended = { "name", "file", "line", "tags", "status", "msec", "tries", "why", "failure", "logs" },
  failure = { "kind", "text", "file", "line", "story", "traceback" },
  finished = { "passed", "failed", "skipped", "not_run", "msec", "seed" },
}

local function encode(value)
  if type(value) == "string" then return core.json.encode(legible.utf8(value)) end
  if type(value) ~= "table" then return core.json.encode(value) end
  local parts = {}
  for place, each in ipairs(value) do parts[place] = encode(each) end
  return "[" .. table.concat(parts, ",") .. "]"
end

-- Fields without a value are left out.
local function object(kind, values, first)
  local parts = { first }
  for _, name in ipairs(fields[kind]) do
    local value = values[name]
    if value ~= nil then
      parts[#parts + 1] = ('"%s":%s'):format(name, fields[name] and object(name, value) or encode(value))
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local Json = {}
Json.__index = Json

function Json:tell(event, values)
  self.write(object(event, values, ('"event":"%s"'):format(event)) .. "\n")
end

function Json:begun(run)
  self:tell("begun", {
    count = run.count, seed = run.seed, jobs = run.jobs, uri = run.uri and redact_uri(run.uri),
  })
end

function Json:started(case) self:tell("started", case) end

function Json:ended(result)
  local case, why = result.case, story.why(result)
  self:tell("ended", {
    name = case.name, file = case.file, line = case.line, tags = case.tags, status = result.status,
    msec = result.msec, tries = result.tries or 1, why = why,
    failure = not why and result.failure or nil, logs = result.logs,
  })
end

function Json:finished(summary) self:tell("finished", summary) end

--- Makes the output; see slipstream.scenario.outputs.
---@param write fun(text: string)
---@return table
function M.new(write) return setmetatable({ write = write }, Json) end

return M
