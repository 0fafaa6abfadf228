--- Secrets: which names say that a value is nobody's business, and what is shown in its place.

local M = {}

M.REDACTED = "[redacted]"

-- All that is sent with the upgrade may have secrets.
local whole_names = { headers = true, params = true, connect_params = true, passphrase = true }

-- Such a name in any case, and with more before or behind it: "Authorization", "x_api_key", "access_token".
local parts = { "authorization", "cookie", "credential", "password", "secret", "token", "api[_-]?key" }

--- Whether a field of that name has a value that is not to be shown.
---@param name any
---@return boolean
function M.is_secret(name)
  if type(name) ~= "string" then return false end
  local lower = name:lower()
  if whole_names[lower] then return true end
  for _, part in ipairs(parts) do
    if lower:find(part) then return true end
  end
  return false
end

--- The URI without what may be secret in it: its query and user info.
---@param uri any
---@return string
function M.redact_uri(uri)
  local text = tostring(uri):gsub("([?#]).*$", "%1" .. M.REDACTED)
  return (text:gsub("^(%a[%w+.-]*://)[^/?#]*@", "%1" .. M.REDACTED .. "@"))
end

local uri_names = { uri = true, url = true, proxy = true }

--- What is shown of a field.
---@param name any
---@param value any
---@return any
function M.redact(name, value)
  if M.is_secret(name) then return M.REDACTED end
  if uri_names[name] then return M.redact_uri(value) end
  return value
end

return M
