--- Share: a worker's share of a load: its users, its meter, and the time.

local closed = require "slipstream.scenario.load.closed"
local deal = require "slipstream.scenario.load.deal"
local fiber = require "slipstream.fiber"
local meters = require "slipstream.scenario.measure.meter"
local open = require "slipstream.scenario.load.open"
local play = require "slipstream.scenario.play"
local ramps = require "slipstream.scenario.load.ramp"
local turn = require "slipstream.turn"
local users = require "slipstream.scenario.load.user"

local M = {}

local SECOND_MSEC, MSEC_USEC = 1000, 1000

-- So many users close their connections at a time.
local MOST_LEAVING = 200

-- How often it looks whether there should be more users, and at the time.
local TICK_MSEC = 20

---@class slipstream.scenario.Share
---@field plan slipstream.scenario.LoadPlan
---@field index integer the worker
---@field count integer of workers
---@field ramp slipstream.scenario.Ramp
---@field functions table<slipstream.scenario.Case, function[]> what an iteration of each calls
---@field users table<integer, slipstream.scenario.User> by number
---@field alive integer how many there are
---@field peak integer the most that there were in this second
---@field leaving integer how many are closing what they have open
---@field waiting slipstream.scenario.User[] who would like to
---@field idle slipstream.scenario.User[] of an open load, those who wait for an iteration
---@field next integer of an open load, how many iterations were begun or dropped
---@field made integer of an open load, how many users were begun
---@field level integer of a closed load, how many users there should be, of all workers
---@field is_ending boolean no other iteration begins
---@field stories table<string, true>
local Share = {}
Share.__index = Share

-- So many of something are for this worker.
local function part_of(share, all)
  return all // share.count + (share.index < all % share.count and 1 or 0)
end

local function play_options(share)
  local options = { meter = share.meter }
  for name, value in pairs(share.play) do options[name] = value end
  return options
end

--- Has the collector of this state begin when a quarter has come to what there is, and not as much again:
-- memory is what limits how many users there can be.
function M.spare_memory() collectgarbage("incremental", 125, 200) end

--- Makes one; nothing begins yet.
---@param options table `plan`, `cases`, `play`: options for that, `index`, `count`, `host`, and
---`report(parts, facts)`, which hears each second what was measured and how many `users` there are; of the
---first error of a kind its `kind` and `lines`; and when it `is_over` how many `msec` that were, and
---`begun_msec` in which iterations began; and `fail(text)`, which hears why it cannot go on
---@return slipstream.scenario.Share
function M.new(options)
  local share = setmetatable({
    users = {}, alive = 0, peak = 0, leaving = 0, waiting = {}, idle = {}, next = 0, made = 0, level = 0,
    begun = 0, stories = {}, is_ending = false, meter = meters.new(), began = false,
  }, Share)
  for name, value in pairs(options) do share[name] = value end
  local plan = share.plan
  share.client = { name = "user", _host = share.host } -- what the log calls each of them
  share.telling, share.silent = play_options(share), play_options(share)
  share.silent.history = 0
  share.functions = {}
  for _, case in ipairs(share.cases) do share.functions[case] = { case.fn } end
  share.kind = plan.is_rate and open or closed
  share.ramp, share.order = ramps.new(plan.points), deal.order(share.cases)
  share.paced = plan.pace_msec and share.meter:paced(plan.pace_msec * MSEC_USEC) or share.meter
  share.quota, share.most = plan.iterations and part_of(share, plan.iterations), part_of(share, plan.max_vus)
  return share
end

-- Users.

--- Begins a user.
---@param vu integer
---@param began number? of its first iteration
function Share:begin_user(vu, began)
  self.users[vu], self.alive = true, self.alive + 1
  self.peak = math.max(self.peak, self.alive)
  local user = users.begin(self, vu, deal.of(self.order, vu), began)
  if self.users[vu] then self.users[vu] = user end -- it may have ended already
end

--- A user has ended.
---@param user slipstream.scenario.User
---@param has_failed boolean it was ended by something else than itself
function Share:left(user, has_failed)
  self.users[user.vu], self.alive = nil, self.alive - 1
  if has_failed then self.meter:fail("iteration", "error") end
end

