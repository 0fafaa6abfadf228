-- MessagePack as a serializer, for the client and for the server.

-- Debian has it for Lua 5.3, and it runs in 5.4 as it is.
package.path = package.path .. ";/usr/share/lua/5.3/?.lua"

local mp = require "MessagePack"

local msgpack = {}

-- A message is a table with names, which becomes a map. `true`: it goes as a binary frame.
function msgpack.encode(message)
  return mp.pack(message), true
end

function msgpack.decode(bytes, is_binary)
  if not is_binary then error("MessagePack comes in binary frames", 0) end
  return mp.unpack(bytes)
end

return msgpack
