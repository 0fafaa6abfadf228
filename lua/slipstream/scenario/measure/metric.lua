--- Metric: what is measured of each verb, step and iteration: its name, and what a summary has of it, see
-- slipstream.scenario.measure.summary.

local keys = require "slipstream.keys"

local M = {}

-- In the order in which they are shown.
local order = { "iteration", "connect", "join", "push", "reply", "message", "leave", "close", "disconnect" }

--- The names that are not the script's, as a set.
M.is_built_in = {}
for _, name in ipairs(order) do M.is_built_in[name] = true end

--- What the name of a step has before what the script calls it.
M.STEP = "step:"

--- The names, in the order in which they are shown: those of steps come last.
---@param metrics table<string, table>
---@return string[]
function M.names(metrics)
  local names = {}
  for _, name in ipairs(order) do
    if metrics[name] then names[#names + 1] = name end
  end
  for _, name in ipairs(keys.sorted(metrics)) do
    if not M.is_built_in[name] then names[#names + 1] = name end
  end
  return names
end

--- How often it failed, in whatever way.
---@param metric table
---@return integer
function M.failed(metric)
  local sum = 0
  for _, count in pairs(metric.errors) do sum = sum + count end
  return sum
end

--- The kinds of its errors, the most frequent first.
---@param errors table<string, integer>
---@return string[]
function M.kinds(errors)
  local kinds = {}
  for kind in pairs(errors) do kinds[#kinds + 1] = kind end
  table.sort(kinds, function(a, b)
    if errors[a] ~= errors[b] then return errors[a] > errors[b] end
    return a < b
  end)
  return kinds
end

--- How many iterations failed.
---@param summary table
---@return integer failed
---@return number share of 1
function M.failed_iterations(summary)
  local failed = 0
  for _, row in ipairs(summary.errors) do failed = failed + row.count end
  return failed, failed / math.max(summary.iterations, failed, 1)
end

return M
