--- Deal: which scenario each virtual user plays, by their weights, as evenly as can be: with 3 and 1 it is
-- a a b a, and so on.

local M = {}

-- Smooth weighted round robin: each time all gain their weight, and who has most pays for all.
local function next_of(cases, credits, sum)
  local best = 1
  for place, case in ipairs(cases) do
    credits[place] = credits[place] + case.weight
    if credits[place] > credits[best] then best = place end
  end
  credits[best] = credits[best] - sum
  return cases[best]
end

--- The order in which users get them; after the last one it begins anew.
---@param cases slipstream.scenario.Case[]
---@return slipstream.scenario.Case[]
function M.order(cases)
  local order, credits, sum = {}, {}, 0
  for place, case in ipairs(cases) do
    credits[place], sum = 0, sum + case.weight
  end
  for place = 1, sum do order[place] = next_of(cases, credits, sum) end
  return order
end

--- Which one a user plays.
---@param order slipstream.scenario.Case[]
---@param vu integer from 1
---@return slipstream.scenario.Case
function M.of(order, vu) return order[(vu - 1) % #order + 1] end

return M
