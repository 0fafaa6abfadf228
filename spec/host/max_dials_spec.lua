-- A host makes so many connections at a time; the others wait for their turn.
local phoenix = require "spec.support.phoenix"
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

describe("a host with max_dials", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  -- Clients that connect to hosts of their names, and stay away when that ends.
  local function start(names, own, config)
    local clients = {}
    own = own or { handle_disconnect = function() end }
    for name in names:gmatch "%S+" do
      local mine = { uri = ("ws://%s/socket"):format(name) }
      for key, value in pairs(config or {}) do mine[key] = value end
      local module, calls = recorder.module(mine, own)
      clients[name] = slipstream.start(module, nil, { host = host })
      clients[name .. "_calls"] = calls
    end
    clock:advance(0)
    return clients
  end

  -- The names of those that dial now, in order; they go on waiting for an answer.
  local function dials()
    local names, peers = {}, {}
    clock:advance(0)
    while host:waiting() > 0 do
      local peer = server:take_dial()
      names[#names + 1] = peer:target()
      peers[peer:target()] = peer
    end
    return table.concat(names, " "), peers
  end

  it("makes 256 at a time when nobody has said anything", function()
    local names = {}
    for number = 1, 300 do names[number] = "h" .. number end
    start(table.concat(names, " "))
    assert.equal(256, host:waiting())
  end)

  it("lets the next one dial when one is connected, in their order", function()
    host:set_max_dials(2)
    start "a b c d e"
    assert.equal(2, host:waiting())
    assert.equal("a", server:accept().headers.host)
    assert.equal(2, host:waiting())
    for _, name in ipairs { "b", "c", "d", "e" } do assert.equal(name, server:accept().headers.host) end
    assert.equal(0, host:waiting())
  end)

  it("lets nobody dial when it is 0, before it is more again", function()
    host:set_max_dials(0)
    start "a b"
    assert.equal(0, host:waiting())
    host:set_max_dials(2)
    clock:advance(0)
    assert.equal(2, host:waiting())
  end)

  it("counts an attempt until the server has answered the upgrade", function()
    host:set_max_dials(1)
    start "a b"
    server:read_request()
    assert.equal(0, host:waiting())
    server:send_raw "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    assert.equal("b", dials())
  end)

  it("lets the next one dial however the attempt before it ends", function()
    host:set_max_dials(1)
    local ends = {
      function(_, peer) peer:finish("tcp", "connection refused") end,
      function(_, peer) peer:accept() peer:finish() end,
      function() clock:advance(15000) end, -- its connect_timeout_msec
      function(client) client._socket:disconnect() end,
      function(client) client:stop() end,
      function(client) client._socket._core:close() end,
    }
    for number, finish in ipairs(ends) do
      local clients = start "a b"
      local names, peers = dials()
      assert.equal("a", names, number)
      finish(clients.a, peers.a)
      names, peers = dials()
      assert.equal("b", names, number)
      peers.b:finish("tcp", "connection refused")
      clock:advance(0)
    end
  end)

  it("lets those go that do not want their turn any more", function()
    host:set_max_dials(1)
    local clients = start "a b c d e"
    clients.b._socket:disconnect()
    clients.c:stop()
    clients.d._socket._core:close()
    assert.equal("a", server:accept().headers.host)
    assert.equal("closed_by_client", recorder.last(clients.b_calls, "handle_disconnect").kind)
    assert.is_false(clients.c:alive())
    assert.equal("e", dials())
  end)

  it("lets the next one dial when the one whose turn has come goes in that moment", function()
    host:set_max_dials(1)
    local clients
    clients = start("a b c", {
      handle_connect = function(self)
        if self:client() == clients.a then clients.b._socket:disconnect() end
      end,
      handle_disconnect = function() end,
    })
    assert.equal("a", server:accept().headers.host)
    assert.equal("c", dials())
  end)

  it("counts connect_timeout_msec from the turn, not from the request", function()
    host:set_max_dials(1)
    local clients = start "a b"
    assert.equal("a", dials())
    clock:advance(15000)
    assert.equal("connect_timeout", recorder.last(clients.a_calls, "handle_disconnect").kind)
    assert.equal("b", dials())
    clock:advance(14999)
    assert.is_nil(recorder.last(clients.b_calls, "handle_disconnect"))
    clock:advance(1)
    assert.equal("connect_timeout", recorder.last(clients.b_calls, "handle_disconnect").kind)
  end)

  it("gives up a dial whose turn does not come within a minute", function()
    host:set_max_dials(1)
    local clients = start("a b", nil, { connect_timeout_msec = 100000 })
    assert.equal("a", dials())
    clock:advance(59999)
    assert.is_nil(recorder.last(clients.b_calls, "handle_disconnect"))
    clock:advance(1)
    local reason = recorder.last(clients.b_calls, "handle_disconnect")
    assert.equal("queue", reason.stage)
    assert.equal("no connection in time, while waiting for its turn among many dials", tostring(reason))
  end)

  it("lets who failed wait behind all others", function()
    host:set_max_dials(1)
    start("a b", { handle_disconnect = slipstream.default.handle_disconnect })
    local order = {}
    for _ = 1, 4 do
      clock:advance(10)
      local peer = server:take_dial()
      order[#order + 1] = peer:target()
      peer:finish("tcp", "connection refused")
    end
    assert.equal("a b a b", table.concat(order, " "))
  end)

  it("lets who is redirected wait again, behind all others", function()
    host:set_max_dials(1)
    start "a b"
    server:redirect "//c/"
    assert.equal("b", server:accept().headers.host)
    assert.equal("c", server:accept().headers.host)
  end)

  it("takes a new limit at once", function()
    host:set_max_dials(1)
    start "a b c d"
    assert.equal(1, host:waiting())
    host:set_max_dials(3)
    clock:advance(0)
    assert.equal(3, host:waiting())
    host:set_max_dials(1)
    for _ = 1, 3 do server:accept() end
    assert.equal("d", server:accept().headers.host)
  end)

  it("begins no dial with a limit of 0, until there is another", function()
    host:set_max_dials(0)
    start "a b"
    assert.equal(0, host:waiting())
    host:set_max_dials(1)
    clock:advance(0)
    assert.equal("a", server:accept().headers.host)
  end)

  it("refuses a limit that is none", function()
    for _, limit in ipairs { -1, 1.5, "many" } do
      assert.has_error(function() host:set_max_dials(limit) end)
    end
  end)

  it("closes while some dial and others wait", function()
    host:set_max_dials(2)
    start "a b c d"
    host:close()
    assert.has_error(function() host:set_max_dials(1) end, "attempt to use a closed host")
  end)
end)
