--- Reasons: why a connection, a topic or a client ended.
--
-- A reason is a table with `kind`, compared by it, and readable with `tostring`.

local core = require "slipstream.core"
local show = require "slipstream.show"

---@class slipstream.Reason
---@field kind string "closed_by_remote", "connect_failed", … (docs/api.md, "Reasons")
---@field code integer? a close code
---@field text string? what the peer or the system said
---@field stage string? how far an attempt came: "queue", "dns", "tcp", "proxy", "tls", "upgrade"
---@field is_final boolean? true: who does what is usual does not connect again
---@field status integer? the HTTP status of a refused upgrade, or of a proxy that refused
---@field headers string[][]? of the same: {name, value} each
---@field body string? of a refused upgrade
---@field response any? of a refused join
---@field payload any? of a channel that crashed
---@field traceback string? of an error in a callback
---@field bytes integer? how much memory a client held that was stopped for it
---@field child any? the id of the child for which a supervisor ended
---@field reason any? why that child ended

local M = {}

local stages = {
  dns = "the name was not resolved",
  tcp = "no connection",
  proxy = "no way through the proxy",
  tls = "TLS failed",
  upgrade = "the upgrade failed",
}

local waits = {
  queue = "its turn among many dials",
  dns = "resolving the name",
  tcp = "connecting",
  proxy = "the proxy",
  tls = "the TLS handshake",
  upgrade = "the server's answer",
}

-- Adds what the peer said, if it said something.
local function with(words, said)
  if said == nil or said == "" then return words end
  return words .. ": " .. show.shorten(show.text(said))
end

local function with_json(words, value)
  if value == nil then return words end
  return with(words, show.json(value))
end

local function closed(words)
  return function(reason)
    return with(reason.code and ("%s with %d"):format(words, reason.code) or words, reason.text)
  end
end

-- What codes of a server mean that says nothing itself.
local meanings = {
  [1009] = "a message was too big for it",
  [1012] = "it restarts",
  [1013] = "it has too much to do",
}

local closed_by_server = closed "closed by the server"

local function closed_by_remote(reason)
  local is_silent = reason.text == nil or reason.text == ""
  return with(closed_by_server(reason), is_silent and meanings[reason.code] or nil)
end

-- What a refusal's body says, unless it is a page for browsers, which only adds tags to the status, or that
-- of a redirect, which says where to with all that is in the query.
local function body_of(reason)
  local body, status = reason.body, reason.status or 0
  if body and status // 100 ~= 3 and not body:find "^%s*<" then return body end
end

local function refused(who, reason)
  return with(with(("the %s refused with HTTP %d"):format(who, reason.status), reason.text), body_of(reason))
end

-- The path is what a first URI mostly has wrong.
local function refused_by_server(reason)
  local hint = reason.status == 404 and "; is the path right? A Phoenix socket's ends with /websocket" or ""
  return refused("server", reason) .. hint
end

local function connect_failed(reason)
  if not reason.status then
    return with(stages[reason.stage] or "the connection was not made", reason.text)
  end
  return reason.stage == "proxy" and refused("proxy", reason) or refused_by_server(reason)
end

local function connect_timeout(reason)
  return ("no connection in time, while waiting for %s"):format(waits[reason.stage] or "it")
end

local function text_after(words)
  return function(reason) return with(words, reason.text) end
end

-- Of supervisors: which child, and why.
local function about_child(words)
  return function(reason) return with(words:format(reason.child), reason.reason) end
end

-- A serializer of the script's own says so; everything else is the server's fault.
local function protocol_error(reason)
  local is_own = reason.text and reason.text:find "^serializer%."
  return with(is_own and "the serializer failed" or "the server broke the protocol", reason.text)
end

local function always(words)
  return function() return words end
end

local sentences = {
  closed_by_remote = closed_by_remote,
  closed_by_client = closed "closed by the client",
  heartbeat_timeout = always "the server did not answer the heartbeat",
  write_stalled = always "the server took no more data",
  message_too_big = text_after "a message was larger than max_message_bytes",
  protocol_error = protocol_error,
  connect_failed = connect_failed,
  connect_timeout = connect_timeout,
  connection_lost = function(reason)
    return with("the connection was lost", reason.text or "it ended without a close frame")
  end,
  failed_to_join = function(reason) return with_json("the join was refused", reason.response) end,
  join_timeout = always "the join was not answered in time",
  channel_error = function(reason) return with_json("the channel crashed", reason.payload) end,
  channel_closed = always "the channel was closed by the server",
  disconnected = always "the connection ended",
  script_error = function(reason) return reason.text end,
  memory = text_after "it was stopped for want of memory",
  child_not_started = about_child "the child %s did not start",
  child_gave_up = about_child "the child %s failed too often",
}

--- A reason of that kind.
---@param kind string
---@param fields table? taken as the reason's table
---@return slipstream.Reason
function M.new(kind, fields)
  fields = fields or {}
  fields.kind = kind
  return setmetatable(fields, core.reason_mt)
end

--- The reason in words for people: one line, without a full stop.
---@param reason any a reason; anything else as the log shows it
---@return string
function M.text(reason)
  if getmetatable(reason) ~= core.reason_mt then return show.text(reason) end
  local say = sentences[reason.kind]
  return say and say(reason) or tostring(reason.kind)
end

core.reason_mt.__tostring = M.text

return M
