-- Serializers: a client and a server that speak another language than Phoenix's JSON; vsn 1.0.0 and a JSON of
-- the script's own, end to end; and what becomes of a serializer that fails.
local cjson = require "cjson"
local core = require "slipstream.core"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local phoenix = require "spec.support.phoenix"
local presence = require "slipstream.presence"
local server = require "slipstream.server"
local slipstream = require "slipstream"
local story = require "spec.support.story"

-- Lua's own values, as bytes.
local packed = {
  encode = function(message) return core.pack(message), true end,
  decode = function(bytes, is_binary)
    assert(is_binary, "a text came")
    return core.unpack(bytes)
  end,
}

-- Messages as lines of text; of payloads their `text`.
local lines = {
  encode = function(m)
    local is_reply = m.event == "phx_reply"
    local value, status = m.payload, ""
    if is_reply then value, status = m.payload.response, m.payload.status end
    return table.concat({ m.join_ref or "", m.ref or "", m.topic, m.event, status, value.text or "" }, "\n")
  end,
  decode = function(text)
    local join_ref, ref, topic, event, status, rest = text:match "^(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.*)$"
    local payload = { text = rest }
    if status ~= "" then payload = { status = status, response = payload } end
    return { join_ref = join_ref ~= "" and join_ref or nil, ref = ref ~= "" and ref or nil, topic = topic,
      event = event, payload = payload }
  end,
}

