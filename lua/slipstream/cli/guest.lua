--- Guests: who is connected to a socket of the program's own, to control it or to watch over it. Who is slow
-- is sent away, so is who comes too many, and none of it is a reason for the loop to go on.

local uv = require "luv"

local M = {}

--- So many may be connected to a server at once.
M.MOST = 16

local BACKLOG = 64

---@class slipstream.GuestServer
---@field listener userdata
---@field guests table<slipstream.Guest, true>
---@field count integer

---@class slipstream.Guest
---@field server slipstream.GuestServer
---@field stream userdata
---@field alarm userdata
---@field text string what it has said and nobody has taken yet
---@field is_closed boolean?
---@field patience_msec integer of its class
---@field begin fun(guest: slipstream.Guest) of its class
---@field refuse_one_more fun(guest: slipstream.Guest) of its class, instead of `begin`
local Guest = {}

local function close(handle)
  if not handle:is_closing() then handle:close() end
end

--- Sends it away.
function Guest:close()
  if self.is_closed then return end
  self.is_closed = true
  self.server.guests[self] = nil
  self.server.count = self.server.count - 1
  close(self.alarm)
  close(self.stream)
end

--- From now on it is waited for, so long.
function Guest:be_patient()
  self.alarm:start(self.patience_msec, 0, function() self:close() end)
end

--- Says something to it, and goes on by `go_on(guest)` when it has taken that.
---@param bytes string
---@param go_on fun(guest: slipstream.Guest)
function Guest:write(bytes, go_on)
  if self.is_closed then return end
  self:be_patient()
  local ok = self.stream:write(bytes, function(err)
    if err then return self:close() end
    if not self.is_closed then return go_on(self) end
  end)
  if not ok then self:close() end
end

--- A new class of guests; `begin` and `refuse_one_more` are to be given to it.
---@param patience_msec integer
---@return slipstream.Guest
function M.class(patience_msec)
  local class = setmetatable({ patience_msec = patience_msec }, { __index = Guest })
  class.__index = class
  return class
end

local function accept(server, class, new_stream)
  local stream, alarm = new_stream(), uv.new_timer()
  server.listener:accept(stream)
  stream:unref()
  alarm:unref()
  local guest = setmetatable({ server = server, stream = stream, alarm = alarm, text = "" }, class)
  server.guests[guest] = true
  server.count = server.count + 1
  if server.count <= M.MOST then return guest:begin() end
  return guest:refuse_one_more()
end

--- Listens, for a server whose listener is bound.
---@param server slipstream.GuestServer
---@param class slipstream.Guest
---@param new_stream fun(): userdata
---@return true? ok, string? text
function M.listen(server, class, new_stream)
  server.guests, server.count = {}, 0
  local ok, text = server.listener:listen(BACKLOG, function(err)
    if err then return end -- as for want of file descriptors
    return accept(server, class, new_stream)
  end)
  server.listener:unref()
  return ok, text
end

--- Listens no more; what was said and not taken yet goes lost.
---@param server slipstream.GuestServer
function M.close(server)
  for guest in pairs(server.guests) do guest:close() end
  close(server.listener)
end

return M
