--- User: a virtual user. It runs the setup of its scenario once, then the scenario as often as its share of
-- the load gives it, then the teardown. What setup has connected stays for all of that; what an iteration
-- connects is closed at its end. When one of setup's connections is lost it begins anew.
--
-- There may be very many. So it has no fiber of its own while one of the scenario's runs: what comes after
-- each stage of that is a step, which begins when the stage is settled.

local closing = require "slipstream.scenario.context.closing"
local failures = require "slipstream.scenario.failure"
local fiber = require "slipstream.fiber"
local play = require "slipstream.scenario.play"
local stories = require "slipstream.scenario.failure.story"
local turn = require "slipstream.turn"

local M = {}

local MSEC_USEC = 1000

-- After a failure, and twice as long after each further one in a row: what fails at once, as all does when
-- the server has gone, is not to be repeated as fast as the machine can.
local PAUSE_MSEC, MOST_PAUSE_MSEC = 100, 1000

-- So many users keep the last events of their sockets, for stories.
local TELLING_USERS = 10

---@class slipstream.scenario.User the owner of its fibers, see slipstream.fiber
---@field vu integer from 1, among those of all workers
---@field case slipstream.scenario.Case
---@field share slipstream.scenario.Share
---@field iteration integer how many it has begun
---@field began number|false when the iteration that it is given is to begin, on the host's clock
---@field first integer|false the first socket of this iteration
---@field step function|false what comes after the stage
---@field clock userdata the timer of the stage
---@field t slipstream.scenario.Context|false
---@field is_leaving boolean? its turn to end has come
---@field pause integer msec that it waits after a failure, from now on
---@field due number? under a pace, when its next iteration is to begin
local User = { _is_script = true }
User.__index = User

-- Steps.

local function ended(user, state, caught)
  if state ~= "failed" then return end -- as it is by the watchdog
  user.share:check_memory(caught.text)
  user.share:tell("error", { user.case.name, caught.text })
  if user.t then play.close(user.t) end
  if user.is_leaving then user.share:pass() end
  return user.share:left(user, true)
end

local function go_on(user)
  local step = user.step
  user.step = false
  user.clock:unset()
  return fiber.run(user, ended, step, user, play.end_stage(user.t, user.case.timeout))
end

local function look(user)
  if user.step and play.is_settled(user.t) then return go_on(user) end
end

-- For its context. In a round of its own, since it is told from within a task.
function User:hear()
  return turn.post(self.share.host, look, self)
end

local function is_late(user)
  if user.step then return go_on(user) end
end

-- The end of a step: calls functions of the scenario, and then `step(user, failure)`.
local function stage(user, functions, step)
  if #functions == 0 then return step(user) end
  user.step = step
  user.clock:set(user.case.timeout)
  return play.begin_stage(user.t, functions)
end

-- Iterations.

-- What is neither a success nor an error: cut at the end of the load, or `t:skip`.
local uncounted = { interrupted = true, skipped = true }

-- Of each kind of error the first one is told in full.
local function note(user, failure)
  local share = user.share
  share:check_memory(failure.text)
  share.meter:fail("iteration", failure.kind)
  if share.stories[failure.kind] then return end
  local told, case = stories.tell(user.t, failure), user.case
  local place = ("at %s:%d"):format(told.file or case.file, told.line or case.line)
  share:tell(failure.kind, { case.name, told.text, place, table.unpack(told.story) })
end

local function settle(user, failure, msec)
  local share = user.share
  if failure and uncounted[failure.kind] then return share.meter:count(failure.kind, 1) end
  share.meter:count("iterations", 1)
  if failure then return note(user, failure) end
  share.paced:sample("iteration", msec * MSEC_USEC // 1 | 0)
end

-- What is not closed in time is an error, too, unless there was one before.
local function close_from(user, first, failure)
  local t = user.t
  if #t._sockets < first and not rawget(t, "net") then return failure end
  local faults = closing.close(t, first)
  return failure or faults[1] and failures.new("closed", faults[1]) or nil
end

local function await_pause(user)
  local pause = user.pause
  user.pause = math.min(2 * pause, MOST_PAUSE_MSEC)
  user.share:pause(pause)
end

local function has_lost(t)
  for _, socket in ipairs(t._sockets) do
    if not socket._socket:connected() then return true end
  end
  return false
end

local wind_up, take_next

local function after_iteration(user, failure)
  local share, t = user.share, user.t
  local msec = share.host:clock() - user.began
  user.began = false
  failure = close_from(user, user.first, failure)
  t._meter = share.meter
  settle(user, failure, msec)
  if not failure then
    user.pause = PAUSE_MSEC
    return take_next(user)
  end
  await_pause(user)
  if has_lost(t) then return wind_up(user) end
  return take_next(user)
end

local function iterate(user, began)
  local t, share = user.t, user.share
  user.iteration, user.began, user.first = user.iteration + 1, began, #t._sockets + 1
  t.iteration, t._logs, t._meter = user.iteration, false, share.paced
  return stage(user, share.functions[user.case], after_iteration)
end

function take_next(user)
  local began = user.share:take(user)
  if began then return iterate(user, began) end
  return wind_up(user)
end

-- Lives.

local function after_setup(user, failure)
  if not failure then return take_next(user) end
  settle(user, failure, 0) -- an iteration that could not be
  user.began = false
  await_pause(user)
  return wind_up(user)
end

local function begin_life(user)
  local share = user.share
  user.t = play.open(user.case, user.vu <= TELLING_USERS and share.telling or share.silent)
  user.t.vu = user.vu
  return stage(user, user.case.setups, after_setup)
end

local function after_teardown(user, failure)
  failure = close_from(user, 1, failure)
  if failure and not uncounted[failure.kind] then note(user, failure) end
  play.close(user.t)
  user.is_leaving = nil
  user.share:pass()
  if not user.share:wants(user) then return user.share:left(user, false) end
  return begin_life(user)
end

local function tear_down(user)
  user.is_leaving = true
  return stage(user, user.case.teardowns, after_teardown)
end

function wind_up(user)
  if user.share:may_pass(user) then return tear_down(user) end
end

--- Its turn to end has come, which it has waited for.
---@param user slipstream.scenario.User
function M.leave(user)
  return fiber.run(user, ended, tear_down, user)
end

--- Begins one; its share hears `left(user, has_failed)` when it has ended.
---@param share slipstream.scenario.Share
---@param vu integer
---@param case slipstream.scenario.Case
---@param began number? of its first iteration
---@return slipstream.scenario.User
function M.begin(share, vu, case, began)
  -- 16 fields with those that come later: one more would double the table.
  local user = setmetatable({
    share = share, vu = vu, case = case, iteration = 0, began = began or false, first = false, step = false,
    t = false, pause = PAUSE_MSEC, _client = share.client, _fiber = false, _done = false, _alarm = false,
  }, User)
  user.clock = share.host:timer(is_late, user)
  fiber.run(user, ended, begin_life, user)
  return user
end

return M
