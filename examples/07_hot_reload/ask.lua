-- Asks the bot one question, `--set question=…`, and prints what it says.

local slipstream = require "slipstream"
local args = ...

local LOBBY = "room:lobby"

local socket = assert(slipstream.connect { uri = args.uri })
assert(socket:await_connect())
assert(socket:join(LOBBY, { user = "ann" }))
assert(socket:await_join(LOBBY))
assert(socket:push(LOBBY, "shout", { body = args.question }))
print("ann | " .. args.question)
print("bot | " .. assert(socket:await_message(LOBBY, "shout", { user = "bot" })).body)
