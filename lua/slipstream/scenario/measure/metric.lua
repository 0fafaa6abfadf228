--- Metric: what a summary has of each verb, step and iteration, see slipstream.scenario.measure.summary.

local keys = require "slipstream.keys"

local M = {}

-- What comes first; what the script has named is in the order of the names.
local order = { "iteration", "connect", "join", "push", "reply", "message", "leave", "disconnect" }

local ranks = {}
for rank, name in ipairs(order) do ranks[name] = rank end

--- The names, in the order in which they are shown.
---@param metrics table<string, table>
---@return string[]
function M.names(metrics)
  local names = keys.sorted(metrics)
  table.sort(names, function(a, b)
    local rank, other = ranks[a] or #order + 1, ranks[b] or #order + 1
    if rank ~= other then return rank < other end
    return a < b
  end)
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
  local kinds = keys.sorted(errors)
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
