-- `slipstream record`, then `slipstream scenario --from`: as a user does it.
local program = require "spec.support.program"
local self_signed = require "spec.support.self_signed"

local guest = [[
  local slipstream = require "slipstream"
  local args = ...
  local ann = assert(slipstream.connect { uri = args.uri, params = { user = "ann" } })
  assert(ann:await_connect())
  ann:join("room:1", { user = args.name })
  assert(ann:await_join "room:1")
  ann:push("room:1", "shout", { body = "hi" })
  assert(ann:await_message("room:1", "shout"))
]]

local function start(...)
  local it = program.start { ... }
  return it, it:read(" on ws://"):match "ws://%S+"
end

-- Records a visit; answers the file, and the server's URI.
local function record()
  local path = program.folder() .. "/talk.jsonl"
  local _, uri = start("serve", "--port", "0")
  local it_records, own_uri = start("record", "--uri", uri, path)
  local visit = { "run", program.file "guest.lua" (guest), "--uri", own_uri, "--set", "name=ann" }
  assert.equal(0, (program.run(visit)))
  it_records:signal "sigint"
  assert.equal(0, it_records:exit())
  return path, uri
end

local function change(path, from, to)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return program.file "changed.jsonl" ((text:gsub(from, to)))
end

describe("slipstream scenario --from", function()
  after_each(program.clean_up)

  local function scenario(...)
    local code, it = program.run { "scenario", ... }
    return code, it:output(), it:errors()
  end

  it("passes on the server that was recorded, and on the program's own", function()
    local path, uri = record()
    for _, more in ipairs { { "--uri", uri }, {} } do
      local code, output = scenario("--from", path, table.unpack(more))
      assert.equal(0, code)
      assert.truthy(output:find("ok   replays " .. path, 1, true), output)
    end
  end)

  it("tells what is otherwise, and exits with 1", function()
    local path, uri = record()
    local code, output = scenario("--from", change(path, 'users\\":1', 'users\\":2'), "--uri", uri)
    assert.equal(1, code)
    assert.truthy(output:find("connection 1: /payload/response/users is 1, it was 2", 1, true), output)
    assert.truthy(output:find("changed.jsonl:5", 1, true), output)
  end)

  it("ignores what it is told to", function()
    local path, uri = record()
    path = change(path, 'users\\":1', 'users\\":2')
    for _, key in ipairs { "users", "/payload/response/users", "/payload/*/users" } do
      assert.equal(0, (scenario("--from", path, "--uri", uri, "--ignore", key)))
    end
    assert.equal(1, (scenario("--from", path, "--uri", uri, "--ignore", "/payload/users", "--any-order")))
  end)

  it("replays to a wss server whose CA is in SSL_CERT_FILE", function()
    local path, uri = record()
    local certificate = self_signed.new(program.folder())
    local tls = program.start({
      "-d", "-d", ("openssl-listen:0,bind=127.0.0.1,fork,cert=%s,key=%s,verify=0"):format(certificate.file,
        certificate.key), "tcp:127.0.0.1:" .. uri:match ":(%d+)/",
    }, { path = "socat" })
    local secure = "wss://127.0.0.1:" .. tls:read_error("listening on"):match ":(%d+)$"
    local function outcome(env)
      local code, it = program.run({ "scenario", "--from", path, "--uri", secure }, { env = env })
      return code, it:output()
    end
    local code, output = outcome { SSL_CERT_FILE = certificate.file }
    assert.equal(0, code, output)
    code, output = outcome {}
    assert.equal(1, code)
    assert.truthy(output:find("no connection: self-signed certificate", 1, true), output)
  end)

  it("writes it as a scenario, which passes", function()
    local path, uri = record()
    local emitted = program.folder() .. "/emitted.lua"
    assert.equal(0, (scenario("--from", path, "--emit", emitted)))
    assert.equal(0, (scenario(emitted, "--uri", uri)))
    local _, output = scenario("--from", path, "--emit")
    local file <close> = assert(io.open(emitted))
    assert.equal(file:read "a", output)
    assert.truthy(output:find('ann:join("room:1", { user = "ann" })', 1, true), output)
  end)

  it("says what is wrong with its arguments, and with the file", function()
    local path = program.file "bad.jsonl" "GET / HTTP/1.1\n"
    local function is_refused(code, text, ...)
      local actual, _, errors = scenario(...)
      assert.equal(code, actual)
      assert.truthy(errors:find(text, 1, true), errors)
    end
    is_refused(2, "missing argument 'PATH', or --from FILE")
    is_refused(2, "--from: there are no other scenarios beside it", "--from", path, "other.lua")
    is_refused(2, "--emit: it is for a recording", "--emit", "out.lua")
    is_refused(2, "--ignore: it is for a recording", "--ignore", "a", "some.lua")
    is_refused(2, "--from: it is no load", "--from", path, "--vus", "2",
      "--iterations", "2")
    is_refused(2, "No such file", "--from", "/no/such")
    is_refused(2, "bad.jsonl:1: not valid JSON", "--from", path)
    is_refused(2, "bad.jsonl:1: not valid JSON", "--from", path, "--emit")
    path = program.file "good.jsonl" '{"dir":"c2s","conn":1,"opcode":"text","data":"x"}'
    local nowhere = "/no/such/folder/out.lua"
    is_refused(2, "the one scenario is not what --filter", "--from", path, "--filter", "no such")
    is_refused(1, "/dev/full cannot be written: No space left", "--from", path, "--emit", "/dev/full")
    is_refused(1, nowhere .. " cannot be written: No such file", "--from", path, "--emit", nowhere)
  end)
end)
