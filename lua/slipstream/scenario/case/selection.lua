--- Selection: which of the scenarios that there are shall run.

local M = {}

---@class slipstream.scenario.Selection
---@field filters string[] Lua patterns of names
---@field tags string[]
---@field excluded_tags string[]

-- Whether one of the list is fine; of none all are.
local function any(list, is_fine)
  for _, item in ipairs(list) do
    if is_fine(item) then return true end
  end
  return #list == 0
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

local function is_wanted(case, wanted)
  local tags = set_of(case.tags)
  local function has(tag) return tags[tag] end
  local is_excluded = #wanted.excluded_tags > 0 and any(wanted.excluded_tags, has)
  return not is_excluded and any(wanted.tags, has)
    and any(wanted.filters, function(pattern) return case.name:find(pattern) end)
end

--- Those whose name matches one of the filters, and which have one of the tags and none of the excluded.
---@param cases slipstream.scenario.Case[]
---@param wanted slipstream.scenario.Selection
---@return slipstream.scenario.Case[]
function M.pick(cases, wanted)
  local picked = {}
  for _, case in ipairs(cases) do
    if is_wanted(case, wanted) then picked[#picked + 1] = case end
  end
  return picked
end

--- What is wrong with a filter.
---@param pattern string
---@return string? fault
function M.fault_of(pattern)
  local ok, text = pcall(string.find, "", pattern)
  if ok then return nil end
  return ("no Lua pattern: %s (%s)"):format(pattern, text)
end

return M
