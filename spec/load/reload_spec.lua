-- Clients that are reloaded again and again while a server pushes to them: the parts are those of
-- spec/bench/reload.lua, which measures more of them.
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local slipstream = require "slipstream"
local state = require "spec.bench.reload_state"

local BOT = "spec.bench.reload_bot"
local COUNT, RELOADS = 200, 50

describe("clients that are reloaded while the server pushes to them", function()
  local clients, former

  before_each(function()
    clients, former = {}, log.set_sink(function() end)
  end)

  after_each(function()
    log.set_sink(former)
    program.clean_up()
  end)

  local function start_clients()
    local server = program.start { "serve", "spec/bench/reload_app.lua", "--port", "0" }
    local uri = server:read("listening"):match "ws://%S+"
    for place = 1, COUNT do clients[place] = slipstream.start(require(BOT), uri) end
    assert(loop.wait(function() return state.joined == COUNT end))
  end

  local function reload()
    local last = state.received
    assert(loop.wait(function() return state.received >= last + 20 end))
    assert.equal(COUNT, assert(slipstream.reload(BOT)).clients)
  end

  local function settle()
    for _, client in ipairs(clients) do client:send "settle" end
    assert(loop.wait(function() return state.settled == COUNT end))
    for _, client in ipairs(clients) do
      client:stop()
      assert(loop.wait(function() return not client:alive() end))
    end
  end

  it("get each push once, by the newest code, and stay connected", function()
    start_clients()
    for _ = 1, RELOADS do reload() end
    assert.equal(0, state.dropped)
    settle()
    assert.same({ 1 + RELOADS, 0, 0 }, { state.edition, state.wrong, state.stale })
  end)
end)
