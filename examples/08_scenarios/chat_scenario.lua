-- What people do in a chat room. README.md walks through it.

local people = require "people"
local scenario = require "slipstream.scenario"

scenario.setup(people.find_room)

scenario("two users hear each other", { tags = { "smoke" } }, function(t)
  local ann, bob = people.enter(t, "ann"), people.enter(t, "bob")
  ann:push(t.assigns.room, "shout", { body = "hi" })
  t.same({ user = "ann", body = "hi" }, bob:await_message(t.assigns.room, "shout"))
  bob:push(t.assigns.room, "shout", { body = "hello ann" })
  ann:await_message(t.assigns.room, "shout", { user = "bob" })
end)

scenario("who comes and who goes is told to the others", function(t)
  local room = t.assigns.room
  local ann, bob = people.enter(t, "ann"), people.enter(t, "bob")
  t.same({ user = "bob", users = 2 }, ann:await_message(room, "joined"))
  bob:leave(room)
  t.same({ user = "bob", users = 1 }, ann:await_message(room, "left"))
  ann:push(room, "shout", { body = "bob?" })
  bob:refute_message(room, "shout")
end)

scenario("nobody gets into the secret room", { tags = { "smoke" } }, function(t)
  t.same({ reason = "unauthorized" }, t:connect():refute_join "room:secret")
end)

scenario.each {
  { what = "a text", payload = { text = "ünï" } },
  { what = "a list", payload = { list = { 1, 2, 3 } } },
  { what = "nothing", payload = {} },
} ("the echo of $what is the same again", function(t, row)
  local ann = people.enter(t, "ann")
  t.same(row.payload, ann:request(t.assigns.room, "echo", row.payload))
end)
