-- What a user or a server gets wrong: one clear line, the right end, and nobody else is harmed.
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local ws = require "spec.support.ws"

-- Connects with `args.uri` and, when it is given, one more key; prints why it was disconnected.
local connecting = [[
  local slipstream = require "slipstream"
  local Client = slipstream.client()
  function Client:init(args)
    local config = { uri = args.uri, max_message_bytes = 1000, reconnect_after_msec = { 0 } }
    if args.key then config[args.key] = args.value end
    if args.header then config.headers = { [args.header] = args.value } end
    assert(self:connect(config))
  end
  function Client:handle_connect() print "connected" end
  function Client:handle_disconnect(reason)
    print(reason.kind)
    return slipstream.default.handle_disconnect(self, reason)
  end
  return Client
]]

describe("a wrong command line", function()
  after_each(program.clean_up)

  -- { name, arguments, what it says }
  local cases = {
    { "no command", {}, "a command is required (see slipstream --help)" },
    { "an unknown command", { "srve" },
      "unknown command 'srve'; did you mean 'serve'? (see slipstream --help)" },
    { "no verb of ctl", { "ctl" }, "a command is required (see slipstream ctl --help)" },
    { "an unknown verb", { "ctl", "statsu" },
      "unknown command 'statsu'; did you mean 'status'? (see slipstream ctl --help)" },
    { "a level that there is not", { "ctl", "log-level", "loud" },
      "argument 'LEVEL' must be one of 'debug', 'info', 'warn', 'error' (see slipstream ctl --help)" },
    { "no file", { "run" }, "missing argument 'FILE.lua' (see slipstream run --help)" },
    { "no scenarios", { "scenario" },
      "missing argument 'PATH', or --from FILE (see slipstream scenario --help)" },
    { "a load without an end", { "scenario", "--vus", "2", "a.lua" },
      "how long? --duration or --iterations expected (see slipstream scenario --help)" },
    { "a missing file", { "run", "/nowhere/x.lua" },
      "cannot open /nowhere/x.lua: No such file or directory" },
    { "a folder", { "run", "/tmp" }, "cannot read /tmp: Is a directory" },
    { "two files", { "run", "a.lua", "b.lua" }, "too many arguments (see slipstream run --help)" },
    { "an unknown option", { "run", "--lgo", "info", "a.lua" },
      "unknown option '--lgo'; did you mean '--log'? (see slipstream run --help)" },
    { "an unknown level", { "run", "--log", "loud", "a.lua" },
      "argument for option '--log' must be one of 'debug', 'info', 'warn', 'error'"
        .. " (see slipstream run --help)" },
    { "an unknown format", { "run", "--log-format", "xml", "a.lua" },
      "argument for option '--log-format' must be one of 'text', 'json' (see slipstream run --help)" },
    { "no clients", { "run", "--clients", "0", "a.lua" },
      "--clients: expected a whole number, 1 to 1000000, got 0 (see slipstream run --help)" },
    { "half a client", { "run", "--clients", "1.5", "a.lua" },
      "--clients: expected a whole number, 1 to 1000000, got 1.5 (see slipstream run --help)" },
    { "clients below 0", { "run", "--clients", "-3", "a.lua" },
      "--clients: expected a whole number, 1 to 1000000, got -3 (see slipstream run --help)" },
    { "no dials", { "run", "--max-dials", "0", "a.lua" },
      "--max-dials: expected a whole number, 1 to 1000000, got 0 (see slipstream run --help)" },
    { "too many clients", { "run", "--clients", "1000001", "a.lua" },
      "--clients: expected a whole number, 1 to 1000000, got 1000001 (see slipstream run --help)" },
    { "a key without value", { "run", "--set", "room", "a.lua" },
      "--set: expected KEY=VALUE, with letters, digits, _ and - in KEY (see slipstream run --help)" },
    { "a key that has its own option", { "run", "--set", "uri=x", "a.lua" },
      "--set: uri cannot be set; use --uri (see slipstream run --help)" },
    { "a key that the program counts", { "run", "--set", "index=9", "a.lua" },
      "--set: index cannot be set; it counts the clients (see slipstream run --help)" },
  }

  for _, case in ipairs(cases) do
    it("exits with 2 and one line: " .. case[1], function()
      local code, it_ran = program.run(case[2])
      assert.equal("slipstream: " .. case[3] .. "\n", it_ran:errors())
      assert.equal(2, code)
      assert.equal("", it_ran:output())
    end)
  end
end)

