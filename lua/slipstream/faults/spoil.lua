--- Spoil: changes bytes on their way, each so-manieth of a stream or as a function says.

local log = require "slipstream.log"

local M = {}

-- Another byte than it was.
local function other(byte, draw)
  return string.char(byte ~ (1 + (draw() >> 1) % 255))
end

-- Changes each `every`th byte of the stream; `left` are those before the next one. Answers what is left at
-- the end.
local function spoil_some(bytes, every, left, draw)
  local parts, from = {}, 1
  while left < #bytes - from + 1 do
    local at = from + left
    parts[#parts + 1] = bytes:sub(from, at - 1)
    parts[#parts + 1] = other(bytes:byte(at), draw)
    from, left = at + 1, every - 1
  end
  parts[#parts + 1] = bytes:sub(from)
  return table.concat(parts), left - (#bytes - from + 1)
end

-- A mistake in it is the script's, but it is called by libuv, where nobody could catch it.
local function ask(fn, bytes)
  local ok, answer = xpcall(fn, debug.traceback, bytes)
  if ok and type(answer) == "string" then return answer end
  local text = ok and ("it returned no string but a " .. type(answer)) or answer
  log.error("faults: the function of corrupt failed", { traceback = text })
  return bytes
end

--- Makes what changes the bytes of one stream.
---@param draw fun(): integer
---@return fun(bytes: string, how: integer|(fun(bytes: string): string)|nil): string
function M.new(draw)
  local former, left
  return function(bytes, how)
    if how ~= former then former, left = how, type(how) == "number" and how - 1 or nil end
    if not how then return bytes end
    if not left then return ask(how, bytes) end
    bytes, left = spoil_some(bytes, how, left, draw)
    return bytes
  end
end

return M
