-- Scraper: who asks a program for its metrics, by HTTP on a socket of its own.
local json = require "cjson"
local loop = require "spec.support.loop"
local openmetrics = require "spec.support.openmetrics"
local raw_tcp = require "spec.support.raw_tcp"

local M = {}

local PATIENCE = 10000 -- msec, of which a machine at rest needs next to none

-- Sends the bytes; answers all that comes until the other side ends it.
function M.say(port, bytes)
  local peer = assert(raw_tcp.connect(port))
  if bytes then peer:send(bytes) end
  peer:ending()
  local text = peer:rest()
  peer:close()
  return text
end

-- Asks for a path; answers the status, the body and the head.
function M.get(port, path, accept)
  local head = "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: %s\r\nConnection: close\r\n\r\n"
  local answer = M.say(port, head:format(path, accept or "*/*"))
  local top, body = answer:match "^(.-\r\n)\r\n(.*)$"
  assert(top, "no answer: " .. answer)
  assert(#body == tonumber(top:lower():match "content%-length: (%d+)"), "the length is another: " .. top)
  return tonumber(top:match "^HTTP/1%.1 (%d+)"), body, top
end

-- The families of /metrics, read strictly.
function M.families(port)
  local status, body = M.get(port, "/metrics", "application/openmetrics-text")
  assert(status == 200, body)
  return openmetrics.read(body, true)
end

-- Scrapes until `is_so(value)`, where value(name, labels) is that of a series.
function M.await(port, is_so)
  local families
  local function value(name, labels) return openmetrics.value(families, name, labels) end
  local is_there = loop.wait(function()
    families = M.families(port)
    return is_so(value)
  end, PATIENCE)
  assert(is_there, "it did not come to that")
  return value
end

-- What an API of JSON answers.
function M.json(port, path)
  local status, body = M.get(port, path, "application/json")
  return status == 200 and json.decode(body) or nil
end

return M
