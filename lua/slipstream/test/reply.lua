--- Replies, as a test writes them.

local check = require "slipstream.check"

local M = {}

local EXPECTED = 'a status such as "ok", or { status, response }, expected'

--- What there is to reply; raises, at the script's line, for what is no reply.
---@param position integer of the argument
---@param reply any "ok", { "ok", response }; false: nothing
---@return string? status nil: no reply
---@return any response
function M.read(position, reply)
  if reply == false then return nil end
  local status, response = reply, nil
  if type(reply) == "table" then status, response = reply[1], reply[2] end
  if type(status) ~= "string" then check.fail(position, EXPECTED) end
  return status, response
end

return M
