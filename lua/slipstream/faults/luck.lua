--- Luck: random numbers that are the same at each run (SplitMix64; Steele, Lea and Flood, 2014).

local M = {}

-- The golden ratio in 64 bits: steps that far apart visit every number.
local STEP <const> = 0x9e3779b97f4a7c15

local function mix(z)
  z = (z ~ (z >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ~ (z >> 27)) * 0x94d049bb133111eb
  return z ~ (z >> 31)
end

--- A source of its own for each seed and stream.
---@param seed integer
---@param stream integer
---@return fun(): integer draw 64 random bits
function M.new(seed, stream)
  local state = mix(seed) + mix(stream + 1)
  return function()
    state = state + STEP
    return mix(state)
  end
end

--- A random number from -1 to 1.
---@param draw fun(): integer
---@return number
function M.swing(draw)
  return (draw() >> 11) * 0x1p-52 - 1
end

return M
