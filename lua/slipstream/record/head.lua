--- Head: that of an HTTP/1.1 message: its first line and its fields, read from a stream and written again.

local M = {}

--- The longest that is waited for, in bytes.
M.MOST = 1 << 16

---@class slipstream.HttpHead
---@field line string the first one
---@field fields { [1]: string, [2]: string }[] names as they came, and values

--- How many bytes are the head of the message that these begin with; nil when it is not whole.
---@param bytes string
---@return integer?
function M.size(bytes)
  local _, last = bytes:find("\r\n\r\n", 1, true)
  return last
end

--- Reads a whole one, with the empty line at its end.
---@param text string
---@return slipstream.HttpHead? head nil when it is none
function M.read(text)
  local line, rest = text:match "^([^\r\n]+)\r\n(.*)\r\n$"
  if not line or not line:find "HTTP/1%.[01]" then return nil end
  local head = { line = line, fields = {} }
  for field in rest:gmatch "(.-)\r\n" do
    local name, value = field:match "^([^%s:]+):[ \t]*(.-)[ \t]*$"
    if not name then return nil end
    table.insert(head.fields, { name, value })
  end
  return head
end

--- Its bytes.
---@param head slipstream.HttpHead
---@return string
function M.write(head)
  local parts = { head.line }
  for _, field in ipairs(head.fields) do parts[#parts + 1] = field[1] .. ": " .. field[2] end
  return table.concat(parts, "\r\n") .. "\r\n\r\n"
end

--- What the fields of a name say, in any case; several are joined as RFC 9110 section 5.3 has it.
---@param head slipstream.HttpHead
---@param name string
---@return string? value
function M.get(head, name)
  local values = {}
  for _, field in ipairs(head.fields) do
    if field[1]:lower() == name:lower() then values[#values + 1] = field[2] end
  end
  return values[1] and table.concat(values, ", ")
end

--- A copy in which each field's value is what `change(name in lower case, value)` answers; nil: it goes.
---@param head slipstream.HttpHead
---@param change fun(name: string, value: string): string?
---@return slipstream.HttpHead
function M.map(head, change)
  local copy = { line = head.line, fields = {} }
  for _, field in ipairs(head.fields) do
    local value = change(field[1]:lower(), field[2])
    if value then table.insert(copy.fields, { field[1], value }) end
  end
  return copy
end

--- The method and the target of a request.
---@param head slipstream.HttpHead
---@return string? method, string? target
function M.request(head)
  return head.line:match "^(%S+) (%S+) HTTP/"
end

--- The status of an answer.
---@param head slipstream.HttpHead
---@return integer?
function M.status(head)
  return math.tointeger(tonumber(head.line:match "^HTTP/%S+ (%d+)"))
end

--- How many bytes of a body follow; nil: it says so in another way than by a plain number.
---@param head slipstream.HttpHead
---@return integer?
function M.body_size(head)
  if M.get(head, "transfer-encoding") then return nil end
  local text = M.get(head, "content-length")
  if not text then
    if M.status(head) then return nil end -- it goes on until the end
    return 0
  end
  return text:find "^%d+$" and math.tointeger(tonumber(text)) or nil
end

--- Whether a request asks for a WebSocket.
---@param head slipstream.HttpHead
---@return boolean
function M.is_upgrade(head)
  return (M.get(head, "upgrade") or ""):lower():find("websocket", 1, true) ~= nil
end

return M