--- Asks for a turn to end: if all closed their connections at once, the server would answer few of them in
-- time. When it is none yet, the user hears by `leave` when it is.
---@param user slipstream.scenario.User
---@return boolean
function Share:may_pass(user)
  if self.leaving == MOST_LEAVING then
    table.insert(self.waiting, user)
    return false
  end
  self.leaving = self.leaving + 1
  return true
end

--- One that had its turn has closed all.
function Share:pass()
  local user = table.remove(self.waiting)
  if user then return turn.post(self.host, users.leave, user) end
  self.leaving = self.leaving - 1
end

--- An iteration has failed; for want of memory so would those after it, which would be another load.
---@param text string
function Share:check_memory(text)
  if text == "not enough memory" then return self.fail(text) end
end

--- The first story of a kind of error.
---@param kind string
---@param lines string[]
function Share:tell(kind, lines)
  if self.stories[kind] then return end
  self.stories[kind] = true
  self.report({}, { kind = kind, lines = lines })
end

-- Iterations.

--- Whether it may begin another iteration.
---@return boolean
function Share:has_quota()
  return not self.is_ending and (not self.quota or self.begun < self.quota)
end

--- Takes one of those that it may begin.
---@return boolean
function Share:use_quota()
  if not self:has_quota() then return false end
  self.begun = self.begun + 1
  return true
end

--- Whether a user is to go on.
---@param user slipstream.scenario.User
---@return boolean
function Share:wants(user)
  return not self.is_ending and self.kind.wants(self, user)
end

--- Gives a user its next iteration, for whose time it waits in that one's fiber.
---@param user slipstream.scenario.User
---@return number? began nil: no more
function Share:take(user)
  return self.kind.take(self, user)
end

-- Time.

local function is_ending(share)
  if share.is_ending then return true end
end

--- Waits, in the fiber of a user, unless the load ends meanwhile.
---@param msec integer
function Share:pause(msec)
  fiber.await(msec, is_ending, self)
end

-- What comes after it was stopped is in no window.
local function take(share, is_over)
  local parts = share.meter:take(is_over)
  for _, part in ipairs(parts) do part.is_end = share.cut_at and true end
  return parts
end

local function measure(share, at)
  local second = at // SECOND_MSEC | 0
  if second == share.meter.second then return end
  share.meter:count("vu_seconds", share.peak)
  share.peak = share.alive
  share.meter:advance(second)
  share.report(take(share), { users = share.alive })
end

local function finish(share, at)
  share.meter:count("vu_seconds", share.peak)
  local stopped = share.cut_at and share.cut_at - share.plan.graceful_msec or at
  share.report(take(share, true), {
    users = 0, is_over = true, msec = at // 1 | 0, begun_msec = stopped // 1 | 0,
  })
end

-- No other iteration begins.
local function let_end(share)
  if share.is_ending then return end
  share.is_ending = true
  for _, user in pairs(share.users) do
    if user ~= true then fiber.poke(user) end
  end
end

-- When all that it may begin has begun, that may end in its own time.
local function end_in_time(share, at)
  local duration = share.plan.duration_msec
  if duration and at >= duration then return share:stop() end
  if not share:has_quota() then let_end(share) end
end

local function cut(share)
  share.is_cut = true
  play.interrupt "the load is over"
end

local function tick(share)
  local at = share.host:clock() - share.began
  measure(share, at)
  local following = not share.is_ending and share.kind.tick(share, at)
  end_in_time(share, at)
  if share.is_ending and share.alive == 0 then return finish(share, at) end
  if share.cut_at and at >= share.cut_at and not share.is_cut then cut(share) end
  local pause = following and math.max(following - at, 0) or TICK_MSEC
  share.timer:set(math.ceil(math.min(TICK_MSEC, pause)))
end

-- Without ticks the load would never end: when one raises, as for want of memory, it is over.
local function beat(share)
  local ok, text = pcall(tick, share)
  if not ok then return share.fail(text) end
end

--- Begins the load.
function Share:begin()
  self.began = self.host:clock()
  self.timer = self.host:timer(beat, self)
  beat(self)
end

--- Begins no other iteration, and gives those that run only some time to end.
function Share:stop()
  let_end(self)
  self.cut_at = self.cut_at or self.host:clock() - self.began + self.plan.graceful_msec
end

return M
