local core = require "slipstream.core"
local log = require "slipstream.log"

describe("the log", function()
  local lines, former

  before_each(function()
    lines = {}
    former = log.set_sink(function(line) lines[#lines + 1] = line end)
  end)

  after_each(function()
    log.set_sink(former)
    log.set_level "info"
    log.set_format "text"
  end)

  it("leaves out what is below its level", function()
    log.debug "a"
    log.info "b"
    assert.equal(1, #lines)
    log.set_level "error"
    log.warn "c"
    log.error "d"
    assert.equal(2, #lines)
    log.set_level "debug"
    log.debug "e"
    assert.equal(3, #lines)
  end)

  it("knows its levels and formats", function()
    assert.same({ nil, "no such level: loud; there are debug, error, info, warn" }, { log.set_level "loud" })
    assert.same({ nil, "no such format: xml; there are json, text" }, { log.set_format "xml" })
  end)

  it("takes fields as a table, and a function as its sink", function()
    assert.has_error(function() log.info("x", "y") end,
      "bad argument #2 to 'info' (table expected, got string)")
    assert.has_error(function() log.set_sink "y" end,
      "bad argument #1 to 'set_sink' (function expected, got string)")
  end)

  it("writes text as one line, fields in the order of their names", function()
    log.warn("not sent", { topic = "room:1", count = 3, text = 'say "a b"\n', empty = "" })
    local time, rest = lines[1]:match("^(%S+) (.*)$")
    assert.truthy(time:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$"))
    assert.equal([[warn  not sent count=3 empty="" text="say \"a b\"\n" topic=room:1]], rest)
  end)

  it("puts a traceback on lines of its own", function()
    log.error("boom", { client = "#1", traceback = "stack traceback:\n\ta.lua:1: in 'f'" })
    assert.truthy(lines[1]:find("boom client=#1\nstack traceback:\n\ta.lua:1: in 'f'$"))
  end)

  it("shows what a terminal obeys by its number, in texts as in fields", function()
    log.error("\27[2Jgone\r\xff,\n\tthe rest", { name = "\27]0;x\7", traceback = "at\8\n\there" })
    assert.equal('error \\x1b[2Jgone\\r\\xff,\n\tthe rest name="\\x1b]0;x\\x07"\nat\\x08\n\there',
      lines[1]:sub(26))
  end)

  it("leaves out a traceback that is empty", function()
    log.error("boom", { traceback = "" })
    assert.truthy(lines[1]:find "boom$")
  end)

  it("writes JSON that can be read, whatever the values are", function()
    log.set_format "json"
    log.info("odd \xff", { n = 1, f = 0 / 0, ok = true, fn = print, bytes = "\xff\0" })
    local entry = assert(core.json.decode(lines[1]))
    assert.equal("info", entry.level)
    assert.equal("odd ?", entry.text)
    assert.equal(1, entry.n)
    assert.is_true(entry.ok)
    assert.truthy(entry.fn:find("^builtin: ") or entry.fn:find("^function: "))
    assert.equal("?\0", entry.bytes)
    assert.truthy(entry.time:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$"))
  end)

  it("writes JSON with time, level and text first, then the fields by their names", function()
    log.set_format "json"
    log.info("x", { zone = 1, client = "#1", attempt = 2, level = "mine", ["odd \xff"] = true })
    local time, rest = lines[1]:match '^{"time":"([^"]*)",(.*)$'
    assert.truthy(time)
    assert.equal('"level":"info","text":"x","attempt":2,"client":"#1","odd ?":true,"zone":1}', rest)
  end)

  it("has the same time in the line and in what the sink gets, whatever the format", function()
    for _, format in ipairs { "text", "json" } do
      log.set_format(format)
      local line, entry
      log.set_sink(function(...) line, entry = ... end)
      log.info "x"
      assert.truthy(line:find(entry.time, 1, true))
    end
  end)

  it("says which levels it shows", function()
    log.set_level "warn"
    assert.same({ false, false, true, true },
      { log.shows "debug", log.shows "info", log.shows "warn", log.shows "error" })
    assert.has_error(function() log.shows "loud" end, "bad argument #1 to 'shows' (no such level: loud)")
  end)

  it("keeps secrets to itself", function()
    local uri = "wss://ann:s3cret@phoenix.test/socket?token=s3cret"
    log.info("x", { auth_token = "s3cret", headers = { "s3cret" }, password = "s3cret", uri = uri })
    log.info("x", { Authorization = "s3cret", api_key = "s3cret", refresh_token = "s3cret", proxy = uri })
    log.info("x", { params = "s3cret", connect_params = "s3cret", message = { { cookie = "s3cret" } } })
    for _, line in ipairs(lines) do assert.is_nil(line:find("s3cret", 1, true), line) end
    assert.equal("wss://[redacted]@phoenix.test/socket?[redacted]", log.redact_uri(uri))
    assert.equal("ws://phoenix.test/socket", log.redact_uri "ws://phoenix.test/socket")
  end)

  it("writes of a table what is in it", function()
    log.info("x", { reason = { code = 7, why = "full" } })
    assert.truthy(lines[1]:find([[reason="{\"code\":7,\"why\":\"full\"}"]], 1, true))
  end)

  it("writes of a value that has no text what it is", function()
    local object = setmetatable({}, { __tostring = function() error "no text" end })
    log.info("x", { object = object })
    assert.truthy(lines[1]:find('object="a table that cannot be shown"', 1, true))
  end)

  it("writes to standard error what a sink fails to write, and why", function()
    local stderr, written = io.stderr, {}
    -- luacheck: push ignore 122
    io.stderr = { write = function(_, ...) written[#written + 1] = table.concat { ... } end }
    log.set_sink(function() error("disk full", 0) end)
    local ok = pcall(log.info, "x")
    io.stderr = stderr
    -- luacheck: pop
    assert.is_true(ok)
    assert.truthy(written[1]:find("x\n$"))
    assert.equal("slipstream: the sink of the log failed: disk full\n", written[2])
  end)
end)
