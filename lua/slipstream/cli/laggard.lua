--- Laggards: workers that do not end when they are told to. What keeps one of them it tells itself, from
-- inside of what does not return.

local log = require "slipstream.log"
local parcel = require "slipstream.parcel"
local runaway = require "slipstream.runaway"
local show = require "slipstream.show"
local team = require "slipstream.team"
local uv = require "luv"

local M = {}

-- They tell each second; what was told of longer ago has returned since.
local FRESH_MSEC = 2000

---@class slipstream.cli.Laggards
---@field told table<integer, { at: integer, what: table }> by worker
local Laggards = {}
Laggards.__index = Laggards

--- What a worker does: from now on the lead hears of what does not return.
function M.tell()
  runaway.on_second(function(what) parcel.post(team.LEAD, "stuck", what) end)
end

--- What the lead does: hears of them.
---@return slipstream.cli.Laggards
function M.listen()
  local told = {}
  team.on("stuck", function(what, index) told[index] = { at = uv.now(), what = what } end)
  return setmetatable({ told = told }, Laggards)
end

-- The fields of a log line: `client`, `callback` and `line`; nil: it is not known.
local function what_keeps(self, index)
  local told = self.told[index]
  if told and uv.now() - told.at < FRESH_MSEC then return told.what end
end

--- They have just been told to end: says who will not, for all that is known.
---@param indices integer[] those that have not ended
function Laggards:warn(indices)
  for _, index in ipairs(indices) do
    local what = what_keeps(self, index)
    if what then log.warn(("worker %d is busy and cannot end"):format(index), what) end
  end
end

--- Says for whom the program waits.
---@param indices integer[]
---@param msec integer how much longer
function M.await(indices, msec)
  local text = "waits for %s to end, %d s more at most"
  log.info(text:format(show.count(#indices, "worker"), msec // 1000))
end

--- Their time is up.
---@param indices integer[]
function Laggards:leave(indices)
  for _, index in ipairs(indices) do
    log.error(("worker %d does not end; the program ends without it"):format(index), what_keeps(self, index))
  end
end

return M
