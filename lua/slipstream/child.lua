--- Children of a supervisor: each is a spec and, mostly, a client. The supervisor's fiber starts and stops
-- them, and waits for that.

local endings = require "slipstream.ending"
local fiber = require "slipstream.fiber"
local handle = require "slipstream.handle"
local is_supervisor = require("slipstream.child_spec").is_supervisor
local journal = require "slipstream.journal"
local log = require "slipstream.log"
local process = require "slipstream.process"

---@class slipstream.Child
---@field id any
---@field spec slipstream.ChildSpec
---@field supervisor slipstream.Socket whose child it is
---@field client slipstream.Client? nil while it is not to run: it was ignored, stopped or is done
---@field is_up boolean it was started; false as well once its end is dealt with
---@field is_pausing boolean it waits to be started again
---@field private pause userdata? the timer
local Child = {}
Child.__index = Child
Child.__name = "slipstream.child"
Child.__shared = true -- in messages it goes by reference

local M = {}

--- What becomes of a client that its supervisor has no more use for.
local SHUTDOWN = { reason = "shutdown", is_failure = false, was_asked_for = true }

--- Makes a child, without a client yet.
---@param supervisor slipstream.Socket
---@param spec slipstream.ChildSpec
---@return slipstream.Child
function M.new(supervisor, spec)
  local child = { id = spec.id, spec = spec, supervisor = supervisor, is_up = false, is_pausing = false }
  return setmetatable(child, Child)
end

--- A supervisor or a worker.
---@return string
function Child:type()
  return is_supervisor(self.spec.module) and "supervisor" or "worker"
end

-- Its supervisor hears of it.

--- The client tells: a life of it is over. A supervisor that waits for just that goes on in the next turn,
-- and finds nothing new in the message. One whose mailbox is full cannot look after its children any more.
function Child:child_ended()
  local supervisor = self.supervisor
  fiber.poke(supervisor)
  local ok, code = process.post(supervisor, "child_ended", self)
  if not ok then endings.request(supervisor, endings.new(code)) end
end

--- How it ended, if the supervisor has not dealt with that yet: the message may be older than a restart.
---@return slipstream.Ending?
function Child:take_ending()
  if not self.is_up or self.client:alive() then return nil end
  self.is_up = false
  return self:ending()
end

-- The pause before it is started again.

local function ring(child) return process.arrive(child.supervisor, "restart_due", child) end

--- Tells the supervisor in `msec` that a restart is due.
---@param msec integer
function Child:begin_pause(msec)
  self.is_pausing = true
  self.pause = self.pause or self.supervisor._client._host:timer(ring, self)
  self.pause:set(msec)
end

--- Ends the pause, or does not let it begin.
local function end_pause(child)
  child.is_pausing = false
  if child.pause then child.pause:unset() end
end

-- Starting.

local function new_client(child)
  local spec = child.spec
  local options = { name = spec.name, host = child.supervisor._client._host, supervisor = child }
  return handle.new(spec.module, spec.args, options)
end

local function begin_again(child)
  local client = child.client
  client.restarts = client.restarts + 1
  client._module, client._args = child.spec.module, child.spec.args -- which a reload may have changed
  journal.starts_again(client, child.supervisor._client.name)
end

--- Starts it, or starts it again under the handle that it had, and waits for its `init`.
---@return true? ok, any reason nil and why not; "ignore": it is left without a client
function Child:start()
  end_pause(self)
  if self.client then begin_again(self) else self.client = new_client(self) end
  local client, reason = handle.launch(self.client)
  self.is_up = client ~= nil
  if client then return true end
  if not self.client._socket then self.client = nil end -- its name was taken
  return nil, reason
end

-- Stopping.

local function has_gone(client)
  if not client:alive() then return true, true end
end

--- Ends its life without a word.
function Child:kill()
  if self.client and self.client:alive() then endings.kill(self.client._socket, "shutdown") end
end

-- Topics are left before the close where the supervisor leaves them, as at a signal.
local function ask_to_end(child)
  local own = child.supervisor._ending
  endings.request(child.client._socket, endings.new("shutdown", own and own.code, true))
end

local function await_end(child)
  local client, msec = child.client, child.spec.shutdown
  if fiber.await(msec ~= "infinity" and msec or nil, has_gone, client) then return end
  log.warn("child did not end in time and is killed", { supervisor = child.supervisor._client.name,
    client = client.name, shutdown = msec })
  return child:kill()
end

--- Ends its life, or its wait for another one, and waits until that is over; it keeps its handle.
function Child:stop()
  self.is_up = false
  end_pause(self)
  if not (self.client and self.client:alive()) then return end
  if self.spec.shutdown == "brutal_kill" then return self:kill() end
  ask_to_end(self)
  return await_end(self)
end

--- How its last life ended, or is about to.
---@return slipstream.Ending? nil when it has no client
function Child:ending()
  return self.client and self.client._socket._ending
end

--- It is over for good, or until somebody asks for a new one. It must not run.
---@param ending slipstream.Ending? how it ended; when absent, its supervisor had no more use for it
function Child:retire(ending)
  local client = self.client
  self.client, self.is_up = nil, false
  end_pause(self)
  if client then return handle.retire(client, ending or SHUTDOWN) end
end

-- For people.

--- "running", "stopping", "restarting" (its supervisor will start it again) or "ended".
---@return string
function Child:status()
  return self.client and (self.client:status()) or "ended"
end

return M
