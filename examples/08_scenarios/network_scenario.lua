-- What a bad network does to people in a chat room. Their sockets go through one of their own: `net = true`.

local people = require "people"
local scenario = require "slipstream.scenario"

scenario.setup(people.find_room)

scenario("who is cut off comes back", { tags = { "network" }, net = true }, function(t)
  local room = t.assigns.room
  local ann = people.enter(t, "ann")
  t.net:down()
  ann:await_disconnect()
  t.net:up()
  ann:await_connect()
  ann:join(room)
  ann:push(room, "shout", { body = "I am back" })
  ann:await_message(room, "shout", { body = "I am back" })
end)

scenario("a slow network is slow, but keeps the order", { tags = { "network" }, net = true }, function(t)
  local room = t.assigns.room
  local ann, bob = people.enter(t, "ann"), people.enter(t, "bob")
  t.net:latency(20, 20)
  for number = 1, 10 do ann:push(room, "shout", { body = tostring(number) }) end
  for number = 1, 10 do t.equal(tostring(number), bob:await_message(room, "shout").body) end
end)
