-- Scenarios that fail, to show what that looks like.

local scenario = require "slipstream.scenario"

local LOBBY = "room:lobby"

scenario("ann hears bob, who says something else", function(t)
  local ann = t:connect { params = { user = "ann" } }
  local bob = t:connect { params = { user = "bob" } }
  ann:join(LOBBY, { user = "ann" })
  bob:join(LOBBY, { user = "bob" })
  bob:push(LOBBY, "shout", { body = "hello" })
  ann:await_message(LOBBY, "shout", { body = "hi" }, 200)
end)

scenario("the server knows how many there are", function(t)
  local ann = t:connect()
  t.equal(2, ann:join(LOBBY).users)
end)

scenario("the secret room is open", function(t)
  t:connect():join "room:secret"
end)
