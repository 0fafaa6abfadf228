-- ws+unix from the script's end; the words for each kind of failure are in spec/net/unix_test.c.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local slipstream = require "slipstream"

describe("ws+unix #wire", function()
  local path, sink

  before_each(function()
    sink = slipstream.log.set_sink(function() end)
    path = program.folder() .. "/app.sock"
  end)

  after_each(function()
    slipstream.log.set_sink(sink)
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
  end)

  local function start(callbacks)
    local Client = slipstream.client()
    local uri = ("ws+unix://%s:/socket/websocket?a=1"):format(path)
    function Client:init() assert(self:connect { uri = uri }) end
    for name, callback in pairs(callbacks) do Client[name] = callback end
    return slipstream.start(Client)
  end

  local function wait_for_end(client)
    assert.is_true(loop.wait(function() return not client:alive() end))
  end

  it("connects, joins and hears messages", function()
    local server = raw_server.listen_at(path)
    local heard
    local client = start {
      handle_connect = function(self) self:join "room:1" end,
      handle_message = function(_, topic, event)
        heard = { topic, event }
        return "stop", "normal"
      end,
    }
    local connection = server:open()
    assert.equal("GET /socket/websocket?a=1&vsn=2.0.0 HTTP/1.1", connection.request.line)
    assert.equal("localhost", connection.request.headers.host)
    assert.equal('["1","1","room:1","phx_join",{}]', connection:frame().payload)
    connection:send_frame { payload = '["1","1","room:1","phx_reply",{"status":"ok","response":{}}]' }
    connection:send_frame { payload = '["1",null,"room:1","news",{}]' }
    assert.is_true(loop.wait(function() return heard end))
    assert.same({ "room:1", "news" }, heard)
    connection:frame()
    server:close()
    wait_for_end(client)
  end)

  it("tells which socket is not there", function()
    local told
    local client = start {
      handle_disconnect = function(_, reason)
        told = tostring(reason)
        return "stop", "normal"
      end,
    }
    wait_for_end(client)
    assert.equal(("no connection: cannot connect to %s: no such file or directory"):format(path), told)
  end)
end)
