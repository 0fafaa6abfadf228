-- A client whose token expires: it fetches a new one before the attempt that needs it. README.md walks
-- through it.

local http = require "http"
local slipstream = require "slipstream"
local Member = slipstream.client()

local ROOM = "room:lobby"

function Member:init(args)
  self:assign { visits = 0, token_url = args.uri:gsub("^ws", "http"):gsub("/socket/websocket$", "/token") }
  assert(self:connect { uri = args.uri })
  self:join(ROOM)
end

local function is_refused(reason)
  return reason ~= nil and reason.status == 401
end

-- Before every attempt. It may wait: nothing is dialled until it has answered.
function Member:connect_params(_, last_reason)
  if not self.assigns.token or is_refused(last_reason) then self:refresh_token() end
  return { params = { token = self.assigns.token } }
end

-- Without a new token the attempt is made with the old one; after the next back-off it is tried again.
function Member:refresh_token()
  local token, fault = http.get(self.assigns.token_url)
  if token then self:assign("token", token) end
  print("new token", token or fault)
end

function Member:handle_join(topic, response)
  print("joined", "with " .. response.token)
  self:update("visits", function(count) return count + 1 end)
  if self.assigns.visits == 3 then return "stop", "normal" end
  self:push(topic, "hang_up")
end

-- The default connects again after a back-off, also when the token was refused.
function Member:handle_disconnect(reason)
  print("disconnected", is_refused(reason) and reason.body or reason.kind)
  return slipstream.default.handle_disconnect(self, reason)
end

return Member
