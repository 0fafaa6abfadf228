--- Number: counts, and values on the axes of charts, as short as they can be read at a glance.

local M = {}

--- "1,234,567".
---@param count integer
---@return string
function M.count(count)
  local digits = ("%d"):format(count)
  local first, rest = digits:match("^(" .. ("%d"):rep((#digits - 1) % 3 + 1) .. ")(.*)$")
  return first .. rest:gsub("%d%d%d", ",%0")
end

-- The first unit that the value has one of.
local function in_units(value, units)
  for _, unit in ipairs(units) do
    if value >= unit[1] then return ("%.4g%s"):format(value / unit[1], unit[2]) end
  end
  return ("%.4g"):format(value)
end

local thousands = { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } }

--- "1.5k".
---@param value number
---@return string
function M.short(value) return in_units(value, thousands) end

local times = { { 1e6, " s" }, { 1e3, " ms" }, { 1, " us" } }

--- A latency: "1.5 ms".
---@param usec number
---@return string
function M.short_time(usec) return in_units(usec, times) end

--- A time of the run: "0.5 s", "12 s", "1:05", "1:00:00".
---@param msec number
---@return string
function M.clock(msec)
  if msec < 60000 then return ("%.3g s"):format(msec / 1000) end
  local seconds = math.tointeger(msec // 1000)
  if seconds < 3600 then return ("%d:%02d"):format(seconds // 60, seconds % 60) end
  return ("%d:%02d:%02d"):format(seconds // 3600, seconds % 3600 // 60, seconds % 60)
end

return M
