-- A server that lets in only who has a token. A token is good until its first connection is over, so that
-- one sees it expire without waiting for it:
--
--   GET /token             a new token
--   join "room:lobby"      { token = "token-1" }, the one that opened the door
--   push "hang_up"         the connection is cut, and its token has expired

local server = require "slipstream.server"

local issued = 0
local is_good = {}

local function new_token()
  issued = issued + 1
  local token = "token-" .. issued
  is_good[token] = true
  return token
end

local app = server.new {
  connect = function(_, params)
    if is_good[params.token] then return true end
    return nil, 401, "the token has expired"
  end,
  http = function(method, path)
    if method == "GET" and path == "/token" then return 200, new_token() end
  end,
}

app:channel("room:lobby", {
  join = function(channel)
    return "ok", { token = channel.socket.params.token }
  end,
  handle_in = function(channel)
    is_good[channel.socket.params.token] = nil
    channel.socket:drop()
  end,
})

return app
