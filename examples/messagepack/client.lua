-- Hangs a picture in a gallery that speaks MessagePack. README.md walks through it.

local msgpack = require "msgpack"
local slipstream = require "slipstream"
local args = ...

local GALLERY = "gallery:modern"
local SQUARE = { name = "black square", pixels = ("\0"):rep(64) .. ("\xff"):rep(64) }

local Artist = slipstream.client()

function Artist:init(uri)
  assert(self:connect { uri = uri, serializer = msgpack, vsn = "3.0.0" })
  assert(self:join(GALLERY))
end

function Artist:handle_join(topic, gallery)
  print("pictures before", #gallery.pictures)
  assert(self:push(topic, "hang", SQUARE))
end

function Artist.handle_message(_, _, event, picture)
  print(event, picture.name, picture.pixels == SQUARE.pixels)
end

function Artist:handle_reply(_, status, response)
  print("reply", status, math.type(response.bytes), response.bytes)
  -- What cannot be encoded is refused before anything is sent.
  print("push", self:push(GALLERY, "hang", { name = print }))
  return "stop", "normal"
end

local artist = assert(slipstream.start(Artist, args.uri))
artist:await_end()

-- A client that speaks JSON is not understood.
local stranger = assert(slipstream.connect { uri = args.uri })
stranger:join(GALLERY)
print("stranger", stranger:await_disconnect())
