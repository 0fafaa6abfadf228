--- Http: a small HTTP server for those who watch over the program: GET and HEAD, one request a connection.
--
-- What is asked here may have to wait for workers, while the embedded server answers at once. Nothing of it
-- is a reason for the loop to go on. Who is slow, says too much or comes too often is sent away.

local guests = require "slipstream.cli.guest"
local show = require "slipstream.show"
local uv = require "luv"

local M = {}

--- The longest head of a request.
M.MOST_BYTES = 16384

local PATIENCE_MSEC = 5000 -- so long a request may take to come, and so long an answer may lie there

local phrases = {
  [200] = "OK", [400] = "Bad Request", [404] = "Not Found", [405] = "Method Not Allowed",
  [431] = "Request Header Fields Too Large", [503] = "Service Unavailable",
}

---@class slipstream.HttpRequest
---@field method string
---@field path string without the query
---@field head string its header lines

---@class slipstream.HttpAnswer
---@field status integer
---@field body string
---@field type string? text/plain when absent

-- Reading and writing, without a socket.

--- Reads the head of a request; nil: it is none.
---@param text string up to the empty line
---@return slipstream.HttpRequest?
function M.read(text)
  local method, target, head = text:match "^(%u+) (%S+) HTTP/1%.[01]\r\n(.*)$"
  local path = target and target:match "^/[^?#]*"
  if path then return { method = method, path = path, head = head } end
end

--- The values of a header, with commas between them; "" when it is not there.
---@param request slipstream.HttpRequest
---@param name string in lower case
---@return string
function M.header(request, name)
  local values = {}
  for key, value in request.head:gmatch "([^:\r\n]+):[ \t]*([^\r\n]*)" do
    if key:lower() == name then values[#values + 1] = value end
  end
  return table.concat(values, ",")
end

--- The bytes of an answer.
---@param answer slipstream.HttpAnswer
---@param is_head boolean? it goes without its body
---@return string
function M.write(answer, is_head)
  local lines = {
    ("HTTP/1.1 %d %s"):format(answer.status, phrases[answer.status]),
    "content-type: " .. (answer.type or "text/plain; charset=utf-8"),
    "content-length: " .. #answer.body,
    "connection: close",
  }
  if answer.status == 405 then lines[#lines + 1] = "allow: GET, HEAD" end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (is_head and "" or answer.body)
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
    local head = self.text:match "^(.-\r\n)\r\n"
    if #(head or self.text) > M.MOST_BYTES then return self:refuse(431, "the request is too long") end
    if head then return self:take(head) end
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
