-- Fifty thousand timers, of one client and of a thousand.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"

local COUNT, HOUR = 50000, 3600000

describe("fifty thousand timers", function()
  local host, _, clock, heard, Client

  before_each(function()
    host, _, clock = phoenix.pretend()
    heard = 0
    Client = story.module { handle_info = function() heard = heard + 1 end }
  end)

  after_each(function() phoenix.close(host) end)

  local function start() return slipstream.start(Client, nil, { host = host }) end

  -- Every second one of them rings again and again.
  local function set(client, count)
    local socket, timers = client._socket, {}
    for place = 1, count do
      local send = place % 2 == 0 and socket.send_interval or socket.send_after
      timers[place] = assert(send(socket, HOUR + place % 7, { place = place }))
    end
    return timers
  end

  it("of one client ring, but for those that were cancelled", function()
    local client = start()
    for place, timer in ipairs(set(client, COUNT)) do
      if place > COUNT // 2 then assert(client._socket:cancel_timer(timer) >= HOUR) end
    end
    clock:advance(HOUR - 1)
    assert.equal(0, heard)
    clock:advance(7)
    assert.equal(COUNT // 2, heard)
    clock:advance(HOUR + 6)
    assert.equal(COUNT // 2 + COUNT // 4, heard)
  end)

  it("of a thousand clients end with them", function()
    local clients = {}
    for place = 1, 1000 do
      clients[place] = start()
      set(clients[place], COUNT // 1000)
    end
    for place = 1, 1000, 2 do clients[place]:stop() end
    clock:advance(HOUR + 6)
    assert.equal(COUNT // 2, heard)
    for place = 2, 1000, 2 do clients[place]:stop() end
    clock:advance(2 * HOUR)
    assert.equal(COUNT // 2, heard)
    for _, client in ipairs(clients) do assert.is_false(client:alive()) end
  end)
end)
