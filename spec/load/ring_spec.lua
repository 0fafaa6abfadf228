-- Ten thousand clients in a ring, each of which knows the next one.
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local story = require "spec.support.story"

local COUNT = 10000

describe("ten thousand clients in a ring", function()
  local host, _, clock, ring, heard

  -- Asked, a client asks the next one, until one is asked for no more and gives its own number. Told to
  -- call, it notes what the next one answers.
  local Node = slipstream.client { restart = "temporary" }

  function Node:init(place) self.assigns.place = place end

  local function next_of(self) return ring[self.assigns.place % COUNT + 1] end

  function Node:handle_call(further)
    if further == 0 then return "reply", self.assigns.place end
    local place, reason = next_of(self):call(further - 1)
    if place then return "reply", place end
    return "stop", reason
  end

  function Node:handle_info()
    local place, reason = next_of(self):call(0)
    heard[reason or "reply"] = (heard[reason or "reply"] or 0) + 1
    self.assigns.next = place
  end

  before_each(function()
    host, _, clock = phoenix.pretend()
    ring, heard = {}, {}
    for place = 1, COUNT do ring[place] = slipstream.start(Node, place, { host = host }) end
  end)

  after_each(function() phoenix.close(host) end)

  local function count_alive()
    local count = 0
    for _, client in ipairs(ring) do count = count + (client:alive() and 1 or 0) end
    return count
  end

  it("wait inside each other until the last one replies", function()
    local answer = story.ask(host, function() return ring[1]:call(COUNT - 1) end)
    clock:advance(0)
    assert.same({ COUNT, n = 1 }, answer)
  end)

  it("hear one after the other that the last one has stopped", function()
    local answer = story.ask(host, function() return ring[1]:call(COUNT) end)
    clock:advance(0) -- the last one waits for the first, and so do all
    assert.same({}, answer)
    ring[COUNT]:stop "tired"
    clock:advance(0)
    assert.same({ nil, "tired", n = 2 }, answer)
    assert.equal(0, count_alive())
  end)

  it("all get replies, when every second one calls at the same time", function()
    for place = 1, COUNT, 2 do ring[place]:send "call" end
    clock:advance(0)
    assert.same({ reply = COUNT / 2 }, heard)
  end)

  it("all wait in vain, when each calls the next one at the same time, and go on afterwards", function()
    for _, client in ipairs(ring) do client:send "call" end
    clock:advance(4999)
    assert.same({}, heard)
    clock:advance(1)
    assert.same({ timeout = COUNT }, heard)
    assert.equal(COUNT, count_alive())
    local answer = story.ask(host, function() return ring[1]:call(COUNT - 1) end)
    clock:advance(0)
    assert.equal(COUNT, answer[1])
  end)
end)
