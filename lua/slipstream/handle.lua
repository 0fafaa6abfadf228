--- Clients as others see them: the handle that `start` answers, by which a client is called, told, stopped
-- and, when it has failed, started again.

local check = require "slipstream.check"
local client_modules = require "slipstream.client"
local dispatch = require "slipstream.dispatch"
local endings = require "slipstream.ending"
local fiber = require "slipstream.fiber"
local hosts = require "slipstream.host"
local journal = require "slipstream.journal"
local lineage = require "slipstream.lineage"
local misnomer = require "slipstream.misnomer"
local process = require "slipstream.process"
local registry = require "slipstream.registry"
local remote = require "slipstream.remote"
local restart = require "slipstream.restart"
local traceback = require "slipstream.traceback"
local worker = require "slipstream.worker"

--- A client as others see it: what `start` answers, and `self:client()` inside.
---@class slipstream.Client
---@field id integer
---@field name string for logs
---@field restarts integer how often it was started again
---@field worker integer the index of the worker that runs it
local Client = dispatch.Client
Client.__index = Client
Client.__name = "slipstream.client"
Client.__shared = true -- in messages it goes by reference

-- What holds for most. A handle has of its own what is otherwise: at first, and while it runs, eight fields
-- and no more, as its table would grow by eight at the ninth.
Client.restarts = 0
Client._is_named = false
Client._is_initialized = true
Client._is_unwanted = false
Client._status = "running"
Client.worker = worker.index

local M = {}

local CALL_MSEC = 5000
local none = {}

local last_id = 0

--- Leaves the ids from 1 to `count` to clients that are made with theirs.
---@param count integer
function M.keep_ids(count)
  last_id = count
end

local function next_id()
  last_id = last_id + 1
  return last_id
end

-- Its lives.

-- What every socket has while it is idle has its place from the start, and nothing else: there is room for
-- one more, such as the params of its joins, before the table doubles.
local function new_socket(client)
  local socket = {
    assigns = {}, _client = client, _callback = "init", _fiber = false,
    _core = nil, _config = nil, _connection_id = nil, -- with the first connect
  }
  return setmetatable(socket, getmetatable(client._module).socket_meta)
end

-- Each life begins in the newest code.
local function begin(client)
  client._status, client._module = nil, lineage.newest(client._module)
  client._socket = new_socket(client)
  return process.begin(client._socket, client._args)
end

-- Who waits for its start or its end.
local function wake(client)
  for owner in next, client._awaiting or none do fiber.poke(owner) end
end

-- Takes a waiting fiber off the list, however its wait ends.
local Awaiting = {}
function Awaiting:__close() self.client._awaiting[self.owner] = nil end

local function await(client, msec, try)
  local owner = fiber.check_may_wait()
  client._awaiting = client._awaiting or {}
  client._awaiting[owner] = true
  local _ <close> = setmetatable({ client = client, owner = owner }, Awaiting)
  return fiber.await(msec, try, client)
end

-- process.lua tells: init is done.
function Client:_initialized()
  if not self._socket._ending then self._is_initialized = nil end
  wake(self)
end

local function retire(client, ending, status)
  client._status, client._reason = status, ending.reason
  if status == "gave_up" then registry.keep_given_up(client) else registry.remove(client) end
  registry.tell(client, ending)
  wake(client)
end

-- Restarts.

local function begin_again(client)
  journal.starts_again(client)
  return begin(client)
end

local function begin_later(client)
  local pause = restart.pause(client._history:count())
  client.restarts = client.restarts + 1
  client._status = "restarting"
  client._pause = client._pause or client._host:timer(begin_again, client)
  client._pause:set(pause)
end

local function give_up(client, ending)
  journal.gave_up(client, ending.reason)
  return retire(client, ending, "gave_up")
end

