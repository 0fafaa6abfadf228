--- Closing: what a scenario has open is left and closed in good order, whatever became of it.

local endings = require "slipstream.ending"
local handles = require "slipstream.handle"
local registry = require "slipstream.registry"

local M = {}

-- In msec since the closing began. What a bad network has swallowed is never answered.
local LIMITS, LIMITS_AFTER_FAULTS = { leaves = 2500, closes = 5000 }, { leaves = 250, closes = 500 }

-- Tells how many msec are left.
local function until_msec(t, deadline)
  return function() return math.max(deadline - t:_msec(), 0) end
end

-- What is yet to come: {socket, topic} each.
local function leave_all(sockets)
  local leaves = {}
  for _, socket in ipairs(sockets) do
    local own = socket._socket
    for _, topic in ipairs(own:connected() and own._core:joined_topics() or {}) do
      own:leave(topic)
      leaves[#leaves + 1] = { socket, topic }
    end
  end
  return leaves
end

local function await_leaves(leaves, left, faults)
  for _, leave in ipairs(leaves) do
    local socket, topic = leave[1], leave[2]
    if not socket._socket:await_leave(topic, left()) then
      faults[#faults + 1] = ("%s could not leave %s: there was no answer"):format(tostring(socket), topic)
    end
  end
end

local function await_closes(sockets, left, faults)
  for _, socket in ipairs(sockets) do socket._socket:disconnect() end
  for _, socket in ipairs(sockets) do
    local reason, why = socket._socket:await_disconnect(left())
    if not reason and why == "timeout" then
      faults[#faults + 1] = ("%s could not be closed: the server did not answer the closing handshake")
        :format(tostring(socket))
    end
  end
end

local function count(socket)
  local meter, stats = socket._t._meter, socket._socket:stats()
  if not meter or not stats then return end
  meter:count("bytes_in", stats.bytes_in)
  meter:count("bytes_out", stats.bytes_out)
  meter:count("messages_in", stats.messages_in)
  meter:count("messages_out", stats.pushes_out)
end

--- Takes sockets away without a word.
---@param t slipstream.scenario.Context
---@param first integer the first one of `t._sockets`
function M.kill(t, first)
  while #t._sockets >= first do
    local socket = table.remove(t._sockets)
    count(socket)
    endings.kill(socket._socket, "normal")
  end
end

--- Leaves all topics and closes all sockets from a place on; waits for the server, in a fiber.
---@param t slipstream.scenario.Context
---@param first integer the first one of `t._sockets`
---@return string[] faults what was not closed in time
function M.close(t, first)
  local net = rawget(t, "net")
  if net then net:heal() end
  local sockets, faults = table.move(t._sockets, first, #t._sockets, 1, {}), {}
  local limits, began = net and LIMITS_AFTER_FAULTS or LIMITS, t:_msec()
  await_leaves(leave_all(sockets), until_msec(t, began + limits.leaves), faults)
  await_closes(sockets, until_msec(t, began + limits.closes), faults)
  M.kill(t, first)
  return net and {} or faults
end

-- Clients.

--- Stops the clients that the scenario has started, and the sockets that it has connected otherwise than by
-- `t`. If there are any, it looks at all clients that there are.
---@param t slipstream.scenario.Context
---@return slipstream.Client[]
function M.stop_clients(t)
  local list = {}
  for _, client in ipairs(t._clients > 0 and registry.clients() or list) do
    local task = client._script
    if task and task._t == t and client:stop() then list[#list + 1] = client end
  end
  return list
end

--- The same; waits for their ends, in a fiber.
---@param t slipstream.scenario.Context
---@return string[] faults which did not end in time
function M.end_clients(t)
  local faults, left = {}, until_msec(t, t:_msec() + LIMITS.closes)
  for _, client in ipairs(M.stop_clients(t)) do
    if not handles.await_end(client, left()) then
      faults[#faults + 1] = ("the client %s did not end"):format(client.name)
    end
  end
  return faults
end

return M
