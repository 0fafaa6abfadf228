--- Turns: what is to be done in the next round of a host's loop, and not inside of what runs now.

local log = require "slipstream.log"
local traceback = require "slipstream.traceback"

local M = {}

-- By host. A queue knows nothing of its host, so that it goes when the host does.
local queues = setmetatable({}, { __mode = "k" })

--- Calls a function of ours out of the loop. An error in it is a defect, which is logged. Want of memory, of
-- which Lua tells no handler, is raised on: what was half done stays so.
---@param fn fun(first: any, second: any)
---@param first any
---@param second any
function M.guard(fn, first, second)
  local ok, caught = xpcall(fn, traceback.catch, first, second)
  if ok then return end
  if type(caught) == "string" then error(caught, 0) end
  log.error("a defect of slipstream itself: " .. caught.text, { traceback = caught.traceback })
end

local guard = M.guard

-- What is posted meanwhile is of the next round.
local function work(queue)
  local jobs, count = queue.jobs, queue.count
  queue.jobs, queue.spare, queue.count = queue.spare, jobs, 0
  for place = 1, count, 2 do
    local fn, argument = jobs[place], jobs[place + 1]
    jobs[place], jobs[place + 1] = nil, nil
    guard(fn, argument)
  end
end

local function new_queue(host)
  local queue = { jobs = {}, spare = {}, count = 0 }
  host:on_turn(function() work(queue) end)
  queues[host] = queue
  return queue
end

--- Calls `fn(argument)` in the next round of the host's loop, in the order of the posts.
---@param host userdata
---@param fn fun(argument: any)
---@param argument any
function M.post(host, fn, argument)
  local queue = queues[host] or new_queue(host)
  local count = queue.count
  if count == 0 then host:wake() end
  queue.jobs[count + 1], queue.jobs[count + 2] = fn, argument
  queue.count = count + 2
end

return M
