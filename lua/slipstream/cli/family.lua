--- Family: lists of families of metrics, each with what makes its samples of a scene, which is all that there
-- is to tell. Samples are as slipstream.cli.exposition has them.
--
-- Labels are of few values: a reason's kind, a state, a direction, a worker; never a topic or a client.

local keys = require "slipstream.keys"

local M = {}

-- Samples: of one value; of a table of numbers, one for each key, in their order.

--- The sample of a family that has no labels.
---@param value any
---@return table[]
function M.one(value) return { { value } } end

--- One for each key, in the order of the keys.
---@param label string that has the key
---@param values table<string, any>
---@return table[]
function M.by(label, values)
  local samples = {}
  for place, key in ipairs(keys.sorted(values)) do samples[place] = { values[key], { [label] = key } } end
  return samples
end

-- Lists.

local units = { seconds = true, bytes = true }

---@class slipstream.cli.FamilyList
local List = {}
List.__index = List

--- An empty list.
---@return slipstream.cli.FamilyList
function M.list()
  return setmetatable({}, List)
end

-- One whose name ends with a unit has that.
local function adder_of(kind)
  return function(list, name, help, samples_of)
    local suffix = name:match "[^_]+$"
    list[#list + 1] = { name = name, kind = kind, help = help, samples_of = samples_of,
      unit = units[suffix] and suffix or nil }
  end
end

--- Each adds a family: its name, of a counter without "_total", its help, and `samples_of(scene)`.
List.info, List.gauge, List.counter, List.histogram =
  adder_of "info", adder_of "gauge", adder_of "counter", adder_of "histogram"

--- The families of the lists, with their samples.
---@param lists slipstream.cli.FamilyList[]
---@param scene table
---@return slipstream.MetricFamily[]
function M.all(lists, scene)
  local families = {}
  for _, list in ipairs(lists) do
    for _, each in ipairs(list) do
      families[#families + 1] = { name = each.name, kind = each.kind, unit = each.unit, help = each.help,
        samples = each.samples_of(scene) }
    end
  end
  return families
end

return M
