--- Seat: this thread's end of the team of workers, if it is of one; its lives, and the names that are unique
-- among all workers.
--
-- A worker that failed is started again, as its next life. Its clients' ids begin anew then; their addresses
-- do not.

local core = require "slipstream.core"
local worker = require "slipstream.worker"

local M = {}

--- The index of the lead, the thread that started the workers.
M.LEAD = -1

-- What is counted within a life stays below it.
local LIFE = 1 << 32

-- `mine` is nil where there is no team.
local state = { mine = nil, life = 0, last_number = 0 }

-- Being of a team.

local function sit_down(mine, life)
  state.mine, state.life, state.last_number = mine, life, life * LIFE
  return mine
end

--- Makes a team, whose lead is this thread.
---@param count integer
---@return userdata team see src/script/team_lua.h
function M.lead(count)
  return sit_down(assert(core.team.new(count)), 0)
end

--- Joins the team in which this thread is a worker.
---@param life integer how often the worker was started before
---@return userdata team
function M.join(life)
  return sit_down(core.team.mine(), life)
end

--- This thread's end of the team; nil: there is none.
---@return userdata?
function M.mine()
  return state.mine
end

--- How many workers there are.
---@return integer
function M.count()
  return state.mine and state.mine:count() or 1
end

--- How often this worker was started before.
---@return integer
function M.life()
  return state.life
end

-- Numbers.

--- A number that nothing of this worker had before, nor of its former lives.
---@return integer
function M.number()
  state.last_number = state.last_number + 1
  return state.last_number
end

--- What stands for the id of a client of this worker, in all of its lives.
---@param id integer
---@return integer
function M.address(id)
  return state.life * LIFE + id
end

--- The client's id in an address.
---@param address integer
---@return integer id
function M.id_in(address)
  return address % LIFE
end

--- The id of a client of ours; nil: it was of a former life.
---@param address integer
---@return integer?
function M.own_id(address)
  if address // LIFE == state.life then return address % LIFE end
end

-- Names.

--- Takes a name for a client; false: another worker has it.
---@param name string
---@param id integer
---@return boolean
function M.claim(name, id)
  return not state.mine or state.mine:claim(name, M.address(id))
end

--- Gives a name of ours back.
---@param name string
function M.release(name)
  if state.mine then state.mine:release(name) end
end

--- Who has a name on another worker.
---@param name string
---@return integer? worker, integer? address
function M.find(name)
  if not state.mine then return end
  local index, address = state.mine:find(name)
  if index ~= worker.index then return index, address end
end

return M
