-- The program as its user sees it: what it prints, what it complains of, with which exit code.
local program = require "spec.support.program"

local function complaint(arguments, text)
  local file <close> = program.file(text or "")
  local code, _, complained = program.run((arguments:gsub("FILE", file.name)))
  return code, (complained:gsub(file.name, "FILE"))
end

describe("the command line", function()
  it("prints the version and the help, and that is a success", function()
    local code, said = program.run "--version"
    assert.are.equal(0, code)
    assert.matches("^slipstream %d+%.%d+%.%d+\n$", said)
    code, said = program.run "run --help"
    assert.are.equal(0, code)
    assert.matches("--set KEY=VALUE", said, 1, true)
  end)

  it("answers wrong usage with one line and 2", function()
    local wrong = {
      [""] = "slipstream: a command is required (see slipstream --help)\n",
      ["run"] = "slipstream: missing argument 'file' (see slipstream --help)\n",
      ["run FILE --frob"] = "slipstream: unknown option '--frob' (see slipstream --help)\n",
      ["run FILE --set kv"] = "slipstream: --set: expected KEY=VALUE, got kv (see slipstream --help)\n",
      ["run FILE --set uri=x"] = "slipstream: --set: uri cannot be set; use --uri (see slipstream --help)\n",
      ["run FILE --clients 0"] =
        "slipstream: --clients: expected a number, 1 or more, got 0 (see slipstream --help)\n",
      ["run /nowhere.lua"] = "slipstream: cannot open /nowhere.lua: No such file or directory\n",
      ["serve --port 65536"] =
        "slipstream: --port: 65536 is not a port, 0 to 65535 (see slipstream --help)\n",
    }
    for arguments, expected in pairs(wrong) do
      local code, said = complaint(arguments)
      assert.are.same({ 2, expected }, { code, said })
    end
  end)
end)

describe("the Lua modules of the program", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    assert(os.remove(folder))
    assert(os.execute("mkdir -p " .. folder .. "/slipstream"))
  end)

  after_each(function() assert(os.execute("rm -r " .. folder)) end)

  it("are inside: a copy runs from any folder", function()
    assert(os.execute(("cp %s %s/copy"):format(program.path, folder)))
    local pipe = assert(io.popen(("cd %s && env -u SLIPSTREAM_LUA_PATH ./copy run --help"):format(folder)))
    assert.matches("Usage: slipstream run", pipe:read "a", 1, true)
    assert.is_true(pipe:close())
  end)

  it("are looked up in SLIPSTREAM_LUA_PATH first", function()
    local file <close> = assert(io.open(folder .. "/slipstream/log.lua", "w"))
    file:write 'print "the log of the folder"; return { set_level = print, set_format = print }'
    file:close()
    local script <close> = program.file ""
    local _, said = program.run("run " .. script.name, "SLIPSTREAM_LUA_PATH=" .. folder)
    assert.are.equal("the log of the folder\ninfo\ntext\n", said)
  end)
end)

describe("slipstream run", function()
  it("gives a plain script its arguments and ends with it", function()
    local file <close> = program.file "local args = ... print(args.uri, args.room, args.index)"
    local code, said = program.run(("run %s --uri ws://x --set room=a=b"):format(file.name))
    assert.are.same({ 0, "ws://x\ta=b\t1\n" }, { code, said })
  end)

  it("tells what is wrong with the file by its own place", function()
    local wrong = {
      ["local x = = 1"] = "slipstream: FILE:1: unexpected symbol near '='\n",
      ["\nerror 'boom'"] = "slipstream: FILE:2: boom\n",
      ["require('slipstream').client { restat = 1 }"] =
        "slipstream: FILE:1: client: no such option: restat, did you mean restart?\n",
      ["return {}"] = "slipstream: FILE: returned a table; "
        .. "return a client module, made by slipstream.client(), or nothing\n",
    }
    for text, expected in pairs(wrong) do
      local code, said = complaint("run FILE", text)
      assert.are.same({ 1, expected }, { code, said })
    end
  end)

  it("shows the user's frames and none of its own", function()
    local deep = "local function f() error 'deep' end\nlocal function g() f() end\ng()"
    local _, said = complaint("run FILE", deep)
    assert.matches("^slipstream: FILE:1: deep\nstack traceback:\n\tFILE:1: .*\tFILE:2: .*\tFILE:3: ", said)
    assert.is_nil(said:find("slipstream/", 1, true))
  end)

  it("ends with 1 when a client failed for good", function()
    local code, said = complaint("run FILE", [[
      local C = require("slipstream").client()
      function C:init(args) assert(self:connect { uri = "http://x" }) end
      return C]])
    assert.are.equal(1, code)
    assert.matches("FILE:2: uri: scheme must be ws or wss, got http", said, 1, true)
  end)

  it("says so when the error of connect was not looked at", function()
    local code, said = complaint("run FILE", [[
      local C = require("slipstream").client()
      function C:init() self:connect { uri = "http://x" } end
      return C]])
    assert.are.equal(1, code)
    assert.matches("client #1 never connected", said, 1, true)
  end)
end)

local STAYS = [[
  local C = require("slipstream").client()
  function C:init(args) self.assigns.index = args.index; assert(self:connect { uri = args.uri }) end
  function C:handle_connect() self:join("room:1", { user = "user " .. self.assigns.index }) end
  function C:handle_join(topic) print("joined " .. topic) end
  function C:terminate(reason) print("ends: " .. tostring(reason)); self:disconnect() end
  return C]]

describe("signals", function()
  local server, uri

  before_each(function()
    server = program.start "serve --port 0"
    uri = assert(server:line():match "^listening on (ws://127%.0%.0%.1:%d+/socket/websocket)$")
  end)

  after_each(function()
    server:kill "TERM"
    assert.are.equal(143, (server:code()))
  end)

  for name, expected in pairs { INT = 130, TERM = 143 } do
    it("end all clients in good order: SIG" .. name, function()
      local file <close> = program.file(STAYS)
      local clients = program.start(("run %s --uri %s --clients 2"):format(file.name, uri))
      assert.are.same({ "joined room:1", "joined room:1" }, { clients:line(), clients:line() })
      clients:kill(name)
      local code, lines = clients:code()
      assert.are.same({ "ends: shutdown", "ends: shutdown" }, lines)
      assert.are.equal(expected, code)
    end)
  end

  it("end at once when a second one comes", function()
    local file <close> = program.file(STAYS)
    local clients = program.start(("run %s --uri %s"):format(file.name, uri))
    assert.are.equal("joined room:1", clients:line())
    server:kill "STOP" -- now the closing handshake is never answered
    clients:kill "INT"
    assert.are.equal("ends: shutdown", clients:line())
    clients:kill "TERM"
    assert.are.equal(143, (clients:code()))
    server:kill "CONT"
  end)
end)

describe("slipstream serve", function()
  it("says which port is in use", function()
    local first = program.start "serve --port 0"
    local port = first:line():match ":(%d+)/"
    local code, said = complaint("serve --port " .. port)
    local expected = "slipstream: cannot listen: 127.0.0.1:%s: address already in use\n"
    assert.are.same({ 1, expected:format(port) }, { code, said })
    first:kill "INT"
    assert.are.equal(130, (first:code()))
  end)

  it("wants an app from its file", function()
    local code, said = complaint("serve FILE --port 0", "return 1")
    local expected = "slipstream: FILE: expected an app of slipstream.server, got number\n"
    assert.are.same({ 1, expected }, { code, said })
  end)
end)
