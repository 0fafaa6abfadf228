-- Sturdiness: what scripts hand us may be odd, and its clients end well all the same.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"

describe("a client", function()
  local host, server, clock

  before_each(function() host, server, clock = phoenix.pretend() end)
  after_each(function() phoenix.close(host) end)

  -- One with these callbacks, which is not started again.
  local function start(callbacks)
    local module = slipstream.client { restart = "temporary" }
    for name, callback in pairs(callbacks) do module[name] = callback end
    return slipstream.start(module, nil, { host = host })
  end

  -- What handle_info returns, when told to.
  local function told(verdict)
    local client = start { handle_info = function() return table.unpack(verdict) end }
    client:send "go"
    clock:advance(1)
    return client
  end

  local function errors()
    local list = {}
    for _, entry in ipairs(server.logged) do
      if entry.level == "error" then list[#list + 1] = entry.text end
    end
    return list
  end

  -- An object that cannot be looked into.
  local function strict()
    local function refuse() error "no such field" end
    return setmetatable({}, { __index = refuse, __pairs = refuse, __tostring = refuse })
  end

  it("stops for a reason that cannot be looked into, which is a failure", function()
    local reasons = {}
    local unwatch = slipstream.watch(function(_, reason, is_failure)
      reasons[#reasons + 1] = { reason, is_failure }
    end)
    local own, asked = strict(), strict()
    told { "stop", own }
    start({}):stop(asked)
    clock:advance(1)
    unwatch()
    assert.equal(2, #reasons)
    assert.is_true(rawequal(own, reasons[1][1]) and reasons[1][2])
    assert.is_true(rawequal(asked, reasons[2][1]) and reasons[2][2])
  end)

  it("ends when its verdict is an object, which is read by nobody", function()
    assert.equal("ended", told({ strict() }):status())
    assert.equal("ended", told({ "ok", strict() }):status())
    assert.equal("ended", told({ { [strict()] = 1 } }):status())
    local place = ("spec/host/sturdy_spec.lua:%d: "):format(debug.getinfo(told, "S").linedefined + 1)
    assert.same({
      place .. "handle_info returned an object where a table of actions may be",
      place .. "handle_info returned an object where a table of actions may be",
      place .. "handle_info returned the action an object, which there is not; "
        .. "there are timeout, continue and hibernate",
    }, errors())
  end)

  it("ends although its module has a disconnect of its own", function()
    local client = start { disconnect = function() error "not that one" end, terminate = function() end }
    client:stop()
    clock:advance(1)
    assert.equal("ended", client:status())
    assert.same({}, errors())
  end)

  it("lets go what it was to go on with", function()
    local term, terms = {}, setmetatable({}, { __mode = "k" })
    terms[term] = true
    local client = start {
      init = function() return { continue = next(terms) } end,
      handle_continue = function() end,
    }
    clock:advance(1)
    term = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(terms))
    assert.equal("running", client:status())
  end)

  it("lets go who called it, and has ended since", function()
    local callers = setmetatable({}, { __mode = "k" })
    local called = start { handle_call = function() return "reply", "here" end }
    local function call_once()
      start({
        handle_info = function(self)
          callers[self] = called:call "there?"
          return "stop"
        end,
      }):send "go"
      clock:advance(1)
    end
    call_once()
    assert.equal("here", select(2, next(callers)))
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(callers))
  end)

  it("dials what connect_params says of this connection, not of a former one", function()
    local answers, socket = {}, nil
    local function hosts_in_turn()
      local attempt = #answers + 1
      slipstream.await(function(go_on) answers[attempt] = go_on end, 60000)
      return { uri = ("ws://host%d.test/socket/websocket"):format(attempt) }
    end
    start {
      init = function(self)
        socket = self
        self:connect { uri = "ws://phoenix.test/socket/websocket" }
      end,
      connect_params = hosts_in_turn,
    }
    clock:advance(1)
    socket:disconnect()
    clock:advance(1)
    assert(socket:connect { uri = "ws://phoenix.test/socket/websocket" })
    clock:advance(1)
    answers[1]()
    assert.is_false(server:was_dialled())
    answers[2]()
    assert.equal("host2.test", server:read_request().headers.host)
  end)
end)
