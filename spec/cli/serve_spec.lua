-- `slipstream serve`: the embedded server as a program.
local core = require "slipstream.core"
local program = require "spec.support.program"
local uv = require "luv"

-- Joins room:1 of the server; says so, and why things end.
local guest = [[
  local slipstream = require "slipstream"
  local Guest = slipstream.client()
  function Guest:init(args) assert(self:connect { uri = args.uri }) end
  function Guest:handle_connect() self:join "room:1" end
  function Guest:handle_join(topic) print("joined " .. topic) end
  function Guest:handle_topic_close(topic, reason) print(reason) return "stop", "normal" end
  function Guest:handle_disconnect(reason) print(reason) return "stop", "normal" end
  return Guest
]]

local function serve(...)
  local it_serves = program.start { "serve", "--port", "0", ... }
  return it_serves, it_serves:read("listening on "):match "ws://%S+"
end

local function visit(uri)
  return program.start { "run", program.file "guest.lua" (guest), "--uri", uri }
end

describe("slipstream serve", function()
  after_each(program.clean_up)

  it("ends with what a callback of luv's raises, and says where", function()
    local path = program.file "app.lua" [[
      local timer = require("luv").new_timer()
      timer:start(0, 0, function() error "boom" end)
      return require("slipstream.server").new()
    ]]
    local code, it_ran = program.run { "serve", "--port", "0", path }
    assert.equal(1, code)
    assert.equal(("slipstream: %s:2: boom\n"):format(path), it_ran:errors())
  end)

  it("serves its own app without a file, on loopback", function()
    local it_serves, uri = serve()
    assert.truthy(uri:find "^ws://127%.0%.0%.1:%d+/socket/websocket$")
    visit(uri):read "joined room:1"
    it_serves:signal "sigint"
    assert.equal(130, it_serves:exit())
  end)

  it("takes an IPv6 address with and without brackets", function()
    for _, host in ipairs { "::1", "[::1]" } do
      local it_serves, uri = serve("--host", host)
      assert.truthy(uri:find("ws://[::1]:", 1, true))
      it_serves:signal "sigterm"
      assert.equal(143, it_serves:exit())
    end
  end)

  it("shows no traceback without a place in it", function()
    local it_serves, uri = serve(program.file "app.lua" [[
      local app = require("slipstream.server").new()
      return app:channel("room:1", { join = function() return "yes" end, handle_in = print })
    ]])
    visit(uri):read "the join was refused"
    local words = 'error server: join returned yes; it must return "ok" or "error" '
    it_serves:read_error(words .. "callback=join pattern=room:1 topic=room:1")
    it_serves:signal "sigterm"
    assert.equal(143, it_serves:exit())
    assert.equal(1, #it_serves:error_lines())
  end)

  it("tells at debug who comes and goes", function()
    local it_serves, uri = serve("--log", "debug")
    local it_runs = visit(uri)
    it_runs:read "joined room:1"
    it_runs:signal "sigterm"
    it_runs:exit()
    it_serves:read_error "debug server: connected connection=1 vsn=2"
    it_serves:read_error "debug server: joined connection=1 topic=room:1"
    it_serves:read_error "debug server: left connection=1 reason=left topic=room:1"
    it_serves:read_error "debug server: disconnected connection=1"
    visit((uri:gsub("/websocket$", "")))
    it_serves:read_error "debug server: request answered method=GET path=/socket status=404"
  end)

  it("tells at debug of a join that is refused, as JSON when asked for", function()
    local it_serves, uri = serve("--log", "debug", "--log-format", "json", program.file "app.lua" [[
      local app = require("slipstream.server").new()
      return app:channel("lobby", { join = function() end, handle_in = function() end })
    ]])
    visit(uri)
    local entry = core.json.decode(it_serves:read_error "join refused")
    assert.equal("debug", entry.level)
    assert.same({ "room:1", "unmatched topic" }, { entry.topic, entry.reason })
  end)

  it("drains with 1012", function()
    local it_serves, uri = serve()
    local it_runs = visit(uri)
    it_runs:read "joined room:1"
    it_serves:signal "sigterm"
    it_runs:read "closed by the server with 1012: it restarts"
    assert.equal(0, it_runs:exit())
    assert.equal(143, it_serves:exit())
    assert.equal("", it_serves:errors())
  end)

  it("lets go of a client that disconnects, whose program then ends with 0", function()
    local it_serves, uri = serve()
    local path = program.file "leaver.lua" [[
      local Leaver = require("slipstream").client()
      function Leaver:init(args) assert(self:connect { uri = args.uri }) end
      function Leaver:handle_connect() self:disconnect() end
      function Leaver:terminate(reason) print("terminate", reason) end
      return Leaver
    ]]
    local code, it_ran = program.run { "run", path, "--uri", uri, "--log", "warn" }
    assert.equal(0, code)
    assert.equal("terminate\tnormal\n", it_ran:output())
    assert.equal("", it_ran:errors())
    it_serves:signal "sigterm"
    assert.equal(143, it_serves:exit())
  end)

  it("serves the app that a file returns; an error in it ends that join alone", function()
    local it_serves, uri = serve(program.file "app.lua" [[
      local app = require("slipstream.server").new { path = "/chat/websocket" }
      local function join(_, _, params)
        if params.n == nil then error "no n" end
        return "ok", {}
      end
      app:channel("room:*", { join = join, handle_in = function() end })
      return app
    ]])
    assert.truthy(uri:find("/chat/websocket", 1, true))
    local it_runs = visit(uri)
    it_runs:read "the join was refused"
    it_runs:exit()
    local line = it_serves:read_error "app.lua:3: no n"
    assert.truthy(line:find "error server: .* callback=join pattern=room:%* topic=room:1$", line)
    it_serves:read_error "app.lua:3: in"
    it_serves:signal "sigterm"
    assert.equal(143, it_serves:exit())
    assert.is_nil(it_serves:errors():find("slipstream/", 1, true))
  end)

  local function fault_of_port(text)
    return "--port: expected a whole number, 0 to 65535, got " .. text
  end

  -- { name, arguments, exit code, what it says }
  local refusals = {
    { "a port that is none", { "--port", "70000" }, 2, fault_of_port "70000" },
    { "a port that is a word", { "--port", "http" }, 2, fault_of_port "http" },
    { "a port below 0", { "--port", "-1" }, 2, fault_of_port "-1" },
    { "a port that is no decimal number", { "--port", "0x50" }, 2, fault_of_port "0x50" },
    { "an address of another machine", { "--host", "192.0.2.1", "--port", "0" }, 1, "192.0.2.1:0: " },
    { "an address that is none", { "--host", "nonsense", "--port", "0" }, 1, "nonsense:0: " },
    { "a missing file", { "/nowhere/app.lua" }, 2, "cannot open /nowhere/app.lua" },
  }

  local function refuses(arguments, code, text)
    local answer, it_ran = program.run(arguments)
    assert.equal(code, answer)
    assert.equal(1, #it_ran:error_lines())
    assert.equal("slipstream: ", it_ran:errors():sub(1, 12))
    assert.truthy(it_ran:errors():find(text, 1, true), it_ran:errors())
    assert.equal("", it_ran:output())
  end

  for _, case in ipairs(refusals) do
    it("refuses in one line " .. case[1], function()
      refuses({ "serve", table.unpack(case[2]) }, case[3], case[4])
    end)
  end

  it("refuses in one line a port that is in use", function()
    local other = uv.new_tcp()
    assert(other:bind("127.0.0.1", 0))
    local port = other:getsockname().port
    assert(other:listen(1, function() end))
    refuses({ "serve", "--port", tostring(port) }, 1,
      ("cannot listen at 127.0.0.1:%d: address already in use; choose another --port"):format(port))
    other:close()
  end)

  it("refuses in one line a file that is no app, or one with an unknown option", function()
    local path = program.file "app.lua" "return 5"
    refuses({ "serve", path }, 1,
      path .. ": returned a number; return an app, made by slipstream.server.new()")
    path = program.file "app.lua" "return nil"
    refuses({ "serve", path }, 1,
      path .. ": returned nothing; end it with `return app`, the app that slipstream.server.new() made")
    path = program.file "app.lua" "return require('slipstream').client()"
    refuses({ "serve", path }, 1,
      ("%s: returned a client module; run it with `slipstream run %s`"):format(path, path))
    path = program.file "app.lua" "return require('slipstream.server').new { pathh = '/' }"
    refuses({ "serve", path }, 1, path .. ": server.new: unknown option pathh, did you mean path?")
  end)
end)
