--- Http: a small HTTP server for those who watch over the program: GET and HEAD, one request a connection.
--
-- What is asked here may have to wait for workers, while the embedded server answers at once. Nothing of it
-- is a reason for the loop to go on. Who is slow, says too much or comes too often is sent away.

local guests = require "slipstream.cli.guest"
local handshake = require "slipstream.server.handshake"
local heads = require "slipstream.record.head"
local show = require "slipstream.show"
local uv = require "luv"

local M = {}

--- The longest head of a request.
M.MOST_BYTES = 16384

local PATIENCE_MSEC = 5000 -- so long a request may take to come, and so long an answer may lie there

---@class slipstream.HttpRequest
---@field method string
---@field path string without the query
---@field head slipstream.HttpHead

---@class slipstream.HttpAnswer
---@field status integer
---@field body string
---@field type string? text/plain when absent

-- Reading and writing, without a socket.

--- Reads the head of a request; nil: it is none.
---@param text string with the empty line
---@return slipstream.HttpRequest?
function M.read(text)
  local head = heads.read(text)
  if not head then return nil end
  local method, target = heads.request(head)
  local path = target and target:match "^/[^?#]*"
  if path then return { method = method, path = path, head = head } end
end

--- The bytes of an answer.
---@param answer slipstream.HttpAnswer
---@param is_head boolean? it goes without its body
---@return string
function M.write(answer, is_head)
  local bytes = handshake.response(answer.status, answer.body, {
    { "content-type", answer.type or "text/plain; charset=utf-8" }, { "connection", "close" },
    answer.status == 405 and { "allow", "GET, HEAD" } or nil,
  })
  return is_head and handshake.without_body(bytes) or bytes
end

-- Connections.

local Connection = guests.class(PATIENCE_MSEC)

-- Closed with something unread, TCP would take back what the peer has not read yet.
function Connection:say_goodbye()
  self.stream:shutdown(function(err)
    if err then self:close() end
  end)
  self.stream:read_start(function(_, bytes)
    if not bytes then self:close() end
  end)
end

function Connection:say(answer, is_head)
  return self:write(M.write(answer, is_head), self.say_goodbye)
end

function Connection:refuse(status, text)
  self.stream:read_stop()
  return self:say { status = status, body = text .. "\n" }
end

function Connection:take(head)
  local request = M.read(head)
  if not request then return self:refuse(400, "this is no request") end
  local is_head = request.method == "HEAD"
  if request.method ~= "GET" and not is_head then return self:refuse(405, "only GET and HEAD") end
  self.stream:read_stop()
  self.alarm:stop() -- who answers has a limit of its own
  return self.server.respond(request, function(answer) return self:say(answer, is_head) end)
end

function Connection:begin()
  self:be_patient() -- with the whole of it, or it could come byte by byte
  self.stream:read_start(function(err, bytes)
    if err or not bytes then return self:close() end
    self.text = self.text .. bytes
    local size = heads.size(self.text)
    if (size or #self.text) > M.MOST_BYTES then return self:refuse(431, "the request is too long") end
    if size then return self:take(self.text:sub(1, size)) end
  end)
end

function Connection:refuse_one_more()
  return self:refuse(503, ("busy: %d are connected already"):format(guests.MOST))
end

-- The server.

---@class slipstream.Http: slipstream.GuestServer
---@field port integer
local Http = {}
Http.__index = Http

local function listen(server, host, port)
  local ok, text = server.listener:bind(host, port)
  if ok then ok, text = guests.listen(server, Connection, uv.new_tcp) end
  return ok, text
end

--- Listens.
---@param host string an IP address
---@param port integer 0: a free one
---@param respond fun(request: slipstream.HttpRequest, answer: fun(answer: slipstream.HttpAnswer)) `answer`
---is to be called once
---@return slipstream.Http? server, string? text
function M.open(host, port, respond)
  local server = setmetatable({ respond = respond, listener = uv.new_tcp() }, Http)
  local ok, text = listen(server, host, port)
  if not ok then
    server.listener:close()
    return nil, show.cannot_listen(show.address(host, port), text)
  end
  server.port = server.listener:getsockname().port
  return server
end

--- Listens no more.
function Http:close() return guests.close(self) end

return M
