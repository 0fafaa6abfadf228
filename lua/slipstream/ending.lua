--- How a life of a client ends: what it waits for is let go, `terminate` runs, and its connection is closed.

local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local journal = require "slipstream.journal"
local log = require "slipstream.log"
local mailbox = require "slipstream.mailbox"
local reason_of = require("slipstream.reason").new
local report = require "slipstream.report"
local turn = require "slipstream.turn"
local waiter = require "slipstream.waiter"

---@class slipstream.Ending
---@field reason any
---@field code integer? a close code for a shutdown: topics are left before the close
---@field was_asked_for boolean by the client's handle
---@field is_failure boolean
---@field is_terminated boolean `terminate` is done; only the connection is left
---@field is_over boolean nothing is open any more

local observed = report.callbacks
local none = {}

local M = {}

local expected_ends = { normal = true, shutdown = true, ignore = true, closed_by_client = true }

--- How a client is to end.
---@param reason any
---@param code integer?
---@param was_asked_for boolean?
---@return slipstream.Ending
function M.new(reason, code, was_asked_for)
  return {
    reason = reason, code = code, was_asked_for = was_asked_for or false,
    is_failure = false, is_terminated = false, is_over = false, -- so that the table does not grow
  }
end

--- Whether a client that ended for that reason has failed.
---@param reason any
---@return boolean
function M.is_failure(reason)
  if reason == nil then return false end
  local kind = type(reason) == "table" and rawget(reason, "kind") or reason -- an object may raise when read
  return not expected_ends[kind]
end

-- Nothing is open any more: the client hears of it, once.
local function finish(socket)
  local ending = socket._ending
  if ending.is_over then return end
  ending.is_over = true
  waiter.wake(socket)
  journal.ended(socket, ending)
  local client = socket._core
  socket._core = nil -- so that who still has the socket is told that it is not connected
  if client then client:close() end
  socket._client:_ended(ending)
end

-- Who called and has no reply gets none; what its callbacks have connected goes with it.
local function leave_others(socket)
  for from in next, socket._calls or none do from:fail(socket._ending.reason) end
  for client in next, socket._tied or none do client:stop() end
end

-- Lua's own words.
local NO_MEMORY = "not enough memory"

local function is_for_memory(ending)
  local reason = ending.reason
  if getmetatable(reason) ~= core.reason_mt then return false end
  return reason.kind == "memory" or reason.kind == "script_error" and reason.text == NO_MEMORY
end

-- All of the script's: it would be held until the connection is closed, or the client starts again.
local function forget(socket)
  for key in next, socket do
    if type(key) ~= "string" or not key:find "^_" then socket[key] = nil end
  end
  socket.assigns = {}
end

-- Some do wait for what a leave or a disconnect of theirs leads to.
local function hold(socket)
  if socket._mailbox ~= mailbox.sink then return end
  socket._mailbox = mailbox.new()
  if socket._core then socket._core:hear_all() end -- and nothing is joined
end

local function terminated(socket, state, caught)
  if state == "waiting" then return hold(socket) end
  if state == "failed" then
    local fields = { client = socket._client.name, callback = "terminate", traceback = caught.traceback }
    log.error(caught.text, fields)
  end
  socket._ending.is_terminated = true
  if is_for_memory(socket._ending) then forget(socket) end
  leave_others(socket)
  local client = socket._core
  if client and not client:idle() then
    socket:_hang_up()
    if not client:idle() then return end
  end
  return finish(socket)
end

local function cancel(owner, reason)
  fiber.cancel(owner)
  if owner._span then report.cut(owner, reason) end
end

-- Nobody waits any longer for what this client will not do.
local function let_go(socket)
  local reason = socket._ending.reason
  cancel(socket, reason)
  for question in next, socket._questions or none do cancel(question, reason) end
  for timer in next, socket._timers or none do timer:unset() end
  if socket._timeout then socket._timeout:unset() end
  socket._mailbox, socket._questions, socket._timers = mailbox.sink, nil, nil
end

--- The connection of a client that ends is closed: that was all it waited for.
---@param socket slipstream.Socket
---@return boolean has_ended
function M.has_closed(socket)
  local ending = socket._ending
  if not (ending and ending.is_terminated) then return false end
  finish(socket)
  return true
end

--- Ends a client: runs `terminate` and closes the connection; the end of that comes to `has_closed`.
---@param socket slipstream.Socket
---@param ending slipstream.Ending
function M.begin(socket, ending)
  if socket._ending then return end
  ending.is_failure = M.is_failure(ending.reason)
  socket._ending = ending
  let_go(socket)
  socket._callback = "terminate"
  local reason, done = ending.reason, terminated
  if observed.terminate then done = report.around(socket, "terminate", terminated, reason) end
  return fiber.run(socket, done, socket.terminate, socket, reason)
end

--- Ends a client by an error.
---@param socket slipstream.Socket
---@param callback string in which it happened
---@param caught slipstream.Caught
function M.crash(socket, callback, caught)
  local text, trace = caught.text, caught.traceback
  log.error(text, { client = socket._client.name, callback = callback, traceback = trace })
  M.begin(socket, M.new(reason_of("script_error", { text = text, traceback = trace })))
end

-- What was asked of it, in a turn of its own.
local function begin_as_asked(socket)
  if socket._stop then return M.begin(socket, socket._stop) end
end

--- Ends a client in the next turn, also one that waits.
---@param socket slipstream.Socket
---@param ending slipstream.Ending
function M.request(socket, ending)
  if socket._stop or socket._ending then return end
  turn.post(socket._client._host, begin_as_asked, socket) -- first: it may raise
  socket._stop = ending
end

local function kill(socket, reason)
  local ending = M.new(reason, nil, true)
  ending.is_failure = M.is_failure(reason)
  socket._ending = socket._ending or ending
  let_go(socket)
  if is_for_memory(socket._ending) then forget(socket) end
  leave_others(socket)
  finish(socket)
  if socket._killed then return socket:_killed() end
end

--- Ends a client at once: no `terminate`, and a connection that is open is cut. A supervisor takes its
-- children with it. Where there is no memory for that everything ends: those who wait for a client that is
-- half dead would wait for ever.
---@param socket slipstream.Socket
---@param reason any
function M.kill(socket, reason)
  local ok, err = pcall(kill, socket, reason)
  if not ok then core.fail(err) end
end

return M
