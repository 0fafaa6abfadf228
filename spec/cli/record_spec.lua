-- `slipstream record` as a program, between `slipstream run` and `slipstream serve`.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local program = require "spec.support.program"

local guest = [[
  local slipstream = require "slipstream"
  local Guest = slipstream.client()
  function Guest:init(args) assert(self:connect { uri = args.uri, params = { token = "hush" } }) end
  function Guest:handle_connect() self:join("room:1", { user = "ann" }) end
  function Guest:handle_join(topic) self:push(topic, "shout", { body = "hi" }) end
  function Guest:handle_message(_, event)
    if event ~= "shout" then return end
    print "heard itself"
    return "stop", "normal"
  end
  return Guest
]]

local function start(...)
  local it = program.start { ... }
  return it, it:read(" on ws://"):match "ws://%S+"
end

local function lines_of(path)
  local list = {}
  for text in io.lines(path) do list[#list + 1] = assert(core.json.decode(text)) end
  return list
end

local function count_lines(path)
  local count = 0
  for _ in io.lines(path) do count = count + 1 end
  return count
end

describe("slipstream record", function()
  after_each(program.clean_up)

  it("writes down what a client and a server say, and how much that was", function()
    local path = program.folder() .. "/talk.jsonl"
    local _, uri = start("serve", "--port", "0")
    local it_records, own_uri = start("record", "--listen", "0", "--uri", uri, path)
    assert.matches("^ws://127%.0%.0%.1:%d+/socket/websocket$", own_uri)
    local visit = program.start { "run", program.file "guest.lua" (guest), "--uri", own_uri }
    visit:read "heard itself"
    assert.equal(0, visit:exit())
    it_records:signal "sigint"
    assert.equal(0, it_records:exit())
    local count = it_records:output():match "talk%.jsonl: 1 connection, (%d+) messages, %d+ bytes\n$"
    local list, seen = lines_of(path), 0
    assert.is_true(list[1].header)
    for _, line in ipairs(list) do
      if line.opcode == "text" then seen = seen + 1 end
    end
    assert.equal(tonumber(count), seen)
    local file <close> = io.open(path)
    assert.is_nil(file:read("a"):find("hush", 1, true))
  end)

  it("writes each line at once", function()
    local path = program.folder() .. "/talk.jsonl"
    local _, uri = start("serve", "--port", "0")
    local it_records, own_uri = start("record", "--uri", uri, "--keep-secrets", path)
    program.start({ "run", program.file "guest.lua" (guest), "--uri", own_uri }):exit()
    assert.is_true(loop.wait(function() return count_lines(path) > 6 end)) -- written off the loop
    it_records:signal "sigkill"
    it_records:exit()
    assert.truthy(lines_of(path)[2].data:find("token=hush", 1, true))
  end)

  it("goes on after writing to somebody who has hung up", function()
    local path = program.folder() .. "/talk.jsonl"
    local _, uri = start("serve", "--port", "0")
    local it_records, own_uri = start("record", "--uri", uri, path)
    it_records:signal "sigpipe" -- what the system has for that
    assert.equal(0, program.start({ "run", program.file "guest.lua" (guest), "--uri", own_uri }):exit())
    it_records:signal "sigint"
    assert.equal(0, it_records:exit())
  end)

  it("listens elsewhere when told to", function()
    local path = program.folder() .. "/talk.jsonl"
    local it_records, uri = start("record", "--listen", "[::1]:0", "--uri", "ws://127.0.0.1:1", path)
    assert.matches("^ws://%[::1%]:%d+/", uri)
    it_records:signal "sigterm"
    assert.equal(0, it_records:exit())
  end)

  it("tells of a full disk, once, and lets all else go on", function()
    local _, uri = start("serve", "--port", "0")
    local it_records, own_uri = start("record", "--uri", uri, "/dev/full")
    assert.matches("/dev/full: no space left on device; nothing more is recorded; connections go on$",
      it_records:read_error "nothing more")
    program.start({ "run", program.file "guest.lua" (guest), "--uri", own_uri }):read "heard itself"
    it_records:signal "sigint"
    assert.equal(1, it_records:exit())
    assert.equal(1, #it_records:error_lines())
  end)

  it("says when there is no server", function()
    local path = program.folder() .. "/talk.jsonl"
    local it_records, own_uri = start("record", "--uri", "ws://127.0.0.1:1", path)
    program.start { "run", program.file "guest.lua" (guest), "--uri", own_uri }
    it_records:read_error "the server cannot be reached: connection refused by 127.0.0.1:1"
  end)

  it("says what is wrong with its arguments", function()
    local function fault_of(...)
      local code, it = program.run { "record", ... }
      return code, it:errors()
    end
    local function is_refused(code, text, ...)
      local actual, words = fault_of(...)
      assert.equal(code, actual)
      assert.truthy(words:find(text, 1, true), words)
    end
    is_refused(2, "missing option '--uri'", "file")
    is_refused(2, "--listen: expected [ADDRESS:]PORT,", "--listen", "70000", "--uri", "ws://a", "file")
    is_refused(2, "--max-message: a size", "--max-message", "big", "--uri", "ws://a", "file")
    is_refused(2, "--uri: scheme must be ws or wss", "--uri", "http://a", program.folder() .. "/file")
    is_refused(1, "/no/such/file cannot be written: no such file or directory",
      "--uri", "ws://127.0.0.1:1", "/no/such/file")
    is_refused(1, "cannot listen at 192.0.2.1:0: address not available",
      "--listen", "192.0.2.1:0", "--uri", "ws://127.0.0.1:1", program.folder() .. "/file")
  end)
end)
