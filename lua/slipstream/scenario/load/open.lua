--- Open: a load of so many iterations a second, which begin at their times whatever became of those before.
-- They are given to users that have nothing to do; there are as many users as that needs, up to a maximum.
-- An iteration for which nobody is free is dropped. Its latency is counted from the time when it was to
-- begin, so that waiting is seen.

local fiber = require "slipstream.fiber"

local M = {}

local function give(share, began)
  local user = table.remove(share.idle)
  if user then
    user.began = began
    return fiber.poke(user)
  end
  if share.alive >= share.most then return share.meter:count("dropped", 1) end
  share.made = share.made + 1
  return share:begin_user((share.made - 1) * share.count + share.index + 1, began)
end

-- The iterations of this share are every `count`th one.
local function time_of_next(share)
  local due, duration = share.ramp:time_of(share.next * share.count + share.index), share.plan.duration_msec
  if due and duration and due >= duration then return nil end
  return due
end

--- Begins those iterations whose time has come.
---@param share slipstream.scenario.Share
---@param at number msec since the load began
---@return number? next when to look again, nil: when nothing is left
function M.tick(share, at)
  local due = time_of_next(share)
  while due and due <= at and share:use_quota() do
    share.next = share.next + 1
    give(share, share.began + due)
    due = time_of_next(share)
  end
  return due
end

local function has_work(user)
  if user.began or user.share.is_ending then return true end
end

--- Gives a user its next iteration, once there is one.
---@param share slipstream.scenario.Share
---@param user slipstream.scenario.User
---@return number? began nil: no more
function M.take(share, user)
  if not user.began then
    table.insert(share.idle, user)
    fiber.await(nil, has_work, user)
  end
  local began = user.began
  user.began = false
  if not began or not share.is_ending then return began or nil end
  share.meter:count("dropped", 1) -- it came too late for it
end

--- It is one as long as the load lasts.
---@return boolean
function M.wants()
  return true
end

return M
