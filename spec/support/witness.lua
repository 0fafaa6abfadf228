-- Witness: a client on a real socket that joins room:1 whenever it connects, and what it is told, waited for
-- in the order of telling:
--
--   client = witness.start { uri = server.uri }
--   client:expect "handle_join"
--   net:cut()
--   client:expect_reason "connection_lost"
--   client:expect_recovery()
local loop = require "spec.support.loop"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"
local uv = require "luv"

local M = {}

local Witness = {}
Witness.__index = Witness

local PATIENCE = 10000 -- msec; the machine may be busy

local function join(socket) socket:join("room:1", { user = "ann" }) end

-- Starts it; `config` goes over short waits.
function M.start(config)
  local all = { reconnect_after_msec = { 20 }, rejoin_after_msec = { 20 } }
  for key, value in pairs(config) do all[key] = value end
  local module, calls = recorder.module(all, { handle_connect = join })
  local client = assert(slipstream.start(module))
  return setmetatable({ client = client, socket = calls.socket, calls = calls, position = 0 }, Witness)
end

-- Starts it, and waits until it is in room:1.
function M.join(config)
  local self = M.start(config)
  self:expect "handle_join"
  return self
end

-- Whether a callback was called that nobody has looked at.
function Witness:has_news() return self.position < #self.calls end

-- The next call of that name; what came before it is passed over.
local function find(self, name)
  while self:has_news() do
    self.position = self.position + 1
    local call = self.calls[self.position]
    if call[1] == name then return call end
  end
end

-- The next call of that name, waited for: its first three arguments, and after how many msec it came.
function Witness:expect(name)
  local began, call = uv.hrtime(), nil
  local function is_here()
    call = call or find(self, name)
    return call
  end
  assert(loop.wait(is_here, PATIENCE), name .. " was not called")
  return call[2], call[3], call[4], (uv.hrtime() - began) / 1e6
end

-- That of the next handle_disconnect, and after how many msec from now it came.
function Witness:expect_reason(kind, stage)
  local reason, _, _, msec = self:expect "handle_disconnect"
  local is_right = reason.kind == kind and reason.stage == stage
  if not is_right then error(("the reason is %s (%s)"):format(reason.kind, reason), 2) end
  return reason, msec
end

-- Pushes to room:1; answers the status and the response, waited for.
function Witness:ask(event, payload)
  local ref = assert(self.socket:push("room:1", event, payload))
  local replied, status, response = self:expect "handle_reply"
  assert(replied == ref, "another push was answered")
  return status, response
end

function Witness:expect_echo()
  local text = "für Ann"
  local status, response = self:ask("echo", { text = text })
  assert(status == "ok" and response.text == text, "the echo is wrong")
end

-- What was lost comes back, topics included.
function Witness:expect_recovery()
  self:expect "handle_connect"
  self:expect "handle_join"
  self:expect_echo()
end

function Witness:stop()
  self.client:stop()
  assert(loop.wait(function() return not self.client:alive() end, PATIENCE), "it does not end")
end

return M
