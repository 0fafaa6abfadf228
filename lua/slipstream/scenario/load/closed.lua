--- Closed: a load of so many users, each of which begins its next iteration when it is done with the one
-- before, or at its pace. Slow answers make it fewer.

local M = {}

-- The users of this share are every `count`th one, up to the level.
local function begin_users(share, level)
  local wanted = (level - share.index + share.count - 1) // share.count
  if share.alive >= wanted then return end
  for vu = share.index + 1, level, share.count do
    if not share.users[vu] then share:begin_user(vu) end
  end
end

--- Has as many users as there should be now; those that are too many end when they ask for more.
---@param share slipstream.scenario.Share
---@param at number msec since the load began
function M.tick(share, at)
  local level = share.ramp:level(at) // 1 | 0
  share.level = level
  if share:has_quota() then begin_users(share, level) end
end

-- What was missed is left out: the figures are corrected for it.
local function await_pace(share, user)
  local now, pace = share.host:clock(), share.plan.pace_msec
  local due = user.due or now
  if due > now then share:pause(math.ceil(due - now)) end
  now = share.host:clock()
  user.due = due + pace * (math.max(now - due, 0) // pace + 1) -- a timer may be early by part of a msec
end

--- Gives a user its next iteration.
---@param share slipstream.scenario.Share
---@param user slipstream.scenario.User
---@return number? began nil: no more
function M.take(share, user)
  if share.plan.pace_msec then await_pace(share, user) end
  if share:wants(user) and share:use_quota() then return share.host:clock() end
end

--- Whether a user is still one of those that there should be.
---@param share slipstream.scenario.Share
---@param user slipstream.scenario.User
---@return boolean
function M.wants(share, user)
  return user.vu <= share.level and share:has_quota()
end

return M