describe("a wrong file", function()
  after_each(program.clean_up)

  local value = "return a client module, made by slipstream.client(), or nothing"

  -- { name, text, what it says }
  local cases = {
    { "a syntax error", "local x = = 1", ":1: unexpected symbol near '='" },
    { "bytecode", "\27Lua", ": attempt to load a binary chunk (mode is 't')" },
    { "an error in it", "\n\nerror 'no room'", ":3: no room" },
    { "a missing module", "require 'nowhere.to.be.found'", ":1: module 'nowhere.to.be.found' not found" },
    { "a number returned", "return 5", ": returned a number; " .. value },
    { "a table that is no module", "return {}", ": returned a table; " .. value },
    { "an option that is none", "return require('slipstream').client { restrat = 1 }",
      "no such option: restrat, did you mean restart?" },
  }

  for _, case in ipairs(cases) do
    it("exits with 1 and names file and place: " .. case[1], function()
      local path = program.file "client.lua" (case[2])
      local code, it_ran = program.run { "run", path }
      assert.equal(1, code)
      local line = it_ran:error_lines()[1]
      assert.equal("slipstream: " .. path .. ":", line:sub(1, #path + 13))
      assert.truthy(line:find(case[3], 1, true), line)
      assert.is_nil(it_ran:errors():find("slipstream/", 1, true))
      assert.is_nil(it_ran:errors():find("stack traceback", 1, true))
    end)
  end
end)

describe("a file that does not fit its command", function()
  after_each(program.clean_up)

  local making = "local Lobby = require('slipstream').client()"

  -- { name, text, more arguments, exit code, what it says }
  local cases = {
    { "a module that is neither returned nor started", making, {}, 1,
      "%s: made a client module, but neither returned it nor started it; end the file with "
      .. "`return Lobby`, or whatever its name is" },
    { "a server app", "return require('slipstream.server').new()", {}, 1,
      "%s: returned a server app; run it with `slipstream serve %s`" },
    { "a script that --clients cannot start", "", { "--clients", "2" }, 2,
      "--clients: %s returned no client module that could be started 2 times" },
  }

  for _, case in ipairs(cases) do
    it("is refused in one line: " .. case[1], function()
      local path = program.file "client.lua" (case[2])
      local code, it_ran = program.run { "run", path, table.unpack(case[3]) }
      assert.equal("slipstream: " .. case[5]:gsub("%%s", path) .. "\n", it_ran:errors())
      assert.equal(case[4], code)
    end)
  end

  it("is not one that is empty, nor one that starts its module later", function()
    assert.equal(0, (program.run { "run", program.file "empty.lua" "" }))
    local code, it_ran = program.run { "run", program.file "later.lua" (making .. [[
      function Lobby:init() return "stop", "normal" end
      local timer = require("luv").new_timer()
      timer:start(0, 0, function()
        timer:close()
        require("slipstream").start(Lobby)
      end)
    ]]) }
    assert.equal("", it_ran:errors())
    assert.equal(0, code)
  end)
end)

describe("a client that needs what is not there", function()
  after_each(program.clean_up)

  local missing = "slipstream: no --uri was given"

  it("has its user told that --uri is missing", function()
    for _, uri in ipairs { "args.uri", "args.uri .. '/websocket'" } do
      local path = program.file "client.lua" (([[
        local Client = require("slipstream").client()
        function Client:init(args) assert(self:connect { uri = %s }) end
        return Client
      ]]):format(uri))
      local code, it_ran = program.run { "run", path }
      assert.equal(1, code)
      local lines = it_ran:error_lines()
      assert.equal(missing, lines[#lines])
    end
  end)

  it("has its user told so when it is a script, too", function()
    for _, uri in ipairs { "args.uri", "args.uri .. '/websocket'" } do
      local path = program.file "script.lua" (([[
        local args = ...
        assert(require("slipstream").connect { uri = %s })
      ]]):format(uri))
      local code, it_ran = program.run { "run", path }
      assert.equal(1, code)
      assert.matches("script.lua:2: .*uri.*\nno %-%-uri was given\n$", it_ran:errors())
    end
    local path = program.file "script.lua" "error 'uri: needed'"
    local code, it_ran = program.run { "run", path, "--uri", "ws://h/" }
    assert.equal(1, code)
    assert.not_matches("no --uri", it_ran:errors(), 1, true)
  end)

  it("is not started again and again when the first one fails in init", function()
    local path = program.file "client.lua" [[
      local Client = require("slipstream").client()
      function Client:init(args)
        assert(self:connect { uri = args.uri })
        error("no luck, " .. args.index)
      end
      return Client
    ]]
    local code, it_ran = program.run { "run", path, "--clients", "500", "--uri", "ws://127.0.0.1:1/",
      "--workers", "2" }
    assert.equal(1, code)
    assert.is_nil(it_ran:errors():find("no luck, 3", 1, true))
    local lines = it_ran:error_lines()
    assert.truthy(lines[#lines]:find("error stopped starting clients: the first one failed in init", 1, true))
  end)
end)

describe("a wrong config", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  local function config_case(key, text) return { "--set", "key=" .. key, "--set", "value=" .. text } end

  local split = "a\r\nX-Admin: yes"
  local no_controls = "must not have control characters"

  -- { name, uri, more arguments, what it says }
  local cases = {
    { "a wrong scheme", "http://%s/", {}, "uri: scheme must be ws or wss, got http" },
    { "a port out of range", "ws://localhost:70000/", {},
      "uri: port must be a number from 1 to 65535, got 70000" },
    { "a port that is none", "ws://localhost:http/", {},
      "uri: port must be a number from 1 to 65535, got http" },
    { "an unknown key", "ws://%s/", config_case("heartbeat_msec", "1"), "heartbeat_msec: no such key" },
    { "a misspelt key", "ws://%s/", config_case("hearders", "x"),
      "hearders: no such key, did you mean headers?" },
    { "a wrong type", "ws://%s/", config_case("jitter", "much"), "jitter: number expected, got string" },
    { "a line end in the URI", "ws://%s/a\r\nX-Admin: yes", {},
      "uri: must hold no control character, such as a line end" },
    { "a line end in a token", "ws://%s/", config_case("auth_token", split), "auth_token: " .. no_controls },
    { "a line end in a header", "ws://%s/", { "--set", "header=x-key", "--set", "value=" .. split },
      "headers: x-key: " .. no_controls },
  }

  for _, case in ipairs(cases) do
    it("is named with the user's line, and nothing is sent: " .. case[1], function()
      local path = program.file "client.lua" (connecting)
      local uri = case[2]:format("127.0.0.1:" .. server.port)
      local code, it_ran = program.run { "run", path, "--uri", uri, table.unpack(case[3]) }
      assert.equal(1, code)
      local line = it_ran:error_lines()[1]
      assert.truthy(line:find(path .. ":7: " .. case[4] .. " callback=init client=#1", 1, true), line)
      assert.is_nil(it_ran:errors():find("slipstream/", 1, true))
      assert.same({}, server.accepted)
    end)
  end
end)

describe("a wrong server", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  local function start(text, scheme, port)
    local uri = ("%s://127.0.0.1:%d/socket"):format(scheme or "ws", port or server.port)
    return program.start { "run", program.file "client.lua" (text), "--uri", uri }
  end

  -- It says why, in one line, and goes on.
  local function says(it_runs, kind, why)
    it_runs:read(kind)
    local line = it_runs:read_error(kind == "connect_failed" and "cannot connect" or "disconnected")
    assert.truthy(line:find(why, 1, true), line)
    assert.truthy(line:find("client=#1", 1, true))
  end

  local function ends_well(it_runs)
    it_runs:signal "sigterm"
    assert.equal(143, it_runs:exit())
    assert.is_nil(it_runs:errors():find("slipstream/", 1, true))
  end

  it("that is not there is tried again and again", function()
    local it_runs = start(connecting, "ws", raw_server.free_port())
    says(it_runs, "connect_failed", "no connection: connection refused")
    it_runs:read "connect_failed"
    ends_well(it_runs)
  end)

  it("that is not there ends a client that wants it so, with exit code 1", function()
    local it_runs = start([[
      local slipstream = require "slipstream"
      local Client = slipstream.client()
      function Client:init(args) assert(self:connect { uri = args.uri }) end
      function Client:handle_disconnect(reason) return "stop", reason end
      return Client
    ]], "ws", raw_server.free_port())
    assert.equal(1, it_runs:exit())
    assert.truthy(it_runs:errors():find("error client stopped client=#1 "
      .. 'reason="no connection: connection refused', 1, true))
  end)

  local tls_alert = "\x15\x03\x03\x00\x02\x02\x0a"

  -- { name, scheme, what the server answers, what the log says }
  local answers = {
    { "speaks plain HTTP", "ws", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "the server refused with HTTP 200" },
    { "speaks garbage", "ws", "220 mail.test ESMTP\r\n\r\n", "the upgrade failed: " },
    { "speaks TLS where it should not", "ws", tls_alert,
      "the upgrade failed: the server answered with TLS, not HTTP/1.1; its URI must begin with wss" },
    { "speaks no TLS where it should", "wss", "HTTP/1.1 400 Bad Request\r\n\r\n", "TLS failed: " },
  }

  for _, case in ipairs(answers) do
    it("that " .. case[1] .. " is named, and tried again", function()
      local it_runs = start(connecting, case[2])
      local connection = server:accept()
      if case[2] == "ws" then connection:key() end
      connection:send(case[3])
      connection:finish()
      says(it_runs, "connect_failed", case[4])
      server:accept()
      ends_well(it_runs)
    end)
  end

  -- { name, frame, close code, kind, what the log says }
  local frames = {
    { "a frame above the limit", ws.frame { payload = ("x"):rep(1001) }, 1009, "message_too_big",
      "a message was larger than max_message_bytes: 1001 bytes, the limit is 1000" },
    { "invalid JSON", ws.frame { payload = "[nul" }, 1007, "protocol_error",
      "the server broke the protocol" },
    { "invalid UTF-8", ws.frame { payload = "\xff" }, 1007, "protocol_error", "UTF-8" },
    { "a masked frame", ws.frame { payload = "[]", mask = true }, 1002, "protocol_error", "masked" },
  }

  for _, case in ipairs(frames) do
    it(("that sends %s is left with %d, then tried again"):format(case[1], case[3]), function()
      local it_runs = start(connecting)
      local connection = server:open()
      it_runs:read "connected"
      connection:send(case[2])
      local frame = connection:frame()
      assert.equal(case[3], (ws.read_close(frame.payload)))
      connection:send_frame { opcode = "close", payload = frame.payload }
      connection:finish()
      says(it_runs, case[4], case[5])
      local again = server:open()
      it_runs:read "connected"
      it_runs:signal "sigterm"
      assert.equal("close", again:frame().opcode)
      again:finish()
      assert.equal(143, it_runs:exit())
      assert.is_nil(it_runs:errors():find("slipstream/", 1, true))
    end)
  end
end)

describe("a push that cannot be sent", function()
  after_each(program.clean_up)

  it("says what is wrong and where, and the client goes on", function()
    local it_serves = program.start { "serve", "--port", "0" }
    local uri = it_serves:read("listening on "):match "ws://%S+"
    local path = program.file "client.lua" [[
      local slipstream = require "slipstream"
      local Client = slipstream.client()
      function Client:init(args) assert(self:connect { uri = args.uri }) end
      function Client:handle_connect() self:join "room:1" end
      function Client:handle_join(topic)
        print(select(2, self:push(topic, "new_msg", { body = "\xff" })))
        print(select(2, self:push(topic, "\xff")))
        print((select(2, self:push(topic, "new_msg", { list = { 1, print } }))))
        print(math.type(self:push(topic, "new_msg", { body = "good" })))
        return "stop", "normal"
      end
      return Client
    ]]
    local code, it_ran = program.run { "run", path, "--uri", uri, "--log", "warn" }
    assert.equal(0, code)
    local lines = {}
    for line in it_ran:output():gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.truthy(lines[1]:find("payload.body", 1, true), lines[1])
    assert.truthy(lines[2]:find("UTF-8", 1, true), lines[2])
    assert.equal("payload.list[2]: cannot encode a function", lines[3])
    assert.equal("integer", lines[4])
    assert.equal("", it_ran:errors())
    it_serves:signal "sigterm"
    assert.equal(143, it_serves:exit())
  end)
end)
