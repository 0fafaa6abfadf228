-- A thousand clients that fail at the same time, half of them again and again.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"

local COUNT = 1000

describe("a storm of errors", function()
  local host, server, clock, clients, calm, beats

  local Fragile = slipstream.client { restart = "transient" }

  function Fragile:init(is_hopeless)
    if is_hopeless and self:client().restarts > 0 then self:send_after(1, "fail") end
  end

  function Fragile.handle_info() error "boom" end

  before_each(function()
    host, server, clock = phoenix.pretend()
    clients, beats = {}, 0
    calm = story.start(host, {
      init = function(self) self:send_interval(100, "beat") end,
      handle_info = function() beats = beats + 1 end,
    })
    for place = 1, COUNT do clients[place] = slipstream.start(Fragile, place % 2 == 0, { host = host }) end
  end)

  after_each(function() phoenix.close(host) end)

  local function storm()
    for _, client in ipairs(clients) do client:send "fail" end
    clock:advance(2000) -- the pauses before the restarts are 100, 200 and 400 msec
  end

  local function count_by_status()
    local counts = {}
    for _, client in ipairs(clients) do
      local status = client:status()
      counts[status] = (counts[status] or 0) + 1
    end
    return counts
  end

  local function count_logged(level)
    local count = 0
    for _, entry in ipairs(server.logged) do count = count + (entry.level == level and 1 or 0) end
    return count
  end

  it("is over when each has recovered or given up, and disturbs nobody else", function()
    storm()
    assert.same({ running = COUNT / 2, gave_up = COUNT / 2 }, count_by_status())
    assert.is_true(calm:alive())
    assert.equal(20, beats)
  end)

  it("is a line of the log for each error, and one for each that gives up", function()
    storm()
    local half = COUNT / 2
    assert.equal(half + 4 * half + half, count_logged "error")
  end)

  it("leaves nothing behind but those that gave up", function()
    storm()
    for _, client in ipairs(clients) do client:stop() end
    clock:advance(0)
    local left = {}
    for _, client in ipairs(slipstream.clients()) do
      if client._host == host then left[client:status()] = (left[client:status()] or 0) + 1 end
    end
    assert.same({ running = 1, gave_up = COUNT / 2 }, left)
  end)
end)
