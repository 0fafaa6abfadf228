-- Requests and answers of the small HTTP server, without a socket.
local heads = require "slipstream.record.head"
local http = require "slipstream.cli.http"

describe("the HTTP server", function()
  it("reads the method, the path without its query, and headers", function()
    local headers = "Host: a\r\nAccept: text/plain\r\naccept:\t*/*\r\n"
    local request = http.read("GET /metrics?name=x HTTP/1.1\r\n" .. headers .. "\r\n")
    assert.same({ "GET", "/metrics" }, { request.method, request.path })
    assert.equal("text/plain, */*", heads.get(request.head, "accept"))
  end)

  for name, text in pairs {
    ["another protocol"] = "GET / RTSP/1.0\r\n",
    ["HTTP/2"] = "PRI * HTTP/2.0\r\n",
    ["a request without a target"] = "GET HTTP/1.1\r\n",
    ["a target that is no path"] = "GET metrics HTTP/1.1\r\n",
    ["a header without a colon"] = "GET / HTTP/1.1\r\nHost\r\n",
    ["noise"] = "\22\3\1\2\0\1\0\1\r\n",
  } do
    it("takes " .. name .. " for no request", function() assert.is_nil(http.read(text .. "\r\n")) end)
  end

  it("writes answers with their length, without the body where nobody wants it", function()
    local answer = { status = 200, body = "ok\n" }
    local head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
      .. "content-length: 3\r\n\r\n"
    assert.equal(head .. "ok\n", http.write(answer))
    assert.equal(head, http.write(answer, true))
  end)
end)
