--- Request: the upgrade of a recorded client, as it goes to another server.

local head = require "slipstream.record.head"
local redact = require "slipstream.record.redact"

local M = {}

local LEFT_OUT <const> = "%s was left out of the recording, being secret: give it in --uri, as ws://…?%s=…,"
  .. " or record with --keep-secrets"

-- Pairs of a query in their order: { name, text }.
local function pairs_of(query)
  local list = {}
  for pair in (query or ""):gmatch "[^&]+" do list[#list + 1] = { pair:match "^[^=]*", pair } end
  return list
end

-- The recorded query under that of the URI, whose values count.
local function merge(recorded, own)
  local parts, given = {}, {}
  for _, pair in ipairs(pairs_of(own)) do given[pair[1]] = true end
  for _, pair in ipairs(pairs_of(recorded)) do
    if not given[pair[1]] then
      if redact.is_redacted(pair[2]) then
        return nil, LEFT_OUT:format(pair[1], pair[1])
      end
      parts[#parts + 1] = pair[2]
    end
  end
  for _, pair in ipairs(pairs_of(own)) do parts[#parts + 1] = pair[2] end
  return table.concat(parts, "&")
end

local function target_of(recorded, to)
  local path, query = recorded:match "^([^?]*)%??(.*)$"
  local text
  query, text = merge(query, to.query)
  if not query then return nil, text end
  path = to.path or path
  return query == "" and path or path .. "?" .. query
end

--- The bytes of a recorded request for a server: its path, where its URI has one, its Host, its query over
-- that of the recording; without compression, and without what is redacted.
---@param text string the recorded one, with its body
---@param to slipstream.RecordTarget
---@return string? bytes, string? err
function M.write(text, to)
  local size = head.size(text)
  local message = size and head.read(text:sub(1, size))
  local method, recorded = head.request(message or { line = "" })
  if not method then return text end -- it was none, on purpose
  local target, fault = target_of(recorded, to)
  if not target then return nil, fault end
  local copy = head.map(message, function(name, value)
    if name == "host" then return to.authority end
    if name == "sec-websocket-extensions" or redact.is_redacted(value) then return nil end
    return value
  end)
  copy.line = ("%s %s %s"):format(method, target, message.line:match "%S+$")
  return head.write(copy) .. text:sub(size + 1)
end

return M
