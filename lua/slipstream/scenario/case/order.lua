--- Order: shuffles scenarios, the same way for the same seed on every machine.

local luck = require "slipstream.faults.luck"
local uv = require "luv"

local M = {}

local MOST = 999999 -- is typed again by people
local STREAM = 0

--- A seed for who does not bring one.
---@return integer
function M.seed()
  return (luck.new(uv.hrtime(), STREAM)() >> 1) % MOST + 1
end

--- A list of the same in another order (Fisher and Yates).
---@generic T
---@param list T[]
---@param seed integer
---@return T[]
function M.shuffle(list, seed)
  local draw, shuffled = luck.new(seed, STREAM), table.move(list, 1, #list, 1, {})
  for place = #list, 2, -1 do
    local other = (draw() >> 1) % place + 1 -- a positive number
    shuffled[place], shuffled[other] = shuffled[other], shuffled[place]
  end
  return shuffled
end

return M
