--- The nearest of some names: "did you mean …?".

local M = {}

-- Levenshtein's distance, one row at a time.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

--- The name among the keys of `set` that is nearest to `name`; nil when none is near.
---@param name string
---@param set table<string, any>
---@param most integer? how many letters may be wrong; a third of them and one more when absent
---@return string?
function M.find(name, set, most)
  local best, least = nil, (most or #name // 3 + 1) + 1
  for candidate in pairs(set) do
    local away = distance(name, candidate)
    if away < least or away == least and best and candidate < best then best, least = candidate, away end
  end
  return best
end

return M
