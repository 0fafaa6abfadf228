-- What docs/why-not-libwebsockets-for-the-client.md says of libwebsockets as a client, seen on the version
-- that is installed. When a test fails here, that page is out of date.
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local ws = require "spec.support.ws"

local CLIENT = program.binary:gsub("[^/]*$", "spec/bench/lws_client")

describe("libwebsockets as a client #wire", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  local function look(path)
    local uri = ("uri=ws://127.0.0.1:%d%s"):format(server.port, path or "/")
    return program.start({ "look", uri }, { path = CLIENT })
  end

  local function code_seen(code)
    local it_looks = look()
    local connection = server:open()
    connection:send_frame { opcode = "close", payload = ws.close_payload(code, "") }
    return it_looks:read "closed: "
  end

  it("takes the codes of a server that restarts or is full for a broken protocol", function()
    for _, code in ipairs { 1006, 1012, 1013, 1014 } do assert.equal("closed: 1002", code_seen(code)) end
    assert.equal("closed: 1001", code_seen(1001))
  end)

  it("loses what a server says that refuses", function()
    local it_looks = look()
    server:accept():send "HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\nno such token"
    it_looks:read "refused: "
    assert.falsy(it_looks:output():find("token", 1, true))
  end)

  it("sends not all of a long path", function()
    local path = "/socket?token=" .. ("x"):rep(3000)
    look(path)
    local connection = server:accept()
    connection:key()
    assert.is_true(#connection.request.line < #path)
  end)
end)
