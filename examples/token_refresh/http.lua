-- As much of an HTTP client as the example needs; a real program would use a library. It shows how anything
-- that calls back is waited for: slipstream.await.

local slipstream = require "slipstream"
local uv = require "luv"

local REQUEST = "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n"

-- Gives `go_on` what the server sends until it closes, or nil and what went wrong.
local function receive(tcp, go_on)
  local pieces = {}
  tcp:read_start(function(fault, piece)
    if fault then return go_on(nil, fault) end
    if not piece then return go_on(table.concat(pieces)) end
    pieces[#pieces + 1] = piece
  end)
end

local function exchange(tcp, host, port, request, go_on)
  tcp:connect(host, port, function(fault)
    if fault then return go_on(nil, fault) end
    tcp:write(request)
    receive(tcp, go_on)
  end)
end

-- Closed however the wait ends: an answer, a time-out, or the client is stopped meanwhile.
local function closing(tcp)
  return setmetatable({}, { __close = function() tcp:close() end })
end

local http = {}

-- The body of http://ADDRESS:PORT/PATH, or nil and what went wrong. Waits.
function http.get(url)
  local host, port, path = url:match "^http://([%d.]+):(%d+)(/.*)$"
  if not host then return nil, "no http://ADDRESS:PORT/PATH: " .. url end
  local tcp = uv.new_tcp()
  local _ <close> = closing(tcp)
  local response, fault = slipstream.await(function(go_on)
    exchange(tcp, host, math.tointeger(port), REQUEST:format(path, host), go_on)
  end)
  if not response then return nil, fault end
  local status, body = response:match "^HTTP/1%.%d (%d+).-\r\n\r\n(.*)$"
  if status == "200" then return body end
  return nil, "HTTP status " .. tostring(status)
end

return http
