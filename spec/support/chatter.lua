-- Chatter: a client for specs of the test kit: it joins a room, and does what it is told to.
-- luacheck: no self
local slipstream = require "slipstream"

local M = {}

M.uri = "ws://chat.test/socket/websocket"

-- A module whose clients connect, join room:1 and, for a message "do", call `payload.what` of `acts` with the
-- socket. What its callbacks hear is noted in `heard`.
function M.module(acts, config)
  local Chatter, heard = slipstream.client(), {}

  local function note(name, ...) heard[#heard + 1] = table.pack(name, ...) end

  function Chatter:init(args)
    local given = { uri = args and args.uri or M.uri, jitter = 0, test_mode = true }
    for key, value in pairs(config or {}) do given[key] = value end
    assert(self:connect(given))
  end

  function Chatter:handle_connect() self:join("room:1", { user = self:client().name }) end

  function Chatter:handle_join(topic, response) note("joined", topic, response) end

  function Chatter:handle_message(topic, event, payload)
    note(event, topic, payload)
    if event == "do" then return acts[payload.what](self, payload) end
  end

  function Chatter:handle_reply(ref, status, response) note("reply", ref, status, response) end

  function Chatter:handle_leave(topic) note("left", topic) end

  function Chatter:handle_topic_close(topic, reason)
    note("closed", topic, reason.kind)
    return slipstream.default.handle_topic_close(self, topic, reason)
  end

  function Chatter:handle_disconnect(reason)
    note("lost", reason)
    return slipstream.default.handle_disconnect(self, reason)
  end

  function Chatter:handle_call(request) return "reply", request end

  return Chatter, heard
end

-- The arguments of the last note of that name.
function M.last(heard, name)
  for place = #heard, 1, -1 do
    if heard[place][1] == name then return table.unpack(heard[place], 2, heard[place].n) end
  end
end

return M
