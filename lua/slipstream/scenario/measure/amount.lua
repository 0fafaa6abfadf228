--- Amount: times, rates and shares as people write and read them.

local M = {}

-- Of a time, in microseconds.
M.units = { us = 1, ms = 1000, s = 1000000, m = 60000000 }

-- Three digits say all that a histogram knows.
local function three_digits(number)
  if number >= 99.95 then return ("%.0f"):format(number) end
  return (number >= 9.995 and "%.1f" or "%.2f"):format(number)
end

--- "850 us", "12.3 ms", "2.05 s", "3 min 20 s".
---@param usec number
---@return string
function M.time(usec)
  if usec < 1000 then return ("%.0f us"):format(usec) end
  if usec < 999500 then return three_digits(usec / 1000) .. " ms" end
  if usec < 100 * 1000000 then return three_digits(usec / 1000000) .. " s" end
  local seconds = math.tointeger((usec + 500000) // 1000000)
  return ("%d min %d s"):format(seconds // 60, seconds % 60)
end

--- "0.52/s", "1200/s".
---@param per_second number
---@return string
function M.rate(per_second)
  return three_digits(per_second) .. "/s"
end

--- "0.05 %"; what is more than nothing is never shown as nothing.
---@param share number of 1
---@return string
function M.share(share)
  if share == 0 then return "0 %" end
  return share < 0.0001 and "< 0.01 %" or three_digits(share * 100) .. " %"
end

--- Reads "30s", "2m" or "500ms" from a place of a text on.
---@param text string
---@param from integer?
---@return number? usec
---@return integer? after the place behind it
function M.read_time(text, from)
  local number, unit, after = text:match("^(%d+%.?%d*)(%a+)()", from)
  if not number or not M.units[unit] then return nil end
  return tonumber(number) * M.units[unit], after
end

return M
