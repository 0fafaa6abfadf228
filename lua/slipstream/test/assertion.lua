--- Assertions of luassert: `assert.pushes(client, "room:1", "shout")`, `assert.does_not.push(…)`.

local M = {}

-- The functions of the kit that they stand for, with "assert" or "refute" in front. Each has two forms:
-- "pushes" reads well as it is, "push" behind "does not".
local verbs = { push = "pushes", join = "joins", leave = "leaves", disconnect = "disconnects" }

-- The functions fail with a text of their own, so luassert always hears that all is well.
local function new(test, verb)
  return function(state, arguments)
    local fn = test[(state.mod and "assert_" or "refute_") .. verb]
    local results = table.pack(fn(table.unpack(arguments, 1, arguments.n)))
    return state.mod, results
  end
end

local has_registered = false

--- Registers them, where luassert is loaded.
---@param test slipstream.test
function M.register(test)
  local luassert = package.loaded.luassert
  if not luassert or has_registered then return end
  has_registered = true
  for verb, other in pairs(verbs) do
    luassert:register("assertion", verb, new(test, verb))
    luassert:register("assertion", other, new(test, verb))
  end
end

return M
