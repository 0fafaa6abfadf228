-- The module in plain lua5.4, by the script that docs/api.md has for it.
local api_doc = require "spec.support.api_doc"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"
local uv = require "luv"

local lobby = [[
  local Lobby = require("slipstream").client()
  function Lobby:init(args) assert(self:connect { uri = args.uri }) end
  function Lobby:handle_connect() print "connected" end
  function Lobby:terminate(reason)
    print("terminate", reason)
    self:disconnect()
  end
  return Lobby
]]

local function documented(language)
  return assert(api_doc.parts("docs/api.md", language, "spec/cli/plain_spec.lua")[1])
end

-- What the command there sets, with the folder of this build.
local function documented_environment()
  local env, here = { LD_PRELOAD = os.getenv "LD_PRELOAD" }, uv.cwd()
  local build = uv.fs_realpath(program.binary):match "^(.*)/"
  for name, value in documented("sh"):gmatch '(LUA_%u+)="([^"]*)"' do
    env[name] = value:gsub("%$PWD/build/release", build):gsub("%$PWD", here)
  end
  return env
end

describe("a script of plain lua5.4", function()
  local server

  before_each(function() server = raw_server.listen() end)

  after_each(function()
    program.clean_up()
    server:close()
  end)

  local function start()
    program.file "lobby.lua" (lobby)
    local path = program.file "plain.lua" (documented "lua")
    local uri = ("ws://127.0.0.1:%d/socket"):format(server.port)
    return program.start({ path, uri }, {
      path = "lua5.4", env = documented_environment(), cwd = program.folder(),
    })
  end

  it("says goodbye with 1001 on the first Ctrl-C", function()
    local it_runs = start()
    local connection = server:open()
    it_runs:read "connected"
    it_runs:signal "sigint"
    local frame = connection:frame()
    assert.equal("close", frame.opcode)
    assert.equal(1001, (">I2"):unpack(frame.payload))
    connection:finish()
    assert.equal(0, it_runs:exit())
    assert.equal("connected\nterminate\tshutdown\n", it_runs:output())
  end)
end)
