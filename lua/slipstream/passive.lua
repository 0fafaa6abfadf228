--- Passive sockets: those without a module, which nothing but a script holds.
--
-- The core holds whom it tells for as long as that may connect again. It tells these by way of a box that
-- does not hold them, so that one whose connection has ended goes with the last script that knows it.

local event = require "slipstream.event"

local M = {}

local Box = { __mode = "v" }

--- What the core tells of a passive socket: the handlers of the others, by way of its box.
M.handlers = {}

local function by_box(handle)
  return function(box, ...)
    if box.socket then return handle(box.socket, ...) end
  end
end

for name, handle in pairs(event) do
  if name ~= "callbacks" then M.handlers[name] = by_box(handle) end
end

--- The box of a socket, which the core may hold.
---@param socket slipstream.Socket
---@return { socket: slipstream.Socket? }
function M.box(socket)
  return setmetatable({ socket = socket }, Box)
end

--- For their metatable: nobody holds the socket any more.
---@param socket slipstream.Socket
function M.collect(socket)
  if socket._core then socket._core:close() end
end

return M
