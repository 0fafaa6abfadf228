-- What the scenarios have in common.

local M = {}

-- A room that nobody else is in, so that any number of scenarios may play at once.
function M.find_room(t)
  t.assigns.room = ("room:%08x"):format(math.random(0, 0xffffffff))
end

-- Somebody who is in the room.
function M.enter(t, user)
  local socket = t:connect { params = { user = user } }
  socket:join(t.assigns.room, { user = user })
  return socket
end

return M
