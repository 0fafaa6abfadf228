--- Worker: which one of the program's workers runs this script, and how many there are.
--
-- Elsewhere, as in plain lua5.4, all is as if there were one.

local core = require "slipstream.core"

local mine = core.team.mine()

---@class slipstream.worker
---@field index integer from 0
---@field count integer
local facts = { index = mine and mine:index() or 0, count = mine and mine:count() or 1 }

local function refuse(_, name)
  error(("slipstream.worker is not to be changed, its field '%s' neither"):format(name), 2)
end

return setmetatable({}, { __index = facts, __newindex = refuse })
