--- Redact: heads without what is secret in them: tokens in a query, cookies, authorization, and the
-- subprotocol in which phoenix.js sends its token.

local head = require "slipstream.record.head"
local secret = require "slipstream.secret"

local M = {}

M.REDACTED = secret.REDACTED

-- Params that are as secret as what `secret` knows by their names, and names too common to be so in a log.
local params = {
  auth = true, code = true, jwt = true, key = true, session = true, sig = true, signature = true,
}

-- What a value begins with that is a token, whatever its name: JSON Web Tokens, Phoenix.Token.
local tokens = { "^eyJ[%w_-]+%.", "^SFMyNTY%." }

local function is_token(value)
  for _, pattern in ipairs(tokens) do
    if value:find(pattern) then return true end
  end
  return false
end

local function redact_pair(name, value)
  local lower = name:lower()
  local inner = lower:match "%[(.-)%]$" or lower:match "%%5b(.-)%%5d$" or lower -- params[key]
  if value == "" then return nil end
  if params[inner] or secret.is_secret(lower) or is_token(value) then return name .. "=" .. M.REDACTED end
end

--- A URI, or the target of a request, in whose query the values that are secret are replaced.
---@param uri string
---@return string
function M.uri(uri)
  local front, query = uri:match "^(.-%?)(.*)$"
  if not front then return uri end
  return front .. query:gsub("([^&=]+)=([^&]*)", redact_pair)
end

local BEARER <const> = "(base64url%.bearer%.[^,%s]-%.)[^.,%s]+"

local uris = { location = true, referer = true }

local function redact_field(name, value)
  if name == "sec-websocket-protocol" then return (value:gsub(BEARER, "%1" .. M.REDACTED)) end
  if uris[name] then return M.uri(value) end
  if secret.is_secret(name) or name:find "^x%-.*auth" then return M.REDACTED end
  return value
end

--- A head without its secrets.
---@param message slipstream.HttpHead
---@return slipstream.HttpHead
function M.head(message)
  local copy = head.map(message, redact_field)
  local method, target, rest = message.line:match "^(%S+) (%S+) (HTTP/.*)$"
  if method then copy.line = ("%s %s %s"):format(method, M.uri(target), rest) end
  return copy
end

--- Whether a text has something that was replaced.
---@param text string
---@return boolean
function M.is_redacted(text)
  return text:find(M.REDACTED, 1, true) ~= nil
end

return M
