-- local_address from the script's end; the words for each kind of failure are in spec/net/connect_test.c.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local raw_server = require "spec.support.raw_server"
local slipstream = require "slipstream"

describe("local_address #wire", function()
  local server, sink

  before_each(function()
    sink = slipstream.log.set_sink(function() end)
    server = raw_server.listen()
  end)

  after_each(function()
    slipstream.log.set_sink(sink)
    server:close()
    core.host():close()
    assert.is_true(loop.is_empty())
  end)

  local function start(local_address)
    local told = {}
    local uri = ("ws://127.0.0.1:%d/socket"):format(server.port)
    local Client = slipstream.client()
    function Client:init() assert(self:connect { uri = uri, local_address = local_address }) end
    function Client.handle_disconnect(_, reason)
      told.reason = tostring(reason)
      return "stop", "normal"
    end
    return slipstream.start(Client), told
  end

  local function wait_for_end(client)
    assert.is_true(loop.wait(function() return not client:alive() end))
  end

  it("is where connections come from, one address after the other", function()
    local list, seen, clients = { "127.0.0.12", "127.0.0.11" }, {}, {}
    for index = 1, 3 do
      clients[index] = start(list)
      local connection = server:accept()
      seen[index] = connection.tcp:getpeername().ip
      connection:finish()
    end
    assert.same({ "127.0.0.12", "127.0.0.11", "127.0.0.12" }, seen)
    for _, client in ipairs(clients) do wait_for_end(client) end
  end)

  it("must be one of this machine's", function()
    local client, told = start "192.0.2.1"
    wait_for_end(client)
    assert.equal("no connection: local_address 192.0.2.1: this machine has no such address", told.reason)
  end)
end)
