--- Env: secrets from the environment, which no story shows: `t.env.API_TOKEN`.

local Env = {}

--- What stands for the environment.
---@param t slipstream.scenario.Context
---@return table<string, string>
function Env.new(t)
  return setmetatable({ _t = t }, Env)
end

-- A short value would be found in every other word.
local SHORTEST = 4

function Env:__index(name)
  local t = rawget(self, "_t")
  local value = (t._options.env or os.getenv)(name)
  if not value or value == "" then
    error(("t.env.%s: the environment has no variable %s"):format(name, name), 2)
  end
  if #value >= SHORTEST then
    t._secrets = t._secrets or {}
    t._secrets[value] = true
  end
  return value
end

return Env
