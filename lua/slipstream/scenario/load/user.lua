--- User: a virtual user. It runs the setup of its scenario once, then the scenario as often as its share of
-- the load gives it, then the teardown. What setup has connected stays for all of that; what an iteration
-- connects is closed at its end. When one of setup's connections is lost it begins anew.

local closing = require "slipstream.scenario.closing"
local failures = require "slipstream.scenario.failure"
local fiber = require "slipstream.fiber"
local play = require "slipstream.scenario.play"
local stories = require "slipstream.scenario.story"

local M = {}

local USEC = 1000 -- in a msec

-- After a failure, so that one that comes at once is not repeated as fast as the machine can.
local PAUSE_MSEC, SETUP_PAUSE_MSEC = 100, 1000

-- So many users keep the last events of their sockets, for stories.
local TELLING_USERS = 10

---@class slipstream.scenario.User
---@field vu integer from 1, among those of all workers
---@field case slipstream.scenario.Case
---@field share slipstream.scenario.Share
---@field iteration integer how many it has begun
---@field began number|false when the iteration that it is given is to begin, on the host's clock
---@field t slipstream.scenario.Context|false
---@field is_done boolean? it has had its last iteration

local function is_ending(share)
  if share.is_ending then return true end
end

-- What is neither a success nor an error: cut at the end of the load, or `t:skip`.
local uncounted = { interrupted = true, skipped = true }

-- Of each kind of error the first one is told in full.
local function note(user, failure)
  local share = user.share
  share.meter:fail("iteration", failure.kind)
  if share.stories[failure.kind] then return end
  local told = stories.tell(user.t, failure)
  share:tell(failure.kind, { user.case.name, told.text, table.unpack(told.story) })
end

local function settle(user, failure, msec)
  local share = user.share
  if failure and uncounted[failure.kind] then return share.meter:count(failure.kind, 1) end
  share.meter:count("iterations", 1)
  if failure then return note(user, failure) end
  share.paced:sample("iteration", msec * USEC // 1 | 0)
end

-- What is not closed in time is an error, too, unless there was one before.
local function close_from(user, first, failure)
  local faults = closing.close(user.t, first)
  return failure or faults[1] and failures.new("closed", faults[1]) or nil
end

local function iterate(user, began)
  local t, share = user.t, user.share
  local first = #t._sockets + 1
  user.iteration = user.iteration + 1
  t.iteration, t._start, t._logs, t._meter = user.iteration, share.host:clock(), false, share.paced
  local failure = play.stage(t, user.case.timeout, { user.case.fn })
  local msec = share.host:clock() - began
  failure = close_from(user, first, failure)
  t._meter = share.meter
  settle(user, failure, msec)
  return failure
end

local function has_lost(t)
  for _, socket in ipairs(t._sockets) do
    if not socket._socket:connected() then return true end
  end
  return false
end

-- Runs the scenario until there is nothing more to do, or what setup made is lost.
local function work(user)
  local share = user.share
  local began = share:take(user)
  while began do
    local failure = iterate(user, began)
    fiber.await(failure and PAUSE_MSEC or 0, is_ending, share) -- others have their turn in any case
    if failure and has_lost(user.t) then return end
    began = share:take(user)
  end
  user.is_done = true
end

local function wind_up(user)
  local failure
  if #user.case.teardowns > 0 then failure = play.stage(user.t, user.case.timeout, user.case.teardowns) end
  failure = close_from(user, 1, failure)
  if failure and not uncounted[failure.kind] then note(user, failure) end
end

-- A setup that fails is an iteration that could not be.
local function live_once(user, options)
  local playing <close> = play.open(user.case, options)
  user.t = playing.t
  user.t.vu = user.vu
  local failure = play.stage(user.t, user.case.timeout, user.case.setups)
  if failure then settle(user, failure, 0) else work(user) end
  wind_up(user)
  return failure
end

local function live(user)
  local options = user.vu <= TELLING_USERS and user.share.telling or user.share.silent
  repeat
    local failure = live_once(user, options)
    if failure then fiber.await(SETUP_PAUSE_MSEC, is_ending, user.share) end
  until user.is_done or not user.share:wants(user)
end

-- Ended otherwise than by returning, as by the watchdog.
local function ended(user, state, caught)
  if state == "waiting" then return end
  if state == "failed" then user.share:tell("error", { user.case.name, caught.text }) end
  user.share:left(user, state == "failed")
end

--- Begins one; its share hears `left(user, has_failed)` when it has ended.
---@param share slipstream.scenario.Share
---@param vu integer
---@param case slipstream.scenario.Case
---@param began number? of its first iteration
---@return slipstream.scenario.User
function M.begin(share, vu, case, began)
  local user = {
    share = share, vu = vu, case = case, iteration = 0, began = began or false, t = false,
    _client = share.client, _fiber = false, _done = false, _alarm = false, _is_script = true,
  }
  fiber.run(user, ended, live, user)
  return user
end

return M
