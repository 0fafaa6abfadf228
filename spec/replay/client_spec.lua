-- Every stream that a real server sent, given to our client cut at random places, makes it tell what
-- happened. See spec/support/replay.lua for how, spec/support/client_model.lua for what.
local recording = require "spec.support.recording"
local replay = require "spec.support.replay"

-- Scenarios that no WebSocket client can be part of, each with the reason.
local left_out = {
  longpoll = "long polling is HTTP alone",
  longpoll_errors = "long polling is HTTP alone",
}

local ROUNDS = 3 -- each with other cuts

local totals = { connections = 0, made = 0, skipped = 0, unpacked = 0, events = {} }

local function count(story)
  totals.connections = totals.connections + 1
  totals.made = totals.made + story.made
  totals.skipped = totals.skipped + story.skipped
  totals.unpacked = totals.unpacked + story.unpacked
  for _, line in ipairs(story.told) do
    local kind = line:match "^%S+"
    totals.events[kind] = (totals.events[kind] or 0) + 1
  end
end

local function check(name, connection, seed)
  local place = ("%s, connection %s, seed %q"):format(name, connection.name, seed)
  local ok, story = xpcall(replay.play, debug.traceback, connection, recording.dice(seed))
  if not ok then error(place .. ": " .. story, 0) end
  local model = story.model
  assert.message(place).same(table.concat(model.told, "\n"), table.concat(story.told, "\n"))
  assert.message(place).same(model.sent, story.sent)
  assert.message(place).equal(model.link == "open", story.is_connected)
  assert.message(place).equal(model.link == "gone", story.closed ~= nil)
  return story
end

describe("a client that hears what a real server said", function()
  for _, name in ipairs(recording.list()) do
    if not left_out[name:match "[^/]+$"] then
      it("tells what happened in " .. name, function()
        for round = 1, ROUNDS do
          for _, connection in ipairs(recording.connections(name)) do
            count(check(name, connection, ("%s %s %d"):format(name, connection.name, round)))
          end
        end
      end)
    end
  end

  it("has taken part in most of it", function()
    assert.is_true(totals.connections >= 400 * ROUNDS)
    assert.is_true(totals.made > 2 * totals.skipped)
    assert.is_true(totals.unpacked >= 12 * ROUNDS)
    for _, kind in ipairs { "joined", "topic_closed", "left", "message", "reply", "disconnected" } do
      assert.is_true((totals.events[kind] or 0) >= 20 * ROUNDS, kind)
    end
  end)
end)
