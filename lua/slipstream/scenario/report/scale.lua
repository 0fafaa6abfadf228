--- Scale: where values stand on an axis, and which of them it names.
--
-- A scale has `place(value)`, a coordinate, and `ticks`, a list of values.

local M = {}

local function between(low, high, from, to)
  local stretch = (to - from) / (high - low)
  return function(value) return from + (value - low) * stretch end
end

-- A little that makes no difference to who looks at it, but hides that 0.1 is none in binary.
local HAIR = 1e-9

-- The least of 1, 2, 5, 10, 20 … that is no less.
local function round_up(value)
  local unit = 10.0 ^ math.floor(math.log(value, 10))
  for _, factor in ipairs { 1, 2, 5 } do
    if factor * unit >= value * (1 - HAIR) then return factor * unit end
  end
  return 10 * unit
end

-- The greatest of them that is no more.
local function round_down(value)
  local above = round_up(value)
  if above <= value * (1 + HAIR) then return above end
  return round_up(above * 0.4)
end

local STEPS = 4 -- about so many of an axis are easy to read

local function multiples(step, most)
  local ticks = {}
  for place = 0, math.floor(most / step + HAIR) do ticks[#ticks + 1] = place * step end
  return ticks
end

--- From 0 to a round value that is no less than the most.
---@param most number
---@param from number coordinate of 0
---@param to number coordinate of the end
---@return table
function M.linear(most, from, to)
  local step = round_up((most > 0 and most or 1) / STEPS)
  local last = math.ceil((most > 0 and most or 1) / step - HAIR) * step
  return { place = between(0, last, from, to), ticks = multiples(step, last) }
end

--- As `linear`, for what is counted.
---@param most number
---@param from number
---@param to number
---@return table
function M.whole(most, from, to) return M.linear(math.max(most, STEPS), from, to) end

local time_steps = { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400 }

--- From 0 to just that many msec, with ticks as a clock has them.
---@param msec number
---@param from number
---@param to number
---@param count integer at most so many ticks
---@return table
function M.time(msec, from, to, count)
  local step = round_up(msec / count)
  if msec > count * 1000 then
    for _, seconds in ipairs(time_steps) do
      step = seconds * 1000
      if msec / step <= count then break end
    end
  end
  return { place = between(0, msec, from, to), ticks = multiples(step, msec) }
end

-- 1, 10, 100 …, and 2 and 5 of each where there is room.
local function log_ticks(first, last)
  local ticks, decades = {}, math.log(last / first, 10)
  local factors = decades <= 2 and { 1, 2, 5 } or { 1 }
  local jump = math.max(1, math.ceil(decades / 6))
  for exponent = math.floor(math.log(first, 10) + HAIR), math.ceil(math.log(last, 10)), jump do
    for _, factor in ipairs(factors) do
      local tick = factor * 10.0 ^ exponent
      if tick >= first * (1 - HAIR) and tick <= last * (1 + HAIR) then ticks[#ticks + 1] = tick end
    end
  end
  return ticks
end

--- Each power of ten as long as the others.
---@param least number more than 0
---@param most number
---@param from number
---@param to number
---@return table
function M.log(least, most, from, to)
  local first = round_down(least)
  local last = math.max(round_up(most), first * 10)
  local place = between(math.log(first, 10), math.log(last, 10), from, to)
  return {
    place = function(value) return place(math.log(math.max(value, first), 10)) end,
    ticks = log_ticks(first, last),
  }
end

local WIDE = 50 -- times as much: on a linear axis the least would lie on the ground

--- For latencies, linear unless they are very far apart.
---@param least number
---@param most number
---@param from number
---@param to number
---@return table
function M.latency(least, most, from, to)
  if least > 0 and most / least > WIDE then return M.log(least, most, from, to) end
  return M.linear(most, from, to)
end

--- Of 100, so that 90, 99, 99.9 are as far from each other.
---@param most number below 100; what is beyond stands at the end
---@param from number
---@param to number
---@return table
function M.percentile(most, from, to)
  local function nines(percentile) return -math.log(1 - percentile / 100, 10) end
  local last = math.max(nines(most), 1) * 1.04
  local place = between(0, last, from, to)
  local ticks = { 0, 50 }
  local tick = 90.0
  while nines(tick) <= last and #ticks < 9 do
    ticks[#ticks + 1] = tick
    tick = 100 - (100 - tick) / 10
  end
  return {
    place = function(percentile)
      return percentile >= 100 and to or math.min(to, place(nines(percentile)))
    end,
    ticks = ticks,
  }
end

return M
