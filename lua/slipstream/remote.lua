--- Remote: clients of other workers, as this one sees them: handles that know where their clients are, and
-- send all that is wanted of them there. What answers there is slipstream.reception.

local check = require "slipstream.check"
local fiber = require "slipstream.fiber"
local parcel = require "slipstream.parcel"
local seat = require "slipstream.seat"
local team = require "slipstream.team"

local M = {}

local CALL_MSEC = 5000

---@class slipstream.RemoteClient : slipstream.Client
---@field id integer its client's id, on its own worker
---@field name string
---@field worker integer
---@field address integer the id among all lives of its worker
local Remote = { __name = "slipstream.client", __shared = true, _is_remote = true }
Remote.__index = Remote
M.Client = Remote

-- One handle a client: by worker and address, while somebody has it.
local handles = {}

--- The handle of a client of another worker.
---@param index integer
---@param address integer
---@param name string
---@return slipstream.RemoteClient
function M.handle(index, address, name)
  handles[index] = handles[index] or setmetatable({}, { __mode = "v" })
  local handle = handles[index][address]
  if handle then return handle end
  handle = setmetatable({ id = seat.id_in(address), name = name, worker = index, address = address }, Remote)
  handles[index][address] = handle
  return handle
end

--- The client on another worker that has a name.
---@param name string
---@return slipstream.RemoteClient?
function M.find(name)
  local index, address = seat.find(name)
  return index and M.handle(index, address, name)
end

--- What stands for a client in what other workers are told.
---@return table reference
function Remote:__refer()
  return { "client", self.worker, self.address, self.name }
end

function Remote:__tostring()
  return ("client %s of worker %d"):format(self.name, self.worker)
end

-- What is told. Raising comes first, so that it is not behind a tail call, which hides the script.

--- The bytes that tell it something; `position` is that of the value among the arguments of what the script
-- called, which raises when the value cannot be passed.
---@param client slipstream.RemoteClient
---@param position integer
---@param kind "tell"|"stop"
---@param value table
---@return string bytes for `post`
function M.pack(client, position, kind, value)
  value.address = client.address
  local ok, bytes = pcall(parcel.pack, kind, value)
  if not ok then check.fail(position, bytes) end
  return bytes
end

--- The bytes that send it a message, see `pack`.
---@param client slipstream.RemoteClient
---@param position integer
---@param kind "info"|"cast"
---@param message any
---@return string bytes
function M.tell(client, position, kind, message)
  local bytes = M.pack(client, position, "tell", { kind = kind, message = message })
  return bytes
end

--- Sends what was packed.
---@param client slipstream.RemoteClient
---@param bytes string
---@return true? ok, string? text, string? code
function M.post(client, bytes)
  return seat.mine():post(client.worker, bytes)
end

function Remote:send(message)
  check.self(self, Remote.__name)
  return M.post(self, M.tell(self, 1, "info", message))
end

function Remote:cast(message)
  check.self(self, Remote.__name)
  return M.post(self, M.tell(self, 1, "cast", message))
end

function Remote:stop(reason, code)
  check.self(self, Remote.__name)
  check.is_close_code(2, code)
  return M.post(self, M.pack(self, 1, "stop", { reason = reason, code = code }))
end

-- What is asked.

--- Asks it something; raises as `pack` does, and where one cannot wait.
---@param client slipstream.RemoteClient
---@param position integer
---@param kind "call"|"status"|"await_end"
---@param request any
---@return slipstream.Question to be closed
function M.put(client, position, kind, request)
  fiber.check_may_wait()
  local value = { address = client.address, request = request }
  local ok, question = pcall(team.put, client.worker, kind, value)
  if not ok then check.fail(position, question) end
  return question
end

local function strip(ok, ...)
  if ok then return ... end
  return nil, ...
end

--- Waits for the reply to a call.
---@param question slipstream.Question
---@param msec integer?
---@return any reply, any reason
function M.await_reply(question, msec)
  return strip(question:await(msec or CALL_MSEC))
end

function Remote:call(request, msec)
  check.self(self, Remote.__name)
  check.is_msec(2, msec)
  local question <close> = M.put(self, 1, "call", request)
  return M.await_reply(question, msec)
end

-- Who is not there any more has ended, and nobody knows why.
local has_ended = { noproc = true, worker_ended = true }

local function status_of(ok, ...)
  if ok then return ... end
  local reason = ...
  if has_ended[reason] then return "ended", reason end
  return nil, reason, reason
end

function Remote:status()
  check.self(self, Remote.__name)
  local question <close> = M.put(self, 1, "status")
  return status_of(question:await(CALL_MSEC))
end

function Remote:alive()
  check.self(self, Remote.__name)
  local status, reason = Remote.status(self)
  if not status then return nil, reason, reason end
  return status == "running" or status == "stopping"
end

function Remote:await_end(msec)
  check.self(self, Remote.__name)
  check.is_msec(1, msec)
  local question <close> = M.put(self, 1, "await_end")
  local ok, reason = question:await(msec or CALL_MSEC)
  if ok or has_ended[reason] then return true, reason end
  return nil, reason, reason
end

return M
