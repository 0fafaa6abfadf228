-- SHA-1 (FIPS 180-4), for the accept key of the WebSocket upgrade in the specs' raw server.
local function rotate(value, count)
  return (value << count | value >> 32 - count) & 0xffffffff
end

-- The 80 words of one block, of which 16 are in `text` at `start`.
local function expand(text, start)
  local words = { string.unpack(">" .. ("I4"):rep(16), text, start) }
  for i = 17, 80 do
    words[i] = rotate(words[i - 3] ~ words[i - 8] ~ words[i - 14] ~ words[i - 16], 1)
  end
  return words
end

local function mix(round, b, c, d)
  if round <= 20 then return b & c | ~b & d, 0x5a827999 end
  if round <= 40 then return b ~ c ~ d, 0x6ed9eba1 end
  if round <= 60 then return b & c | b & d | c & d, 0x8f1bbcdc end
  return b ~ c ~ d, 0xca62c1d6
end

-- The 20 bytes of the digest.
return function(text)
  local hash = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 }
  local padded = text .. "\x80" .. ("\0"):rep((55 - #text) % 64) .. string.pack(">I8", #text * 8)
  for start = 1, #padded, 64 do
    local words = expand(padded, start)
    local a, b, c, d, e = table.unpack(hash)
    for round = 1, 80 do
      local f, k = mix(round, b, c, d)
      local sum = rotate(a, 5) + (f & 0xffffffff) + e + k + words[round] & 0xffffffff
      a, b, c, d, e = sum, a, rotate(b, 30), c, d
    end
    for i, value in ipairs { a, b, c, d, e } do hash[i] = hash[i] + value & 0xffffffff end
  end
  return string.pack(">I4I4I4I4I4", table.unpack(hash))
end
