-- A gallery that speaks MessagePack: it keeps pictures, which are bytes.
--
--   join "gallery:<any>"                         → the names of the pictures
--   push "hang" { name = "…", pixels = bytes }   → {}; all who joined get "hung" { name, pixels }

local msgpack = require "msgpack"
local server = require "slipstream.server"

local app = server.new { serializer = msgpack }
local names = {}

app:channel("gallery:*", {
  join = function() return "ok", { pictures = names } end,
  handle_in = function(channel, event, picture)
    if event ~= "hang" then return "reply", "error", { reason = "unknown event" } end
    table.insert(names, picture.name)
    channel:broadcast("hung", picture)
    return "reply", "ok", { bytes = #picture.pixels }
  end,
})

return app
