--- Base64 (RFC 4648), without padding.

local M = {}

local DIGITS <const> = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local values = { ["-"] = 62, ["_"] = 63 } -- in the alphabet for URLs
for place = 1, #DIGITS do values[DIGITS:sub(place, place)] = place - 1 end

local function digit(value) return DIGITS:sub(value + 1, value + 1) end

--- Writes bytes in the standard alphabet.
---@param bytes string
---@return string
function M.encode(bytes)
  local out = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local word = a << 16 | (b or 0) << 8 | (c or 0)
    local digits = digit(word >> 18) .. digit(word >> 12 & 63) .. digit(word >> 6 & 63) .. digit(word & 63)
    out[#out + 1] = digits:sub(1, c and 4 or b and 3 or 2)
  end
  return table.concat(out)
end

--- Reads either alphabet, with or without padding.
---@param text string
---@return string? bytes nil when it is something else
function M.decode(text)
  local bits, count, out = 0, 0, {}
  for char in text:gsub("=+$", ""):gmatch "." do
    local value = values[char]
    if not value then return nil end
    bits, count = (bits << 6 | value) & 0xffffff, count + 6
    if count >= 8 then
      count = count - 8
      out[#out + 1] = string.char(bits >> count & 0xff)
    end
  end
  return table.concat(out)
end

return M
