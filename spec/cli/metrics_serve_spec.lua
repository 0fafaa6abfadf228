-- What the embedded server tells those who watch over it. How that is served is in spec/cli/metrics_spec.lua.
local metrics_doc = require "spec.support.metrics_doc"
local program = require "spec.support.program"
local prometheus = require "spec.support.prometheus"
local scraper = require "spec.support.scraper"

describe("--metrics of a server", function()
  after_each(program.clean_up)

  local app = [[
    local app = require("slipstream.server").new {
      connect = function(_, params) return params.token == "good" end, max_joins = 2,
    }
    local function echo(_, _, payload) return "reply", "ok", payload end
    app:channel("room:*", { join = function() return "ok" end, handle_in = echo })
    app:channel("closed", { join = function() return "error", {} end, handle_in = echo })
    return app
  ]]

  -- Joins what it is told to, says so, and stays.
  local guest = [[
    local slipstream = require "slipstream"
    local Guest = slipstream.client()
    function Guest:init(args)
      self.topics = args.topics
      assert(self:connect { uri = args.uri })
    end
    function Guest:handle_connect()
      for topic in self.topics:gmatch "%S+" do self:join(topic) end
    end
    function Guest:handle_join(topic) self:push(topic, "echo", { text = ("x"):rep(1000) }) end
    function Guest.handle_topic_close() return "ok" end
    function Guest.handle_reply() print "answered" end
    function Guest.handle_disconnect() print "gone" return "stop", "normal" end
    return Guest
  ]]

  local function port_of(it_serves)
    return tonumber(it_serves:read_error("metrics uri="):match "http://127%.0%.0%.1:(%d+)/metrics")
  end

  local function serve()
    local it_serves = program.start { "serve", program.file "app.lua" (app), "--port", "0", "--metrics",
      "127.0.0.1:0" }
    return port_of(it_serves), it_serves:read("listening on "):match "ws://%S+", it_serves
  end

  local function visit(uri, topics, token)
    return program.start { "run", program.file "guest.lua" (guest), "--uri",
      uri .. "?token=" .. (token or "good"), "--set", "topics=" .. topics }
  end

  it("tells who is there, what was joined and what was refused", function()
    local port, uri = serve()
    visit(uri, "room:1 closed nowhere"):read "answered"
    visit(uri, "room:1 room:2 room:3"):read "answered"
    local value = scraper.await(port, function(value)
      return value("slipstream_server_joins_refused_total", { reason = "too_many_channels" }) == 1
    end)
    assert.equal(2, value "slipstream_server_connections")
    assert.equal(3, value("slipstream_server_channels", { pattern = "room:*" }))
    assert.equal(0, value("slipstream_server_channels", { pattern = "closed" }))
    assert.equal(3, value("slipstream_server_joins_total", { pattern = "room:*" }))
    assert.equal(1, value("slipstream_server_joins_refused_total", { reason = "refused" }))
    assert.equal(1, value("slipstream_server_joins_refused_total", { reason = "unmatched_topic" }))
    assert.equal(1, value("slipstream_worker_up", { worker = "0" }))
  end)

  it("counts messages and their bytes both ways", function()
    local port, uri = serve()
    visit(uri, "room:1"):read "answered"
    local value = scraper.await(port, function(value)
      return value("slipstream_server_messages_total", { direction = "out" }) == 2
    end)
    assert.equal(2, value("slipstream_server_messages_total", { direction = "in" }))
    for _, direction in ipairs { "in", "out" } do
      local bytes = value("slipstream_server_bytes_total", { direction = direction })
      assert.is_true(bytes > 1000 and bytes < 1500, direction)
    end
  end)

  it("tells how connections ended, and who was not let in", function()
    local port, uri = serve()
    local lost, closed = visit(uri, "room:1"), visit(uri, "room:1")
    for _, each in ipairs { lost, closed } do each:read "answered" end
    lost:signal "sigkill"
    closed:signal "sigterm"
    visit(uri, "room:1", "bad"):read "gone"
    local value = scraper.await(port, function(value)
      return value("slipstream_server_connections_ended_total", { outcome = "lost" }) == 1
        and value("slipstream_server_connections_ended_total", { outcome = "closed" }) == 1
        and value("slipstream_server_responses_total", { status = "403" })
    end)
    assert.equal(2, value "slipstream_server_connections_opened_total")
    assert.equal(0, value "slipstream_server_connections")
    assert.equal(0, value("slipstream_server_channels", { pattern = "room:*" }))
  end)

  it("is all in docs/metrics.md, with its type and labels, and nothing else is", function()
    local port, uri = serve()
    visit(uri, "room:1 closed"):read "answered"
    visit(uri, "room:1", "bad"):read "gone"
    scraper.await(port, function(value)
      return value("slipstream_server_joins_refused_total", { reason = "refused" })
    end)
    assert.same(metrics_doc.documented("The program", "A server"), metrics_doc.told(port))
  end)

  it("keeps nobody from ending", function()
    local port, _, it_serves = serve()
    assert.equal(200, (scraper.get(port, "/readyz")))
    it_serves:signal "sigterm"
    assert.equal(143, it_serves:exit())
  end)

  it("is asked for as docs/metrics.md does", function()
    local words = {}
    local line = metrics_doc.block("sh", "spec/cli/metrics_serve_spec.lua")[1]
    for word in (line:gsub(":9568", ":0") .. " --port 0"):gmatch "%S+" do words[#words + 1] = word end
    assert.equal("slipstream", table.remove(words, 1))
    program.file "app.lua" (app)
    local port = port_of(program.start(words, { cwd = program.folder() }))
    assert.equal(200, (scraper.get(port, "/healthz")))
  end)

  it("needs an address that can be had", function()
    local port = serve()
    local code, it_ran = program.run { "serve", "--port", "0", "--metrics", "127.0.0.1:" .. port }
    assert.equal(1, code)
    assert.truthy(it_ran:errors():find(port .. ": address already in use", 1, true), it_ran:errors())
  end)

  local with_prometheus = prometheus.is_there and it or pending
  local why = prometheus.is_there and "" or " (install prometheus to see)"

  with_prometheus("has nothing that promtool finds fault with" .. why, function()
    local port, uri = serve()
    visit(uri, "room:1 closed"):read "answered"
    local _, text = scraper.get(port, "/metrics", "text/plain")
    assert.equal("", prometheus.lint(text))
  end)
end)