describe("a serializer", function()
  local app, handle, uri, sink, faults

  local function serve(options)
    options = options or {}
    faults = {}
    options.report = function(where, text) faults[#faults + 1] = where .. ": " .. text end
    app = server.new(options)
    app:channel("room:*", {
      join = function(_, _, params) return "ok", params end,
      handle_in = function(channel, event, payload)
        if event == "shout" then channel:broadcast("shout", payload) end
        return "reply", "ok", payload
      end,
    })
    handle = assert(app:listen())
    uri = ("ws://127.0.0.1:%d/socket/websocket"):format(handle.port)
  end

  before_each(function() sink = log.set_sink(function() end) end)

  after_each(function()
    handle:stop()
    core.host():close()
    log.set_sink(sink)
    assert.is_true(loop.is_empty())
  end)

  -- Joins, pushes, hears a broadcast and leaves. Answers the responses of the join and of the push, and what
  -- was heard.
  local function talk(config, params, payload)
    config.uri = uri
    return slipstream.run(function()
      local socket = assert(slipstream.connect(config))
      socket:join("room:1", params)
      local joined = assert(socket:await_join "room:1")
      local status, response = socket:await_reply(socket:push("room:1", "shout", payload))
      assert.equal("ok", status)
      local heard = assert(socket:await_message("room:1", "shout"))
      assert.is_number(socket:ping())
      socket:leave "room:1"
      assert.is_true(socket:await_leave "room:1")
      socket:disconnect()
      assert.equal("closed_by_client", socket:await_disconnect().kind)
      return joined, response, heard
    end)
  end

  it("carries all that there is, and what JSON has not", function()
    serve { serializer = packed }
    local payload = { bytes = "\xff\0\xfe", list = { 1, 2 }, [7] = 1.5, deep = { none = slipstream.null } }
    local joined, response, heard = talk({ serializer = packed, vsn = "3.0.0" }, { user = "ann" }, payload)
    assert.same({ user = "ann" }, joined)
    assert.same(payload, response)
    assert.same(payload, heard)
    assert.same({}, faults)
  end)

  it("carries binary payloads", function()
    serve { serializer = packed }
    local _, response, heard = talk({ serializer = packed }, nil, slipstream.binary "\0\1")
    assert.equal("\0\1", response.bytes)
    assert.equal(core.binary_mt, getmetatable(heard))
  end)

  it("may speak text", function()
    serve { serializer = lines }
    local joined, response, heard = talk({ serializer = lines }, { text = "ann" }, { text = "hé" })
    assert.same({ { text = "ann" }, { text = "hé" }, { text = "hé" } }, { joined, response, heard })
  end)

  it("has params that are asked for, and pushes that wait for their topic", function()
    serve { serializer = packed }
    slipstream.run(function()
      local socket = assert(slipstream.connect { uri = uri, serializer = packed })
      socket:join("room:1", function() return { asked = true } end)
      local ref = socket:push("room:1", "echo", { waits = "\xff" }, { buffer = true })
      assert.same({ asked = true }, socket:await_join "room:1")
      assert.same({ "ok", { waits = "\xff" } }, { socket:await_reply(ref) })
      assert.same({ nil, "payload: a function cannot be sent", "invalid" },
        { socket:push("room:1", "echo", { fn = print }) })
    end)
  end)

  it("of a server that cannot read a frame closes the connection, and reports why", function()
    serve { serializer = packed }
    slipstream.run(function()
      local socket = assert(slipstream.connect { uri = uri }) -- speaks JSON
      socket:join "room:1"
      local reason = socket:await_disconnect()
      assert.equal("closed_by_remote", reason.kind)
      assert.equal(1011, reason.code)
    end)
    assert.is_truthy(faults[1]:find("^serializer: serializer.decode: .*a text came"), faults[1])
  end)

  it("of a server carries who is tracked there, and says at the script's line what it cannot", function()
    serve { serializer = packed }
    local line, raised
    app:channel("presence:*", {
      join = function() return "ok" end,
      joined = function(channel)
        line = debug.getinfo(1, "l").currentline + 1
        raised = { select(2, pcall(function() channel:track("ann", { face = print }) end)),
          select(2, pcall(function() channel:push("shout", print) end)) }
        channel:track("ann", { face = "\xff" })
      end,
      handle_in = function() end,
    })
    slipstream.run(function()
      local socket = assert(slipstream.connect { uri = uri, serializer = packed })
      local users = presence.new(socket, "presence:1")
      socket:join "presence:1"
      assert(users:await_sync())
      assert.equal("\xff", users:list()[1].metas[1].face)
    end)
    for place, text in ipairs(raised) do
      local where = ("spec/host/serializer_spec.lua:%d: cannot send: "):format(line + place - 1)
      assert.equal(where, text:sub(1, #where))
    end
  end)

  it("need not be there: vsn 1.0.0 and a JSON of the script's own do the same", function()
    serve()
    for _, config in ipairs { { vsn = "1.0.0" }, { json = cjson }, { vsn = "1.0.0", json = cjson } } do
      local joined, response, heard = talk(config, { user = "ann" }, { list = { 1, "two" }, n = 1.5 })
      assert.same({ user = "ann" }, joined)
      assert.same({ list = { 1, "two" }, n = 1.5 }, response)
      assert.same(response, heard)
    end
  end)
end)

describe("a serializer that fails", function()
  local host, peer, clock, faulty, told, fails

  local CONFIG = { uri = "ws://phoenix.test/socket/websocket", jitter = 0, heartbeat_interval_msec = 0 }

  -- Says JSON, unless `fails` has something else for the event.
  local function new_serializer()
    return {
      encode = function(m)
        if fails[m.event] then return fails[m.event](m) end
        return core.json.encode(setmetatable({ m.join_ref or core.null, m.ref or core.null, m.topic, m.event,
          m.payload }, core.array_mt))
      end,
      decode = function(text)
        local parts = core.json.decode(text)
        local event = parts[4]
        if fails[event] then return fails[event](parts) end
        return { join_ref = parts[1], ref = parts[2], topic = parts[3], event = event, payload = parts[5] }
      end,
    }
  end

  before_each(function()
    host, peer, clock = phoenix.pretend()
    told, fails, faulty = {}, {}, new_serializer()
  end)
  after_each(function() phoenix.close(host) end)

  local function start(own)
    local socket
    local callbacks = {
      init = function(self)
        socket = self
        local config = { serializer = faulty }
        for name, value in pairs(CONFIG) do config[name] = value end
        for name, value in pairs(own or {}) do config[name] = value end
        self:connect(config)
        self:join "room:1"
      end,
      handle_message = function(_, _, event, payload) told[#told + 1] = { event, payload } end,
      handle_reply = function(_, _, status, response) told[#told + 1] = { status, response } end,
      handle_disconnect = function(_, reason) told[#told + 1] = { tostring(reason) } end,
    }
    story.start(host, callbacks)
    return socket
  end

  local function join()
    peer:accept()
    return peer:expect_join("room:1"):reply "ok"
  end

  it("to write a push says so at once, and nothing is sent", function()
    local socket = start()
    join()
    local outcomes = {
      ["serializer.encode: .*serializer_spec.lua:%d+: no way"] = function() error "no way" end,
      ["serializer.encode returned a nil, not a string of bytes"] = function() end,
      ["serializer.encode: no words"] = function() return nil, "no words" end,
      ["serializer.encode returned a table"] = function() return {} end,
      ["serializer.encode returned text that is not UTF%-8"] = function() return "\xff" end,
      ["serializer.encode: .*attempt to yield"] = function() coroutine.yield() end,
      ["serializer.encode: .*inside of its serializer"] = function() socket:push("room:1", "other") end,
      ["serializer.encode: .*close a client inside"] = function() socket._core:close() end,
    }
    for text, fn in pairs(outcomes) do
      fails.hi = fn
      local ref, fault, code = socket:push("room:1", "hi")
      assert.is_nil(ref)
      assert.is_truthy(fault:find(text), fault)
      assert.equal("invalid", code)
    end
    assert.is_true(peer:is_silent())
    fails = {}
    assert.is_number(socket:push("room:1", "hi"))
    peer:expect("room:1", "hi"):reply("ok", { fine = true })
    assert.same({ { "ok", { fine = true } } }, told)
  end)

  it("at length has its words cut between characters", function()
    local socket = start()
    join()
    for length = 150, 153 do
      fails.hi = function() error(("x"):rep(length - 150) .. ("é"):rep(length), 0) end
      local _, fault = socket:push("room:1", "hi")
      assert.is_truthy(utf8.len(fault) and #fault > 250, fault)
    end
  end)

  it("to write a push that waits says so at once", function()
    local socket = start()
    fails.hi = function() error "no way" end
    local ref, fault = socket:push("room:1", "hi", nil, { buffer = true })
    assert.is_nil(ref)
    assert.is_truthy(fault:find "no way")
  end)

  it("to write a join is logged, and the join asked for again", function()
    start()
    fails.phx_join = function() error "no way" end
    peer:accept()
    assert.is_true(peer:is_silent())
    local faults = {}
    for _, entry in ipairs(peer.logged) do faults[#faults + 1] = entry.fields.reason end
    assert.is_truthy(table.concat(faults, "\n"):find("serializer.encode: .*no way"))
    fails = {}
    clock:advance(100)
    peer:expect_join "room:1"
  end)

  it("to write a heartbeat ends the connection with a reason", function()
    local socket = start { heartbeat_interval_msec = 1000 }
    join()
    fails.heartbeat = function() error "no way" end
    clock:advance(1000)
    assert.equal(1000, (peer:expect_close()))
    assert.is_truthy(told[1][1]:find "serializer.encode: .*no way", told[1][1])
    assert.is_false(socket:connected())
  end)

  it("to read a frame ends the connection with a reason", function()
    local outcomes = {
      ["serializer.decode: .*no way"] = function() error "no way" end,
      ["serializer.decode: it returned a nil, not a message"] = function() end,
      ["serializer.decode: no words"] = function() return nil, "no words" end,
      ["topic is a nil, not a string"] = function() return { event = "hi" } end,
      ["event is a number, not a string"] = function() return { topic = "room:1", event = 1 } end,
      ["ref is a table"] = function() return { topic = "room:1", event = "hi", ref = {} } end,
      ["the payload of a phx_reply has no status"] = function()
        return { topic = "room:1", event = "phx_reply", payload = 1 }
      end,
    }
    for text, fn in pairs(outcomes) do
      fails, told = {}, {}
      start()
      join()
      fails.hi = fn
      peer:broadcast("room:1", "hi")
      assert.equal(1007, (peer:expect_close()))
      assert.is_truthy(told[1][1]:find(text), told[1][1])
    end
  end)

  it("not, but takes refs as numbers and any payload, goes on", function()
    local socket = start()
    join()
    fails.hi = function(parts)
      return { join_ref = 1, ref = core.null, topic = parts[3], event = "hi", payload = print }
    end
    peer:broadcast("room:1", "hi")
    assert.same({ { "hi", print } }, told)
    assert.is_true(socket:connected())
  end)
end)
