--- Reception: answers other workers that want something of the clients here, see slipstream.remote.

local dispatch = require "slipstream.dispatch"
local fiber = require "slipstream.fiber"
local handle = require "slipstream.handle"
local parcel = require "slipstream.parcel"
local registry = require "slipstream.registry"
local remote = require "slipstream.remote"
local seat = require "slipstream.seat"
local team = require "slipstream.team"
local worker = require "slipstream.worker"

local Client = handle.Client

-- The client that has an address, unless it has ended for good.
local function find(address)
  local id = seat.own_id(address)
  return id and registry.by_id(id)
end

-- Clients that others were told of, by their addresses, also after their ends: who comes back is the same.
local known = setmetatable({}, { __mode = "v" })

--- What stands for a client in what other workers are told.
---@return table reference
function Client:__refer()
  local address = seat.address(self.id)
  known[address] = self
  return { "client", worker.index, address, self.name }
end

parcel.on_reference("client", function(index, address, name)
  local own = index == worker.index and (known[address] or find(address))
  return own or remote.handle(index, address, name)
end)

-- Who is not there does not hear it, and nobody hears of that: the sender does not wait.

team.on("tell", function(value)
  dispatch.post(find(value.address), value.kind, value.message)
end)

team.on("stop", function(value)
  local client = find(value.address)
  if client then client:stop(value.reason, value.code) end
end)

team.answer("call", function(value)
  return dispatch.ask(fiber.current(), find(value.address), value.request)
end)

team.answer("status", function(value)
  local client = find(value.address)
  if client then return client:status() end
  return "ended", "noproc"
end)

team.answer("await_end", function(value)
  local client = find(value.address)
  if client then return select(2, handle.await_end(client)) end
  return "noproc"
end)
