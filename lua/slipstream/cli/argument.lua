--- Argument: readers of what stands behind options, for argparse's `convert`.

local M = {}

--- A reader of whole numbers.
---@param option string for errors
---@param most integer
---@param least integer? 1
---@return fun(text: string): integer?, string?
function M.count(option, most, least)
  least = least or 1
  return function(text)
    local count = text:find "^%d+$" and math.tointeger(tonumber(text))
    if count and count >= least and count <= most then return count end
    return nil, ("%s: expected a whole number, %d to %d, got %s"):format(option, least, most, text)
  end
end

-- Names in `args` that `--set` cannot give.
local taken = { uri = "use --uri", index = "it counts the clients" }

--- Reads the KEY=VALUE of `--set`.
---@param text string
---@return { key: string, value: string }? pair, string? fault
function M.pair(text)
  local key, value = text:match "^([%w_%-]+)=(.*)$"
  if not key then return nil, "--set: expected KEY=VALUE, with letters, digits, _ and - in KEY" end
  if taken[key] then return nil, ("--set: %s cannot be set; %s"):format(key, taken[key]) end
  return { key = key, value = value }
end

return M
