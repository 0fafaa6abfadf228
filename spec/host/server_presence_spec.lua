-- Presence of the embedded server: who is tracked, and what all who joined are told of it. Its frames are
-- held to Phoenix's in spec/replay/server_spec.lua.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local log = require "slipstream.log"
local server = require "slipstream.server"
local slipstream = require "slipstream"

describe("an embedded server that tracks who is there", function()
  local app, handle, uri, sink, channels

  before_each(function()
    sink = log.set_sink(function() end)
    channels = {}
    app = server.new { report = function(_, text) error(text, 0) end }
    app:channel("room:*", {
      join = function(channel, _, params)
        channel.assigns.user = params.user
        channels[params.user] = channel
        return "ok"
      end,
      joined = function(channel) channel:track(channel.assigns.user, { mood = "fine" }) end,
      handle_in = function() end,
    })
    handle = assert(app:listen())
    uri = ("ws://127.0.0.1:%d/socket/websocket"):format(handle.port)
  end)

  after_each(function()
    handle:stop()
    core.host():close()
    log.set_sink(sink)
    assert.is_true(loop.is_empty())
  end)

  local function enter(user)
    local socket = assert(slipstream.connect { uri = uri })
    socket:join("room:1", { user = user })
    assert(socket:await_join "room:1")
    return socket
  end

  -- The next message, as "event keys of joins | keys of leaves", or of the state.
  local function next_of(socket)
    local payload, _, event = assert(socket:await_message "room:1")
    local function keys_of(presences)
      local keys = {}
      for key, presence in pairs(presences) do keys[#keys + 1] = key .. " " .. #presence.metas end
      table.sort(keys)
      return table.concat(keys, ",")
    end
    if event == "presence_state" then return "state " .. keys_of(payload), payload end
    return ("diff %s|%s"):format(keys_of(payload.joins), keys_of(payload.leaves)), payload
  end

  local function told(socket) return (next_of(socket)) end

  it("tells all of a join, and then the state to who has joined", function()
    slipstream.run(function()
      local ann = enter "ann"
      assert.equal("diff ann 1|", told(ann))
      assert.equal("state ann 1", told(ann))
      local bob = enter "bob"
      assert.equal("diff bob 1|", told(ann))
      assert.equal("diff bob 1|", told(bob))
      local text, state = next_of(bob)
      assert.equal("state ann 1,bob 1", text)
      assert.equal("fine", state.ann.metas[1].mood)
      assert.same(state, app:presences "room:1")
      assert.same({}, app:presences "room:2")
    end)
  end)

  it("tells of a leave, of a close and of a connection that is lost", function()
    slipstream.run(function()
      local ann = enter "ann"
      told(ann)
      told(ann)
      for _, go in ipairs {
        function(bob) bob:leave "room:1" end,
        function(bob) bob:disconnect() end,
        function() channels.bob.socket:drop() end,
        function() channels.bob:stop "normal" end,
        function() channels.bob:stop "crash" end,
      } do
        local bob = enter "bob"
        assert.equal("diff bob 1|", told(ann))
        go(bob)
        assert.equal("diff |bob 1", told(ann))
        bob:disconnect()
      end
      local left = app:presences "room:1"
      assert.equal("ann", next(left))
      assert.is_nil(next(left, "ann"))
    end)
  end)

  it("has a key as often as there are channels that track it", function()
    slipstream.run(function()
      local first = enter "ann"
      told(first)
      told(first)
      local second = enter "ann"
      assert.equal("diff ann 1|", told(first))
      told(second)
      assert.equal("state ann 2", told(second))
      second:leave "room:1"
      assert.equal("diff |ann 1", told(first))
      assert.equal(1, #app:presences("room:1").ann.metas)
    end)
  end)

  it("tells of an update as of a join and a leave, with the ref before", function()
    slipstream.run(function()
      local ann = enter "ann"
      told(ann)
      local _, state = next_of(ann)
      local ref = assert(channels.ann:update("ann", { mood = "sad" }))
      local text, payload = next_of(ann)
      assert.equal("diff ann 1|ann 1", text)
      local new, old = payload.joins.ann.metas[1], payload.leaves.ann.metas[1]
      assert.same(state.ann.metas[1], old)
      assert.same({ mood = "sad", phx_ref = ref, phx_ref_prev = old.phx_ref }, new)
      channels.ann:update("ann", function(meta) return { mood = meta.mood .. "der" } end)
      _, payload = next_of(ann)
      assert.equal("sadder", payload.joins.ann.metas[1].mood)
      assert.equal(ref, payload.joins.ann.metas[1].phx_ref_prev)
    end)
  end)

  it("tracks several keys of a channel, and tells the state with the first only", function()
    slipstream.run(function()
      local ann = enter "ann"
      told(ann)
      told(ann)
      assert.is_string(channels.ann:track "her phone")
      assert.equal("diff her phone 1|", told(ann))
      channels.ann:untrack "her phone"
      assert.equal("diff |her phone 1", told(ann))
      channels.ann:track "her car"
      told(ann)
      channels.ann:untrack()
      assert.equal("diff |ann 1,her car 1", told(ann))
      assert.same({}, app:presences "room:1")
    end)
  end)

  it("says what cannot be", function()
    slipstream.run(function()
      enter "ann"
      local channel = channels.ann
      assert.same({ nil, "already_tracked", "already_tracked" }, { channel:track "ann" })
      assert.same({ nil, "not_tracked", "not_tracked" }, { channel:update("bob", {}) })
      assert.is_nil(channel:untrack "bob")
      local _, text = pcall(channel.track, channel, "car", { wheel = print })
      assert.is_truthy(text:find("cannot send: payload.car.wheel: cannot encode a function", 1, true), text)
      assert.is_nil(app:presences("room:1").car)
      channel:stop "normal"
      _, text = pcall(channel.track, channel, "ann")
      assert.is_truthy(text:find("track on a channel that is not joined", 1, true))
    end)
  end)
end)