-- Who asked for no policy of its own is started again after failures: a script that has done its work
-- returns "stop" and is done. (Children of a supervisor are permanent then, as OTP's.)
local DEFAULT_RESTART = "transient"

-- What its module says where its start does not.
local function options_of(client) return getmetatable(client._module).options end

-- One that never came as far as to run is wrong, not unlucky.
local function is_to_restart(client, ending)
  if ending.was_asked_for or ending.reason == "ignore" or not client._is_initialized then return false end
  local policy = client._restart or options_of(client).restart or DEFAULT_RESTART
  return restart.is_wanted(policy, ending.is_failure)
end

-- Most never fail, so it is made late.
local function history_of(client)
  local own = options_of(client)
  client._history = client._history or restart.new_history(
    client._max_restarts or own.max_restarts or restart.MAX_RESTARTS,
    client._max_seconds or own.max_seconds or restart.MAX_SECONDS)
  return client._history
end

-- Whether it begins again, by `launch`, or is retired is for its supervisor to say.
local function leave_to_supervisor(client)
  client._status = "restarting"
  wake(client)
  return client._supervisor:child_ended()
end

-- process.lua tells: a life is over. It may have been asked to stop while it was ending by itself.
function Client:_ended(ending)
  ending.was_asked_for = ending.was_asked_for or self._is_unwanted
  if self._supervisor then
    return leave_to_supervisor(self)
  elseif not is_to_restart(self, ending) then
    return retire(self, ending, "ended")
  elseif history_of(self):add(self._host:now()) then
    return begin_later(self)
  end
  return give_up(self, ending)
end

-- Starting.

---@class slipstream.StartOptions
---@field name string? for `whereis`, calls by name and logs
---@field restart string? "permanent", "transient", "temporary" instead of the module's
---@field max_restarts integer? so many restarts
---@field max_seconds number? in so many seconds; at one more it gives up
---@field host userdata? `core.pretend()` in specs; that of the caller or the one on luv's loop when absent

local start_options = {
  name = "string", restart = "string", max_restarts = "number", max_seconds = "number", host = "userdata",
}

-- What is not of every client.
local function take_options(client, options)
  client._is_named = options.name and true
  client._restart, client._supervisor = options.restart, options.supervisor
  client._max_restarts, client._max_seconds = options.max_restarts, options.max_seconds
end

--- Makes a client, which `launch` starts.
---@param module table
---@param args any
---@param options table? slipstream.StartOptions; `supervisor`: the child that hears `child_ended`; `id`: one
---that was kept
---@return slipstream.Client
function M.new(module, args, options)
  local id = options and options.id or next_id()
  local owner = fiber.current()
  misnomer.warn(module, client_modules.default)
  local client = {
    id = id,
    name = options and options.name or "#" .. id,
    _module = module,
    _args = args,
    _host = options and options.host or hosts.of(owner),
    _script = owner and owner._is_script and owner or nil, -- which waits for it
    _socket = nil, _is_initialized = nil, -- with its launch
  }
  if options then take_options(client, options) end
  if client._script and owner._started then owner:_started() end
  return setmetatable(client, Client)
end

local function is_begun(client)
  return client._is_initialized or client._socket._ending ~= false
end

-- Who waits for one on another host, which it would have to drive, would wait for ever.
local function may_await(client)
  return fiber.may_wait() and fiber.current()._client._host == client._host
end

--- Starts a client: calls its `init` at once, everything else from the loop. It waits for an `init` that
-- waits where it can wait; elsewhere it answers at once then.
---@param module table what `slipstream.client` made
---@param args any given to `init`, the same value at each restart
---@param options slipstream.StartOptions?
---@return slipstream.Client? client nil when `init` ended it
---@return any reason then: "ignore", the reason that `init` gave, or the error as a reason; or
---"already_started": a client has that name
function M.start(module, args, options)
  local meta = type(module) == "table" and getmetatable(module)
  if not (meta and meta.socket_meta) then check.fail(1, "client module expected") end
  if options ~= nil then
    check.are_options(3, options, start_options)
    check.is_name_option(3, options)
    restart.check(3, options)
  end
  return M.launch(M.new(module, args, options))
end

-- Answers whether its name is free.
local function launch(client)
  if not registry.add(client) then return false end
  client._is_initialized, client._is_unwanted, client._socket = false, nil, nil
  begin(client)
  return true
end

-- There was no memory to launch it, so nothing of it stays.
local function abandon(client, err)
  registry.remove(client)
  if client._socket then endings.kill(client._socket, err) end
  error(err, 0)
end

--- Starts a client that was made, or that its supervisor starts again.
---@param client slipstream.Client
---@return slipstream.Client? client, any reason as `start` answers
function M.launch(client)
  local ok, is_launched = pcall(launch, client)
  if not ok then abandon(client, is_launched) end
  if not is_launched then return nil, "already_started", "already_started" end
  if not is_begun(client) and may_await(client) then await(client, nil, is_begun) end
  if client._socket._ending and not client._is_initialized then return nil, client._socket._ending.reason end
  return client
end

--- Its supervisor does not start it again: it has ended for good.
---@param client slipstream.Client
---@param ending slipstream.Ending
function M.retire(client, ending)
  return retire(client, ending, "ended")
end

-- What others do with it.

--- Whether the client has not ended yet; one whose connection is still closing has not, and one that
-- waits to be started again is not there.
---@return boolean
function Client:alive()
  check.self(self, Client.__name)
  return self._status == "running"
end

--- "running", "stopping", "restarting" (in the pause before it is started again), "ended" or "gave_up" (it
-- failed too often and is not started again).
---@return string status
---@return any reason why it ended, for the last two
function Client:status()
  check.self(self, Client.__name)
  if self._status == "running" and self._socket._ending then return "stopping" end
  if self._reason == nil then return self._status end
  return self._status, self._reason
end

local function stop(client, reason, code)
  local ending = endings.new(reason == nil and "normal" or reason, code, true)
  if client._status == "running" then
    client._is_unwanted = true
    endings.request(client._socket, ending)
  elseif client._status == "restarting" and not client._supervisor then
    client._pause:unset()
    retire(client, ending, "ended")
  else
    return nil, "noproc", "noproc"
  end
  return true
end

--- Ends the client: runs `terminate`, then the closing handshake; it is not started again. That begins in
-- the next turn of the loop, also when it waits, and is over when `alive` says so.
---@param reason any? "normal" when absent
---@param code integer? a close code for a shutdown, such as 1001: topics are left before the close
---@return true? ok, string? err, string? code nil, "noproc": it has ended already
function Client:stop(reason, code)
  check.self(self, Client.__name)
  check.is_close_code(2, code)
  return stop(self, reason, code)
end

local function has_ended(client)
  if client._status == "ended" or client._status == "gave_up" then return true, true, client._reason end
end

--- Waits until a client has ended for good.
---@param client slipstream.Client
---@param msec integer? no limit when absent
---@return true? ok, any reason nil, "timeout"
function M.await_end(client, msec)
  local owner = fiber.check_may_wait()
  if owner._client == client then check.misuse "waits for the client itself: it would wait for ever" end
  return await(client, msec, has_ended)
end

--- Waits until the client has ended for good.
---@param msec integer? 5000
---@return true? ok, any reason nil, "timeout"
function Client:await_end(msec)
  check.self(self, Client.__name)
  check.is_msec(1, msec)
  local ok, reason, code = M.await_end(self, msec or CALL_MSEC) -- no tail call, which would hide the script
  if ok then return true, reason end
  return nil, reason, code
end

-- Whether it is of that module, or of one that it has replaced, and still has nothing that could connect,
-- which a supervisor never has.
function Client:_never_connected(module)
  if not lineage.are_one(self._module, module) or getmetatable(module).supervisor then return false end
  return not self._socket._core
end

function Client:__tostring()
  return "client " .. self.name
end

--- Stops a client, also in the pause before it is started again; see `Client:stop`.
---@param client slipstream.Client|string
---@param reason any?
---@param code integer?
---@return true? ok, string? err, string? code
function M.stop(client, reason, code)
  local target = dispatch.find(client, registry.named)
  check.is_close_code(3, code)
  if not target then return nil, "noproc", "noproc" end
  if not target._is_remote then return stop(target, reason, code) end
  return remote.post(target, remote.pack(target, 2, "stop", { reason = reason, code = code }))
end

M.Client = Client
traceback.know(Client, "clients, such as self:client()")

return M
