--- The clients that there are, their names, and who wants to hear of their ends.

local check = require "slipstream.check"
local log = require "slipstream.log"
local remote = require "slipstream.remote"
local seat = require "slipstream.seat"
local traceback = require "slipstream.traceback"

local M = {}

local clients = {} -- by id
local names = {}
-- Each a table with its `fn`, which may watch twice.
-- The list is never changed but replaced: watchers may come or go while they are told.
local watchers = {}

-- Those that gave up stay visible, but not without a limit.
local MOST_GIVEN_UP = 1000
local given_up = {}

local function take_name(client, name)
  if names[name] then return names[name] == client end
  names[name] = client -- first: it may raise
  if seat.claim(name, client.id) then return true end
  names[name] = nil
  return false
end

--- Adds a client; its name, if it has one of its own, is taken from now on.
---@param client slipstream.Client
---@return boolean ok false: another one has the name, on whatever worker
function M.add(client)
  if client._is_named and not take_name(client, client.name) then return false end
  clients[client.id] = client
  local of_script = client._script and client._script.clients
  if of_script then of_script[client] = true end
  return true
end

--- Forgets a client and its name.
---@param client slipstream.Client
function M.remove(client)
  clients[client.id] = nil
  local of_script = client._script and client._script.clients
  if of_script then of_script[client] = nil end
  if names[client.name] ~= client then return end
  names[client.name] = nil
  seat.release(client.name)
end

--- Forgets a client but for `clients()`, so that one sees that it gave up.
---@param client slipstream.Client
function M.keep_given_up(client)
  M.remove(client)
  given_up[#given_up + 1] = client
  if #given_up > MOST_GIVEN_UP then table.remove(given_up, 1) end
end

--- Forgets a client for good, also one that gave up.
---@param client slipstream.Client
function M.forget(client)
  M.remove(client)
  for place, each in ipairs(given_up) do
    if each == client then return table.remove(given_up, place) end
  end
end

--- Those that have not ended, by their ids; not to be changed.
---@return table<integer, slipstream.Client>
function M.living()
  return clients
end

--- The client of this worker that has an id, also in the pause before it is started again.
---@param id integer
---@return slipstream.Client?
function M.by_id(id)
  return clients[id]
end

--- The client that has a name, also in the pause before it is started again.
---@param name string
---@return slipstream.Client?
function M.named(name)
  return names[name] or remote.find(name)
end

--- The client of that name, if it is there; on another worker also in the pause before it is started again.
---@param name string
---@return slipstream.Client?
function M.whereis(name)
  check.is(1, name, "string")
  local client = names[name]
  if not client then return remote.find(name) end
  return client:alive() and client or nil
end

--- The clients that have not ended, and those that gave up (the last 1000 of them), in the order of their
-- starts; `client:status()` tells them apart.
---@return slipstream.Client[]
function M.clients()
  local list, by_id = {}, {}
  local function add(client)
    list[#list + 1], by_id[client.id] = client.id, client
  end
  for _, client in ipairs(given_up) do add(client) end
  for _, client in pairs(clients) do add(client) end
  table.sort(list) -- numbers, which is three times as fast as to compare clients by a function
  for place, id in ipairs(list) do list[place] = by_id[id] end
  return list
end

local function unwatch(watcher)
  local others = {}
  for _, other in ipairs(watchers) do
    if other ~= watcher then others[#others + 1] = other end
  end
  watchers = others
end

--- Calls `fn(client, reason, is_failure)` whenever a client has ended for good, one whose `init` ended
-- it included; not when it is started again. A failure is any reason but nil, "normal", "shutdown",
-- "ignore" and `closed_by_client`.
---@param fn fun(client: slipstream.Client, reason: any, is_failure: boolean)
---@return fun() unwatch ends the calls
function M.watch(fn)
  check.is(1, fn, "function")
  local watcher = { fn = fn }
  watchers = { table.unpack(watchers) }
  watchers[#watchers + 1] = watcher
  return function() unwatch(watcher) end
end

--- Tells the watchers.
---@param client slipstream.Client
---@param ending slipstream.Ending
function M.tell(client, ending)
  for _, watcher in ipairs(watchers) do
    local ok, caught = xpcall(watcher.fn, traceback.catch, client, ending.reason, ending.is_failure)
    if not ok then
      caught = traceback.caught(caught)
      log.error(caught.text, { traceback = caught.traceback })
    end
  end
end

return M
