-- Presence: what a client knows of who is there, and when it is told.
local core = require "slipstream.core"
local phoenix = require "spec.support.phoenix"
local presence = require "slipstream.presence"
local recording = require "spec.support.recording"
local slipstream = require "slipstream"
local story = require "spec.support.story"

local CONFIG = { uri = "ws://phoenix.test/socket/websocket", jitter = 0, heartbeat_interval_msec = 0 }

local function array(list) return setmetatable(list, core.array_mt) end

local function there(...)
  local metas = array {}
  for place, ref in ipairs { ... } do metas[place] = { phx_ref = ref } end
  return { metas = metas }
end

local function diff(joins, leaves) return { joins = joins or {}, leaves = leaves or {} } end

local function refs_of(one)
  local refs = {}
  for place, meta in ipairs(one.metas) do refs[place] = meta.phx_ref end
  return table.concat(refs, ",")
end

local function line(key, one) return key .. " " .. refs_of(one) end

describe("a presence", function()
  local host, server, clock, told

  before_each(function()
    host, server, clock = phoenix.pretend()
    told = {}
  end)
  after_each(function() phoenix.close(host) end)

  local function noting()
    local function note(...) told[#told + 1] = table.concat({ ... }, " ") end
    return {
      on_join = function(key, current, new)
        note("join", key, current and refs_of(current) or "-", refs_of(new))
      end,
      on_leave = function(key, current, left)
        note("leave", key, refs_of(current) .. "|" .. refs_of(left))
      end,
      on_sync = function() note "sync" end,
    }
  end

  -- A client with a presence of room:1, which notes what it is told; its socket. `own` are more callbacks.
  local function start(own, callbacks)
    local socket
    local all = {
      init = function(self)
        socket = self
        self.assigns.users = presence.new(self, "room:1", callbacks or noting())
        self:connect(CONFIG)
        self:join "room:1"
      end,
      handle_message = function(_, _, event) told[#told + 1] = "message " .. event end,
    }
    for name, fn in pairs(own or {}) do all[name] = fn end
    story.start(host, all)
    return socket and socket.assigns.users, socket
  end

  local function join() return server:expect_join("room:1"):reply "ok" end

  local function accept()
    server:accept()
    return join()
  end

  it("has the state, and the diffs after it", function()
    local users = start()
    local room = accept()
    assert.same({}, users:list(line))
    room:push("presence_state", { ann = there "1" })
    assert.same({ "ann 1" }, users:list(line))
    server:broadcast("room:1", "presence_diff", diff({ bob = there "2" }))
    server:broadcast("room:1", "presence_diff", diff({ bob = there "3" }, { ann = there "1" }))
    assert.same({ "bob 2,3" }, users:list(line))
    assert.same({ there("2", "3") }, users:list())
    assert.same({
      "join ann - 1", "sync", "join bob - 2", "sync", "join bob 2 3", "leave ann |1", "sync",
    }, told)
  end)

  it("lets the diffs that come before the state wait for it", function()
    local users = start()
    local room = accept()
    server:broadcast("room:1", "presence_diff", diff { bob = there "2" })
    server:broadcast("room:1", "presence_diff", diff({ cat = there "3" }, { dan = there "4" }))
    assert.same({}, users:list())
    assert.same({}, told)
    room:push("presence_state", { ann = there "1", bob = there "2", dan = there "4" })
    assert.same({ "ann 1", "bob 2", "cat 3" }, users:list(line))
    assert.same({
      "join ann - 1", "join bob - 2", "join dan - 4", "join cat - 3", "leave dan |4", "sync",
    }, told)
  end)

  it("keeps its messages from handle_message, and no others", function()
    start()
    local room = accept()
    room:push("presence_state", {})
    room:push("hello")
    server:broadcast("room:1", "presence_diff", diff())
    assert.same({ "sync", "message hello", "sync" }, told)
  end)

  it("is of one topic", function()
    local users, socket = start()
    accept()
    socket:join "room:2"
    server:expect_join("room:2"):reply("ok"):push("presence_state", { ann = there "1" })
    assert.same({ "message presence_state" }, told)
    assert.same({}, users:list())
  end)

  it("may be made when the client is connected already", function()
    local users, socket = start {
      init = function(self) self:connect(CONFIG) end,
      handle_connect = function(self)
        self.assigns.users = presence.new(self, "room:1", noting())
        self:join "room:1"
      end,
    }
    assert.is_nil(users or socket)
    accept():push("presence_state", { ann = there "1" })
    assert.same({ "join ann - 1", "sync" }, told)
  end)

  it("is stale until its state has come, and from a loss on until it has come again", function()
    local users = start()
    assert.is_true(users:is_stale())
    local room = accept()
    assert.is_true(users:is_stale())
    room:push("presence_state", { ann = there "1", bob = there "2" })
    assert.is_false(users:is_stale())
    server:drop()
    assert.is_true(users:is_stale())
    assert.same({ "ann 1", "bob 2" }, users:list(line))
    told = {}
    clock:advance(10)
    room = accept()
    assert.is_true(users:is_stale())
    server:broadcast("room:1", "presence_diff", diff { cat = there "3" })
    assert.same({ "ann 1", "bob 2" }, users:list(line))
    room:push("presence_state", { bob = there("2", "4"), cat = there "3" })
    assert.is_false(users:is_stale())
    assert.same({ "bob 2,4", "cat 3" }, users:list(line))
    assert.same({ "join bob 2 4", "join cat - 3", "leave ann |1", "sync" }, told)
  end)

  it("forgets the diffs that waited for the state of a join that is over", function()
    local users = start()
    accept()
    server:broadcast("room:1", "presence_diff", diff { ghost = there "1" })
    server:drop()
    clock:advance(10)
    accept():push("presence_state", { ann = there "2" })
    assert.same({ "ann 2" }, users:list(line))
  end)

  it("is stale while the topic is closed, and in a join of its own after that", function()
    local users = start()
    local room = accept()
    room:push("presence_state", { ann = there "1" })
    room:crash()
    assert.is_true(users:is_stale())
    clock:advance(100)
    room = join()
    assert.is_true(users:is_stale())
    room:push("presence_state", {})
    assert.is_false(users:is_stale())
    assert.same({}, users:list())
  end)

  it("is stale for good when its client has ended", function()
    local users, socket = start()
    accept():push("presence_state", { ann = there "1" })
    socket:client():stop()
    clock:advance(10000)
    assert.is_true(users:is_stale())
    assert.same({ "ann 1" }, users:list(line))
  end)

  it("is applied while a callback waits, and tells of it when that is done", function()
    local seen
    local users = start { handle_join = function(self)
      self:await_reply(self:push("room:1", "slow"))
      seen = self.assigns.users:list(line)
      told[#told + 1] = "joined"
    end }
    local room = accept()
    room:push("presence_state", { ann = there "1" })
    assert.same({ "ann 1" }, users:list(line))
    assert.same({}, told)
    server:expect("room:1", "slow"):reply "ok"
    clock:advance(0)
    assert.same({ "ann 1" }, seen)
    assert.same({ "joined", "join ann - 1", "sync" }, told)
  end)

  it("has functions that may wait, one after the other", function()
    local users
    users = start(nil, { on_join = function(key)
      told[#told + 1] = "begin " .. key
      story.pause(50)
      told[#told + 1] = "end " .. key .. " " .. #users:list()
    end })
    accept():push("presence_state", { ann = there "1", bob = there "2" })
    server:broadcast("room:1", "presence_diff", diff { cat = there "3" })
    clock:advance(50)
    clock:advance(50)
    assert.same({ "begin ann", "end ann 3", "begin bob", "end bob 3", "begin cat" }, told)
  end)

  it("can be waited for", function()
    local seen
    start { handle_join = function(self)
      seen = { self.assigns.users:await_sync(), #self.assigns.users:list() }
    end }
    local room = accept()
    clock:advance(20)
    assert.is_nil(seen)
    room:push("presence_state", { ann = there "1" })
    clock:advance(0)
    assert.same({ true, 1 }, seen)
  end)

  it("is waited for until its time-out, the end of the connection or of the topic", function()
    local seen
    start {
      handle_join = function(self)
        seen = { self.assigns.users:await_sync(30) }
        seen[3] = select(2, self.assigns.users:await_sync()).kind
      end,
    }
    accept()
    clock:advance(30)
    server:drop()
    clock:advance(0)
    assert.same({ nil, "timeout", "connection_lost" }, seen)
    clock:advance(10)
    local room = accept()
    clock:advance(30)
    room:crash()
    clock:advance(0)
    assert.equal("channel_error", seen[3])
  end)

  it("ends the client when a function of it raises, with the place of that", function()
    local _, socket = start(nil, { on_join = function() error "not today" end })
    accept():push("presence_state", { ann = there "1" })
    assert.is_truthy(socket._ending.reason.text:find "presence_spec.lua:%d+: not today")
    local callbacks = {}
    for _, entry in ipairs(server.logged) do callbacks[entry.fields.callback or ""] = entry.level end
    assert.equal("error", callbacks.on_join)
  end)

  it("passes over what Phoenix does not send, with a warning", function()
    local users = start()
    local room = accept()
    room:push("presence_state", { ann = there "1" })
    room:push("presence_state", { "ann" })
    room:push("presence_diff", { joins = {} })
    server:broadcast("room:1", "presence_diff", diff { bob = { metas = { 1 } } })
    assert.same({ "ann 1" }, users:list(line))
    assert.same({ "join ann - 1", "sync" }, told)
    local warnings = 0
    for _, entry in ipairs(server.logged) do
      if entry.level == "warn" then warnings = warnings + 1 end
    end
    assert.equal(3, warnings)
  end)

  it("works at a socket without a module as well", function()
    local users, seen
    local answer = story.ask(host, function()
      local socket = slipstream.connect(CONFIG, { host = host })
      users = presence.new(socket, "room:1", noting())
      socket:join "room:1"
      seen = { users:await_sync(), socket:await_message("room:1", slipstream.any) and "message" }
      return "done"
    end)
    local room = accept()
    room:push("presence_state", { ann = there "1" })
    server:broadcast("room:1", "presence_diff", diff { bob = there "2" })
    room:push "hello"
    clock:advance(0)
    assert.same({ "ann 1", "bob 2" }, users:list(line))
    assert.same({ "join ann - 1", "sync", "join bob - 2", "sync" }, told)
    assert.same({ true, "message" }, seen)
    assert.same({ "done", n = 1 }, answer)
  end)

  it("has functions that cannot wait at a socket without a module", function()
    local socket
    story.ask(host, function()
      socket = slipstream.connect(CONFIG, { host = host })
      presence.new(socket, "room:1", { on_sync = function() story.pause(1) end })
      socket:join "room:1"
      socket:await_message "never"
    end)
    accept():push("presence_state", {})
    assert.is_truthy(socket._ending.reason.text:find("which the functions of a presence cannot do", 1, true))
  end)

  it("replaces the one that the topic had", function()
    local first = start()
    local room = accept()
    local second = presence.new(first.socket, "room:1")
    room:push("presence_state", { ann = there "1" })
    assert.same({}, first:list())
    assert.same({ "ann 1" }, second:list(line))
  end)

  it("raises for what is no socket, no topic, no function", function()
    local _, socket = start()
    local function fails(text, fn)
      local ok, fault = pcall(fn)
      assert.is_false(ok)
      assert.is_truthy(fault:find(text, 1, true), fault)
    end
    fails("bad argument #1 to 'new' (a socket expected)", function() presence.new({}, "room:1") end)
    fails("bad argument #2 to 'new' (string expected", function() presence.new(socket) end)
    fails("did you mean on_join", function() presence.new(socket, "room:1", { on_joins = print }) end)
    fails("function expected, got string", function() presence.new(socket, "room:1"):list "x" end)
  end)

  -- Who is there in the end, by the name of the recorded connection; b has left before c has.
  local ends = {
    a = { "user:alice 1" },
    b = { "user:alice 1", "user:bob 2" },
    c = { "user:alice 1", "user:bob 1" },
  }

  local function play(connection)
    local users = start()
    local room = accept()
    for _, step in ipairs(connection) do
      local is_message = step.dir == "s2c" and step.opcode == "text"
      local _, _, _, event, payload = table.unpack(is_message and core.json.decode(step.data) or {})
      if event == "presence_state" then room:push(event, payload) end
      if event == "presence_diff" then server:broadcast("room:1", event, payload) end
    end
    return users
  end

  local function count(key, one) return key .. " " .. #one.metas end

  for _, name in ipairs(recording.list()) do
    if name:match "/presence$" then
      it("ends where Phoenix did in " .. name, function()
        for _, connection in ipairs(recording.connections(name)) do
          local users = play(connection)
          assert.is_false(users:is_stale())
          assert.same(ends[connection.name], users:list(count))
          phoenix.close(host)
          host, server, clock = phoenix.pretend()
        end
      end)
    end
  end
end)
