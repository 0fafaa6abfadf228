--- Progress: a line that tells how a load goes: on a terminal one that is written anew each second, else one
-- each ten seconds.

local amount = require "slipstream.scenario.measure.amount"
local core = require "slipstream.core"
local tallies = require "slipstream.scenario.measure.tally"
local terminal = require "slipstream.scenario.output.terminal"

local M = {}

local LINE_SECONDS = 10

---@class slipstream.scenario.Progress
local Progress = {}
Progress.__index = Progress

--- Makes one that has told nothing yet.
---@param write fun(text: string)
---@param is_terminal boolean
---@return slipstream.scenario.Progress
function M.new(write, is_terminal)
  return setmetatable({
    _write = write, _is_terminal = is_terminal, _tally = tallies.new(), _latency = core.histogram(),
    _errors = 0, _heard = 0, _told = 0,
  }, Progress)
end

--- Adds a part of what was measured.
---@param part table see slipstream.scenario.Meter's `take`
function Progress:hear(part)
  self._tally:add(part)
  self._heard = math.max(self._heard, part.second + 1)
end

local function latency_of(progress)
  local latency = progress._latency
  progress._tally:read_verbs(latency)
  return latency:count() > 0 and amount.time(latency:at(95)) or "-"
end

-- Since the last line, but for the errors, which are all.
local function line_of(progress, users)
  local tally, seconds = progress._tally, progress._heard - progress._told
  local _, errors = tally:attempts "iteration"
  progress._errors = progress._errors + errors
  local words = "%4d s  %s  %d VUs  %d errors  p95 %s"
  local rate = amount.rate((tally.counts.iterations or 0) / seconds)
  local line = words:format(progress._heard, rate, users, progress._errors, latency_of(progress))
  local dropped = tally.counts.dropped
  return dropped and ("%s  %d dropped"):format(line, dropped) or line
end

--- A second has passed. What there is to tell is that of which it has heard.
---@param users integer how many there are now
function Progress:tick(users)
  local pause = self._is_terminal and 1 or LINE_SECONDS
  if self._heard // pause == self._told // pause then return end
  local line = line_of(self, users)
  self._tally:clear()
  self._told = self._heard
  self._write(self._is_terminal and terminal.CLEAR .. terminal.line(line) or line .. "\n")
end

--- Takes the line away.
function Progress:clear()
  if self._is_terminal then self._write(terminal.CLEAR) end
end

return M
