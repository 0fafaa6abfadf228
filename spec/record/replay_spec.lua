-- A conversation is recorded, replayed to the same server and to others, and written as a scenario.
local core = require "slipstream.core"
local default_app = require "slipstream.server.default_app"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local recorder = require "slipstream.record.recorder"
local recordings = require "slipstream.scenario.replay.recording"
local recording = require "spec.support.recording"
local replayed = require "spec.support.replayed"
local server = require "slipstream.server"
local slipstream = require "slipstream"
local ws = require "spec.support.ws"

describe("a replay #wire", function()
  local handles, path, sink

  before_each(function()
    handles = {}
    path = program.folder() .. "/talk.jsonl"
    sink = slipstream.log.set_sink(function() end)
  end)

  after_each(function()
    local count = #handles
    for _, handle in ipairs(handles) do handle:kill(function() count = count - 1 end) end
    assert.is_true(loop.wait(function() return count == 0 end))
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
    slipstream.log.set_sink(sink)
  end)

  local function serve(app)
    handles[#handles + 1] = assert(app:listen {})
    return ("ws://127.0.0.1:%d/socket/websocket"):format(handles[#handles].port)
  end

  -- Records what `fn(connect)` does with sockets of ours on an app.
  local function record(app, fn, more)
    local options = { uri = serve(app), path = path, host = "127.0.0.1", port = 0, most_bytes = 1 << 20 }
    for key, value in pairs(more or {}) do options[key] = value end
    local it = assert(recorder.open(options))
    slipstream.run(fn, function(params)
      local socket = assert(slipstream.connect { uri = it:uri(), params = params })
      assert(socket:await_connect())
      return socket
    end)
    local is_closed
    it:close(function() is_closed = true end)
    assert.is_true(loop.wait(function() return is_closed end))
    return options.uri
  end

  local function join(socket, topic, params)
    assert(socket:join(topic, params))
    assert(socket:await_join(topic))
  end

  local function ask(socket, ...)
    return socket:await_reply(assert(socket:push(...)))
  end

  -- Two users in a room, with all kinds of messages.
  local function chat(connect)
    local ann, bob = connect { user = "ann" }, connect { user = "bob" }
    join(ann, "room:1", { user = "ann" })
    join(bob, "room:1", { user = "bob" })
    assert(ann:await_message("room:1", "joined"))
    assert.equal("ok", (ask(bob, "room:1", "shout", { body = "one\ntwo\nthree" })))
    assert(ann:await_message("room:1", "shout"))
    assert.equal("error", (ask(ann, "room:1", "shout", { body = 1 })))
    assert.equal("ok", (ask(ann, "room:1", "echo", slipstream.binary "\0\xff")))
    assert.equal("ok", (ask(ann, "room:1", "echo", { list = slipstream.array(), none = slipstream.null })))
    assert(not ann:join("room:secret") or not ann:await_join "room:secret")
    bob:leave "room:1"
    assert(bob:await_leave "room:1")
    assert(ann:await_message("room:1", "left"))
    bob:disconnect(4000)
    assert(bob:await_disconnect())
  end

  it("of what was recorded passes on the same server, again and again", function()
    local uri = record(default_app.new(), chat)
    for _ = 1, 3 do assert.equal("passed", replayed.words(replayed.run(path, uri))) end
    assert.equal("passed", replayed.words(replayed.run(path, uri, { any_order = true })))
  end)

  it("as a scenario passes, too, and reads well", function()
    local uri = record(default_app.new(), chat)
    local lua = assert(replayed.emit(path))
    assert.equal("passed", replayed.words(replayed.play(lua, uri)))
    for _, line in ipairs {
      '  local ann = t:connect { params = { user = "ann" } }\n',
      '  t.same({ topic = "room:1", user = "bob", users = 2 }, bob:join("room:1", { user = "bob" }))\n',
      '  t.same({ user = "bob", users = 2 }, ann:await_message("room:1", "joined"))\n',
      '  t.same({}, bob:request("room:1", "shout", { body = "one\\ntwo\\nthree" }))\n',
      '  pushed[18] = ann:push("room:1", "shout", { body = 1 })\n',
      '  t.has_error(function() ann:join("room:secret") end)\n',
      '  bob:leave("room:1")\n', "  bob:disconnect(4000)\n",
    } do
      line = line:gsub("pushed%[18%]", function() return lua:match "pushed%[%d+%]" end)
      assert.truthy(lua:find(line, 1, true), line .. "\n" .. lua)
    end
  end)

  -- Answers "ask" with what `answer` says, by its count.
  local function asked(answer)
    local count = 0
    local function handle_in(channel)
      count = count + 1
      return answer(count, channel)
    end
    local function join_all() return "ok", {} end
    return server.new():channel("room:*", { join = join_all, handle_in = handle_in })
  end

  local function ask_once(connect)
    local ann = connect {}
    join(ann, "room:1")
    assert.equal("ok", (ask(ann, "room:1", "ask")))
    ann:disconnect()
    assert(ann:await_disconnect())
  end

  it("tells what the server says otherwise, where, and what was before", function()
    local uri = record(asked(function(count)
      return "reply", "ok", { users = { { name = "ann", id = count } } }
    end), ask_once)
    local result = replayed.run(path, uri)
    assert.equal("failed", result.status)
    local failure = result.failure
    assert.equal("connection 1: /payload/response/users/0/id is 2, it was 1", failure.text)
    assert.same({ path, 7 }, { failure.file, failure.line })
    local story = table.concat(failure.story, "\n")
    for _, text in ipairs {
      'was recorded: {"event":"phx_reply","join_ref":"1","payload":{"response":{"users":[{"id":1',
      "it came:      ", "line 6  -> ", '"event":"ask"', "line 7  <- ",
    } do
      assert.truthy(story:find(text, 1, true), text .. "\n" .. story)
    end
    for _, name in ipairs { "id", "/payload/response/users/*/id", "response" } do
      assert.equal("passed", replayed.words(replayed.run(path, uri, { ignored = { name } })))
    end
    local lua = assert(replayed.emit(path, { "id" }))
    assert.truthy(lua:find('t.same("ann", it.users[1].name)', 1, true), lua)
    assert.equal("passed", replayed.words(replayed.play(lua, uri)))
  end)

  it("tells what does not come, and what comes beside", function()
    local uri = record(asked(function(count, channel)
      if count == 3 then channel:push("more", {}) end
      if count == 2 then return "noreply" end
      return "reply", "ok", {}
    end), function(connect) join(connect {}, "room:1") end)
    local file <close> = assert(io.open(path, "a")) -- as if it had gone on
    file:write(
      '{"dir":"c2s","conn":1,"opcode":"text","data":"[\\"1\\",\\"9\\",\\"room:1\\",\\"ask\\",{}]"}\n',
      '{"dir":"s2c","conn":1,"opcode":"text","data":"[\\"1\\",\\"9\\",\\"room:1\\",\\"phx_reply\\",'
      .. '{\\"status\\":\\"ok\\",\\"response\\":{}}]"}\n')
    file:flush()
    local text = file and io.open(path):read "a"
    local kept = {}
    for line in text:gmatch "[^\n]+" do -- the end of the connection was before that
      if not line:find '"opcode":"[ce][lo][of]' then kept[#kept + 1] = line end
    end
    program.file "talk.jsonl" (table.concat(kept, "\n"))
    assert.equal("passed", replayed.words(replayed.run(path, uri)))
    assert.matches("nothing within 100 msec", replayed.words(replayed.run(path, uri, { await = 100 })))
    assert.matches('/event is "more", it was "phx_reply"', replayed.words(replayed.run(path, uri)))
  end)

  it("does not mind the order when it is told so", function()
    local uri = record(asked(function(count, channel)
      for i = 1, 3 do channel:push("tick", { i = count % 2 == 1 and i or 4 - i }) end
      return "reply", "ok", {}
    end), ask_once)
    assert.equal("connection 1: /payload/i is 3, it was 1", replayed.words(replayed.run(path, uri)))
    replayed.run(path, uri)
    assert.equal("passed", replayed.words(replayed.run(path, uri, { any_order = true })))
  end)

  it("finds what the recording does not have, in any order", function()
    local uri = record(asked(function(count)
      return "reply", "ok", { count = count }
    end), ask_once)
    assert.equal("connection 1: /payload/response/count is 2, it was 1",
      replayed.words(replayed.run(path, uri, { any_order = true })))
  end)

  it("needs the secrets that are not in the recording", function()
    local uri = record(default_app.new(), function(connect) connect { token = "hush" } end)
    assert.equal("connection 1: token was left out of the recording, being secret: "
      .. "give it in --uri, as ws://…?token=…, or record with --keep-secrets",
      replayed.words(replayed.run(path, uri)))
    assert.equal("passed", replayed.words(replayed.run(path, uri .. "?token=other")))
    local lua = assert(replayed.emit(path))
    assert.truthy(lua:find("params = { token = t.env.TOKEN }", 1, true), lua)
    assert.equal("passed", replayed.words(replayed.play(lua, uri)))
  end)

  it("compares a long answer by its length, and says that it cannot send what was cut short", function()
    local uri = record(default_app.new(), function(connect)
      local ann = connect {}
      join(ann, "room:1")
      assert.equal("ok", (ask(ann, "room:1", "echo", { text = ("x"):rep(1000) })))
    end, { most_bytes = 200 })
    assert.equal("connection 1: it was cut short, so it cannot be sent",
      replayed.words(replayed.run(path, uri)))
  end)

  it("says that there is no server", function()
    record(default_app.new(), function(connect) connect {} end)
    local port = raw_server.free_port()
    assert.equal(("connection 1: no connection: connection refused by 127.0.0.1:%d"):format(port),
      replayed.words(replayed.run(path, ("ws://127.0.0.1:%d"):format(port))))
  end)

  it("says that the server ends what had gone on", function()
    record(default_app.new(), chat)
    local rude = server.new():channel("room:*", {
      join = function(channel)
        channel.socket:drop()
        return "ok", {}
      end,
      handle_in = function() return "noreply" end,
    })
    local failure = replayed.run(path, serve(rude)).failure
    assert.matches("^connection %d: /", failure.text)
    assert.truthy(table.concat(failure.story, "\n"):find('it came:      {"ending":true}', 1, true))
  end)

  it("answers pings, and passes over heartbeats", function()
    local uri = serve(default_app.new())
    local beat = '[null,\\"%d\\",\\"phoenix\\",\\"heartbeat\\",{}]'
    local head = ws.request({ path = "/socket/websocket?vsn=2.0.0" }):gsub("\r\n", "\\r\\n")
    program.file "talk.jsonl" (table.concat({
      '{"header":true,"recorder":"slipstream"}',
      ('{"dir":"c2s","conn":1,"opcode":"http","data":"%s"}'):format(head),
      '{"dir":"s2c","conn":1,"opcode":"http","data":"HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n"}',
      ('{"dir":"c2s","conn":1,"opcode":"text","data":"%s"}'):format(beat:format(1)),
      '{"dir":"s2c","conn":1,"opcode":"text","data":"[null,\\"1\\",\\"phoenix\\",\\"phx_reply\\",'
        .. '{\\"status\\":\\"error\\"}]"}',
      '{"dir":"s2c","conn":1,"opcode":"ping","data":"00"}',
      '{"dir":"c2s","conn":1,"opcode":"pong","data":"00"}',
      '{"dir":"c2s","conn":1,"opcode":"ping","data":"01"}',
      '{"dir":"s2c","conn":1,"opcode":"pong","data":"01"}',
    }, "\n"))
    assert.equal("passed", replayed.words(replayed.run(path, uri)))
  end)
end)

describe("an emitted scenario", function()
  local upgrade = "%s HTTP/1.1\\r\\nHost: a\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    .. "Sec-WebSocket-Key: a2V5\\r\\nSec-WebSocket-Version: 13\\r\\n%s\\r\\n"

  -- Of connections, each with its query and its further headers.
  local function emit(path, ...)
    local lines = {}
    for number, connection in ipairs { ... } do
      local target = "GET /socket/websocket?vsn=2.0.0" .. connection[1]
      lines[#lines + 1] = ('{"dir":"c2s","conn":%d,"opcode":"http","data":"%s"}'):format(number,
        upgrade:format(target, connection[2] or ""))
      lines[#lines + 1] = ('{"dir":"s2c","conn":%d,"opcode":"http","data":"HTTP/1.1 101 OK"}'):format(number)
    end
    local it = assert(recordings.read(path, table.concat(lines, "\n")))
    local lua = assert(require("slipstream.scenario.replay.emit").write(it, { names = {}, pointers = {} }))
    assert(load(lua))
    return lua
  end

  it("takes for a name only what can be one, and is free", function()
    local lua = emit("talk", { "&user=ann" }, { "&user=ann" }, { "&user=scenario" }, { "&user=end" },
      { "&user=a%20b" }, { "&name=bob" })
    local names = {}
    for name in lua:gmatch "local ([%w_]+) = t:connect" do names[#names + 1] = name end
    assert.same({ "ann", "socket_2", "socket_3", "socket_4", "socket_5", "bob" }, names)
  end)

  it("has more connections than Lua has local variables", function()
    local connections = {}
    for i = 1, 300 do connections[i] = { "" } end
    local lua = emit("talk", table.unpack(connections))
    assert.truthy(lua:find("  sockets[300] = t:connect()\n", 1, true))
  end)

  it("takes secrets from the environment, whatever their names", function()
    local headers = "Cookie: [redacted]\\r\\nX-Kind: robot\\r\\n"
      .. "Sec-WebSocket-Protocol: phoenix, base64url.bearer.phx.[redacted]\\r\\n"
    local lua = emit("talk", { "&token=[redacted]&2fa_token=[redacted]", headers })
    for _, text in ipairs {
      "token = t.env.TOKEN", '["2fa_token"] = t.env["2FA_TOKEN"]', "Cookie = t.env.COOKIE",
      '["X-Kind"] = "robot"', "auth_token = t.env.AUTH_TOKEN",
    } do
      assert.truthy(lua:find(text, 1, true), lua)
    end
  end)

  it("is no other code for the name of the file", function()
    local lua = emit('a\nos.exit(3) --"\\.jsonl', { "" })
    assert.truthy(lua:find('scenario("a?os.exit(3) --\\"\\\\", function(t)', 1, true), lua)
    assert.is_nil(lua:find "\nos%.exit")
  end)
end)

describe("a recording", function()
  local good = '{"dir":"c2s","conn":1,"opcode":"text","data":"x"}'

  it("is refused with its line when that is none", function()
    local function fault_of(...)
      local none, fault = recordings.read("talk.jsonl", table.concat({ ... }, "\n"))
      assert.is_nil(none)
      return fault
    end
    assert.equal("talk.jsonl:2: opcode: that of a frame expected",
      fault_of(good, '{"dir":"c2s","conn":1,"opcode":"x"}'))
    assert.matches("^talk%.jsonl:4: ", fault_of(good, "", " ", "{"))
    assert.matches("^talk%.jsonl:1: not valid JSON", fault_of "GET / HTTP/1.1")
    assert.equal("talk.jsonl: nothing was recorded in it", fault_of "")
    assert.equal("talk.jsonl: nothing was recorded in it", fault_of '{"header":true}')
    local none, fault = recordings.load "/no/such/file"
    assert.is_nil(none)
    assert.matches("/no/such/file", fault)
  end)

  -- Whatever is in a file, it is a recording or refused; and what is one can be written, or is refused.
  it("is read, or refused, however it was spoilt", function()
    local roll = recording.dice "hostile recordings"
    local names, count = recording.list(), 0
    for _ = 1, 400 do
      local file <close> = assert(io.open(("%s/%s.jsonl"):format(recording.root, names[roll(#names)])))
      local lines = {}
      for text in file:lines() do lines[#lines + 1] = text end
      for _ = 1, roll(4) do
        local place = roll(#lines)
        local text, from = lines[place], roll(#lines[place])
        local change = roll(4)
        if change == 1 then table.remove(lines, place) end
        if change == 2 then lines[place] = lines[roll(#lines)] end
        if change == 3 then
          lines[place] = text:sub(1, from - 1) .. string.char(roll(256) - 1) .. text:sub(from + 1)
        end
        if change == 4 then
          lines[place] = text:gsub('"[%w_]+":', function() return roll(6) == 1 and '"x":' or nil end)
        end
        if #lines == 0 then lines[1] = "" end
      end
      local it, fault = recordings.read("spoilt", table.concat(lines, "\n"))
      if it then
        count = count + 1
        local lua, why = require("slipstream.scenario.replay.emit").write(it, { names = {}, pointers = {} })
        if lua then assert(load(lua)) else assert.is_string(why) end
      else
        assert.is_string(fault)
      end
    end
    assert.is_true(count > 100)
  end)
end)
