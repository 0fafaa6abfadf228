-- The recorder between real sockets: all goes through it, and the file has it.
local core = require "slipstream.core"
local default_app = require "slipstream.server.default_app"
local files = require "slipstream.record.file"
local line = require "slipstream.record.line"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_client = require "spec.support.raw_client"
local raw_server = require "spec.support.raw_server"
local recorder = require "slipstream.record.recorder"
local self_signed = require "spec.support.self_signed"
local slipstream = require "slipstream"
local uv = require "luv"
local ws = require "spec.support.ws"

local PATIENCE = 20000

describe("the recorder #wire", function()
  local path, it_records, opened, sink

  before_each(function()
    opened = {}
    path = program.folder() .. "/recording.jsonl"
    sink = slipstream.log.set_sink(function() end)
  end)

  -- What is closed at the end of a spec.
  local function keep(thing)
    opened[#opened + 1] = thing
    return thing
  end

  local function finish()
    if not it_records then return end
    local is_closed = false
    it_records:close(function() is_closed = true end)
    assert.is_true(loop.wait(function() return is_closed end))
    it_records = nil
  end

  after_each(function()
    for _, thing in ipairs(opened) do thing:close() end
    finish()
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
    slipstream.log.set_sink(sink)
  end)

  local function record(uri, more)
    local options = { uri = uri, path = path, host = "127.0.0.1", port = 0, most_bytes = 1 << 20 }
    for key, value in pairs(more or {}) do options[key] = value end
    it_records = assert(recorder.open(options))
    return it_records
  end

  -- The lines of the file; the first must be the header.
  local function lines()
    finish()
    local list = {}
    for text in io.lines(path) do list[#list + 1] = assert(line.read(text, true)) end
    assert.is_true(table.remove(list, 1).header)
    return list
  end

  local function told(list)
    local words = {}
    for i, it in ipairs(list) do words[i] = ("%d %s %s"):format(it.conn, it.dir, it.opcode) end
    return words
  end

  local function serve()
    local handle = assert(default_app.new():listen())
    keep { close = function()
      local is_gone = false
      handle:kill(function() is_gone = true end)
      assert.is_true(loop.wait(function() return is_gone end))
    end }
    return ("ws://127.0.0.1:%d/socket/websocket"):format(handle.port)
  end

  -- A raw server behind it, and a client that has been let in.
  local function open_raw(more)
    local server = keep(raw_server.listen())
    record(("ws://127.0.0.1:%d"):format(server.port), more)
    local client = keep(raw_client.dial(it_records.proxy.port))
    client:send(ws.request { path = "/s" })
    local peer = server:open()
    assert.equal(101, client:take().head.status)
    return client, peer
  end

  it("writes down what our own client and the embedded server say", function()
    record(serve())
    slipstream.run(function()
      local params = { user = "ann", token = "t" }
      local ann = assert(slipstream.connect { uri = it_records:uri(), params = params })
      assert(ann:await_connect())
      ann:join("room:1", { user = "ann" })
      assert(ann:await_join "room:1")
      local status = ann:await_reply(assert(ann:push("room:1", "echo", slipstream.binary "\0\1")))
      assert.equal("ok", status)
      ann:disconnect()
      assert(ann:await_disconnect())
    end)
    local list = lines()
    assert.same({
      "1 c2s http", "1 s2c http", "1 c2s text", "1 s2c text", "1 c2s binary", "1 s2c binary", "1 c2s close",
      "1 s2c close",
    }, { table.unpack(told(list), 1, 8) })
    assert.truthy(list[1].data:find("token=[redacted]", 1, true))
    assert.truthy(list[3].data:find('"phx_join"', 1, true))
    assert.equal("\0\1", list[5].data:sub(-2))
    assert.same({ code = 1000, reason = "" }, list[7].data)
    local time = 0
    for _, it in ipairs(list) do
      assert.is_true(it.t_ms >= time)
      time = it.t_ms
    end
  end)

  it("tells many connections apart", function()
    record(serve())
    local clients = {}
    for i = 1, 30 do clients[i] = keep(raw_client.open(it_records.proxy.port)) end
    for i, client in ipairs(clients) do client:frame(('[null,"%d","phoenix","heartbeat",{}]'):format(i)) end
    for i, client in ipairs(clients) do
      assert.truthy(client:text():find(('null,"%d",'):format(i), 1, true))
    end
    local seen = 0
    for _, it in ipairs(lines()) do
      if it.opcode == "text" then
        seen = seen + 1
        assert.truthy(it.data:find(('null,"%d",'):format(it.conn), 1, true))
      end
    end
    assert.equal(60, seen)
  end)

  it("keeps close codes of either side, and who ended first", function()
    local client, peer = open_raw()
    peer:send_frame { opcode = "close", payload = ws.close_payload(4001, "go") }
    peer:finish()
    assert.equal("close 4001", client:text())
    assert.equal("eof", client:take().kind)
    assert.equal("eof", peer:ending())
    local list = lines()
    assert.same({ "1 s2c close", "1 s2c eof", "1 c2s eof" }, { table.unpack(told(list), 3) })
    assert.same({ code = 4001, reason = "go" }, list[3].data)
  end)

  it("passes a large message on and keeps its beginning", function()
    local client, peer = open_raw { most_bytes = 1000 }
    local text = ("wörld "):rep(4 << 20)
    client:frame(text)
    assert.is_true(peer:frame(PATIENCE).payload == text)
    peer:send_frame { payload = text }
    assert.is_true(client:take(PATIENCE).payload == text)
    for i, it in ipairs { table.unpack(lines(), 3) } do
      assert.same({ i == 1 and "c2s" or "s2c", #text, text:sub(1, 1000) }, { it.dir, it.len, it.data })
    end
  end)

  it("says of frames that were cut through how much came", function()
    local client, peer = open_raw()
    client:send(ws.frame({ payload = "hello", mask = true }):sub(1, -2))
    assert.is_true(loop.wait(function() return it_records.counts.bytes > 0 end))
    client.tcp:close_reset()
    assert.equal("ECONNRESET", peer:ending())
    local list = lines()
    assert.equal("the end came within a frame (text): 4 of 5 bytes", list[3].error)
    assert.equal("1 c2s rst", told(list)[4])
  end)

  it("lets through what no one can read", function()
    local client, peer = open_raw()
    local bytes = "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\2\3\4"
    local got = ""
    peer.tcp:read_stop()
    peer.tcp:read_start(function(_, more) got = got .. (more or "") end)
    client:send(bytes)
    client:send "more"
    assert.is_true(loop.wait(function() return got == bytes .. "more" end))
    local list = lines()
    assert.equal("a frame of more than 63 bits of length", list[3].error)
  end)

  it("says that the server is gone, and goes on", function()
    local port = raw_server.free_port()
    record(("ws://127.0.0.1:%d"):format(port))
    local client = keep(raw_client.dial(it_records.proxy.port))
    assert.equal("eof", client:take().kind)
    local list = lines()
    local text = ("the server cannot be reached: connection refused by 127.0.0.1:%d"):format(port)
    assert.equal(text, list[#list].data)
  end)

  it("tries all addresses of a name", function()
    local server = keep(raw_server.listen()) -- on 127.0.0.1, and localhost is ::1 as well on most machines
    record(("ws://localhost:%d"):format(server.port))
    local client = keep(raw_client.dial(it_records.proxy.port))
    client:send(ws.request { path = "/s" })
    server:open()
    assert.equal(101, client:take().head.status)
  end)

  it("speaks TLS to a wss server, whose certificate it checks", function()
    local certificate = self_signed.new(program.folder())
    local port = serve():match ":(%d+)"
    local tls = program.start({
      "-d", "-d", ("openssl-listen:0,bind=127.0.0.1,fork,cert=%s,key=%s,verify=0"):format(certificate.file,
        certificate.key), "tcp:127.0.0.1:" .. port,
    }, { path = "socat" })
    local uri = "wss://127.0.0.1:" .. tls:read_error("listening on"):match ":(%d+)$"
    record(uri, { ca_file = certificate.file })
    local client = keep(raw_client.open(it_records.proxy.port))
    local text = ('["1","1","room:1","phx_join",{"user":"%s"}]'):format(("x"):rep(200000))
    client:frame(text)
    assert.truthy(client:text(PATIENCE):find '"status":"ok"')
    client:frame { opcode = "close", payload = ws.close_payload(1000) }
    assert.equal("close 1000", client:text())
    assert.equal("eof", client:take().kind)
    local list = lines()
    assert.is_true(list[3].data == text)
    record(uri)
    client = keep(raw_client.dial(it_records.proxy.port))
    client:send(ws.request {})
    assert.equal("eof", client:take().kind)
    list = lines()
    assert.matches("self%-signed", list[#list].data)
  end)

  it("goes on without a file when that cannot be written", function()
    local fault
    record(serve(), { path = "/dev/full", on_fault = function(text) fault = text end })
    local client = keep(raw_client.open(it_records.proxy.port))
    assert.is_true(loop.wait(function() return fault end))
    client:frame '[null,"1","phoenix","heartbeat",{}]'
    assert.truthy(client:text():find('"status":"ok"', 1, true))
    assert.equal("no space left on device", fault)
  end)

  it("says why it cannot begin", function()
    local function fault_of(options)
      local all = { uri = "ws://127.0.0.1:1", path = path, host = "127.0.0.1", port = 0, most_bytes = 1 }
      for key, value in pairs(options) do all[key] = value end
      local none, text = recorder.open(all)
      assert.is_nil(none)
      return text
    end
    assert.matches("scheme must be ws or wss", fault_of { uri = "http://a" })
    assert.matches("no%.such%.host%.invalid", fault_of { uri = "ws://no.such.host.invalid" })
    assert.equal("/no/such/folder/file cannot be written: no such file or directory",
      fault_of { path = "/no/such/folder/file" })
    assert.equal("cannot listen at 192.0.2.1:0: address not available", fault_of { host = "192.0.2.1" })
    assert.matches("ca_file", fault_of { uri = "wss://127.0.0.1:1", ca_file = "/no/such/file" })
  end)
end)

describe("the file of a recording", function()
  after_each(program.clean_up)

  it("has all lines in order, also those that came while others were written", function()
    local path = program.folder() .. "/file"
    local file = assert(files.open(path, error))
    for i = 1, 1000 do
      file:append(tostring(i))
      if i % 100 == 0 then uv.run "nowait" end
    end
    local is_closed
    file:close(function() is_closed = true end)
    assert.is_true(loop.wait(function() return is_closed end))
    local count = 0
    for text in io.lines(path) do
      count = count + 1
      assert.equal(tostring(count), text)
    end
    assert.equal(1000, count)
  end)

  it("is for its owner alone, since there may be secrets in it", function()
    local path = program.folder() .. "/file"
    local file = assert(files.open(path, error))
    local is_closed
    file:close(function() is_closed = true end)
    assert.is_true(loop.wait(function() return is_closed end))
    assert.equal("600", ("%o"):format(uv.fs_stat(path).mode & 511))
  end)
end)
