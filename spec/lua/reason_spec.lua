local core = require "slipstream.core"
local reason = require "slipstream.reason"

describe("a reason", function()
  local cases = {
    { "closed_by_remote", { code = 1012, text = "restart" }, "closed by the server with 1012: restart" },
    { "closed_by_remote", { code = 1000 }, "closed by the server with 1000" },
    { "closed_by_remote", { code = 1009 }, "closed by the server with 1009: a message was too big for it" },
    { "closed_by_remote", { code = 1009, text = "no" }, "closed by the server with 1009: no" },
    { "closed_by_remote", { code = 1012, text = "" }, "closed by the server with 1012: it restarts" },
    { "closed_by_remote", { code = 1013 }, "closed by the server with 1013: it has too much to do" },
    { "closed_by_remote", nil, "closed by the server" },
    { "closed_by_client", { code = 1000, text = "" }, "closed by the client with 1000" },
    { "closed_by_client", { code = 1012 }, "closed by the client with 1012" },
    { "heartbeat_timeout", nil, "the server did not answer the heartbeat" },
    { "write_stalled", nil, "the server took no more data" },
    { "message_too_big", nil, "a message was larger than max_message_bytes" },
    { "protocol_error", { text = "reserved bits" }, "the server broke the protocol: reserved bits" },
    { "protocol_error", { text = "serializer.decode: no" }, "the serializer failed: serializer.decode: no" },
    { "connect_failed", { stage = "dns", text = "no such name" }, "the name was not resolved: no such name" },
    { "connect_failed", { stage = "upgrade", status = 403, text = "Forbidden", body = "go away\n" },
      "the server refused with HTTP 403: Forbidden: go away " },
    { "connect_failed", { stage = "upgrade", status = 502, text = "Bad Gateway", body = "<html>\r\n<head>" },
      "the server refused with HTTP 502: Bad Gateway" },
    { "connect_failed", { stage = "upgrade", status = 404, text = "Not Found" },
      "the server refused with HTTP 404: Not Found; is the path right? "
        .. "A Phoenix socket's ends with /websocket" },
    { "connect_failed", { stage = "proxy", status = 404, text = "Not Found" },
      "the proxy refused with HTTP 404: Not Found" },
    { "connect_failed", { stage = "upgrade", status = 302, text = "over 3 redirects", body = "to /?t=abc" },
      "the server refused with HTTP 302: over 3 redirects" },
    { "connect_failed", { stage = "upgrade", text = "connection reset by the peer" },
      "the upgrade failed: connection reset by the peer" },
    { "connect_failed", { text = "uri: needed" }, "the connection was not made: uri: needed" },
    { "connect_timeout", { stage = "tls" }, "no connection in time, while waiting for the TLS handshake" },
    { "connection_lost", nil, "the connection was lost: it ended without a close frame" },
    { "connection_lost", { text = "reset" }, "the connection was lost: reset" },
    { "failed_to_join", { response = { reason = "full" } }, 'the join was refused: {"reason":"full"}' },
    { "join_timeout", nil, "the join was not answered in time" },
    { "channel_error", { payload = {} }, "the channel crashed: {}" },
    { "channel_closed", nil, "the channel was closed by the server" },
    { "disconnected", nil, "the connection ended" },
    { "script_error", { text = "a.lua:1: boom" }, "a.lua:1: boom" },
  }

  it("reads as words for people", function()
    for _, case in ipairs(cases) do assert.equal(case[3], tostring(reason.new(case[1], case[2]))) end
  end)

  it("is one line of bounded length, whatever the server said", function()
    local text = tostring(reason.new("closed_by_remote", { code = 4000, text = ("x\r\n"):rep(1000) }))
    assert.is_nil(text:find("%c"))
    assert.is_true(#text < 300)
  end)

  it("is told by its kind, and has the metatable that the core gives", function()
    local made = reason.new("join_timeout")
    assert.equal("join_timeout", made.kind)
    assert.equal(core.reason_mt, getmetatable(made))
  end)

  it("shows a kind that it does not know, and what is no reason", function()
    assert.equal("odd", tostring(reason.new("odd")))
    assert.equal("normal", reason.text("normal"))
  end)
end)
