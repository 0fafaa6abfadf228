--- Totals: what all workers have counted together. What was counted once stays: in the former lives of a
-- worker, and by one that does not answer at present. Else totals would fall, which they must not.

local core = require "slipstream.core"

local M = {}

---@class slipstream.Totals
local Totals = {}
Totals.__index = Totals

-- Adds numbers, histograms and tables of these.
local function add(sum, counts)
  for name, value in pairs(counts) do
    if type(value) == "table" then
      sum[name] = add(sum[name] or {}, value)
    elseif type(value) == "number" then
      sum[name] = (sum[name] or 0) + value
    else
      sum[name] = sum[name] or core.histogram()
      assert(sum[name]:add(value))
    end
  end
  return sum
end

--- At first they are what nobody has counted yet: zeroes.
---@param zeroes table as what `take` takes
---@return slipstream.Totals
function M.new(zeroes)
  return setmetatable({ former = zeroes, latest = {} }, Totals)
end

--- A worker has counted so much in its life so far.
---@param worker integer
---@param life integer
---@param counts table numbers, histograms, whole or as bytes, and tables of these
function Totals:take(worker, life, counts)
  local before = self.latest[worker]
  if before and before.life ~= life then add(self.former, before.counts) end
  self.latest[worker] = { life = life, counts = counts }
end

--- The sum of all.
---@return table
function Totals:sum()
  local sum = add({}, self.former)
  for _, latest in pairs(self.latest) do add(sum, latest.counts) end
  return sum
end

return M
