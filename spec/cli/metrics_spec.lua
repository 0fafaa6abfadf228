-- What a program tells those who watch over it, and how little it minds who they are.
local loop = require "spec.support.loop"
local metrics_doc = require "spec.support.metrics_doc"
local openmetrics = require "spec.support.openmetrics"
local program = require "spec.support.program"
local prometheus = require "spec.support.prometheus"
local raw_tcp = require "spec.support.raw_tcp"
local scraper = require "spec.support.scraper"
local guests = require "slipstream.cli.guest"
local http = require "slipstream.cli.http"

describe("--metrics", function()
  local server, uri

  local function serve()
    server = program.start { "serve", "--port", "0" }
    uri = server:read("listening on "):match "ws://%S+"
  end

  after_each(program.clean_up)

  -- Joins, pushes and is answered; "hang" on its input keeps its worker busy for good.
  local talker = [[
    local slipstream = require "slipstream"
    local Talker = slipstream.client()
    function Talker:init(args) assert(self:connect { uri = args.uri, reconnect_after_msec = { 50 } }) end
    function Talker:handle_connect() self:join "room:1" end
    function Talker:handle_join(topic)
      for _ = 1, 3 do self:push(topic, "shout", { text = "hi" }) end
      self.replies = 0
    end
    function Talker:handle_reply()
      self.replies = self.replies + 1
      if self.replies == 3 then print("talked", slipstream.worker.index) end
    end
    return Talker
  ]]

  -- A client that waits, one a worker; the one of worker 1 hangs after so long.
  local hanging = [[
    local slipstream = require "slipstream"
    local Hanging = slipstream.client { max_callback_msec = 0 }
    function Hanging:init()
      if slipstream.worker.index == 1 then self:send_after(700, "hang") end
      self:send_after(60000, "never")
    end
    function Hanging:handle_info(message)
      if message ~= "hang" then return end
      print "hangs"
      local ends = os.clock() + 60
      while os.clock() < ends do end
    end
    return Hanging
  ]]

  local function run(text, ...)
    local it_runs = program.start { "run", program.file "client.lua" (text), "--metrics", "127.0.0.1:0", ... }
    local port = it_runs:read_error("metrics uri="):match "http://127%.0%.0%.1:(%d+)/metrics"
    return it_runs, tonumber(port)
  end

  local function talk(...)
    serve()
    local it_runs, port = run(talker, "--uri", uri, "--clients", "4", "--workers", "2", ...)
    for _ = 1, 4 do it_runs:read "talked" end
    return port, it_runs
  end

  local waiting = [[
    local slipstream = require "slipstream"
    local Waiting = slipstream.client()
    function Waiting:init()
      self:send_after(60000, "never")
      print "ready"
    end
    function Waiting:handle_cast() error "oh" end
    return Waiting
  ]]

  it("tells of all workers together, and of each where that helps", function()
    local port = talk()
    local value = scraper.await(port, function(value) return value "slipstream_reply_seconds_count" == 12 end)
    assert.equal(4, value("slipstream_connections", { state = "connected" }))
    assert.equal(4, value "slipstream_connects_total")
    assert.equal(4, value "slipstream_joins_total")
    assert.equal(4, value "slipstream_topics")
    for kind, count in pairs { push = 12, join = 4, leave = 0, heartbeat = 0 } do
      assert.equal(count, value("slipstream_messages_sent_total", { kind = kind }), kind)
    end
    assert.equal(12, value("slipstream_reply_seconds_bucket", { le = "+Inf" }))
    assert.is_true(value "slipstream_messages_received_total" >= 16)
    assert.is_true(value("slipstream_bytes_total", { direction = "in" }) > 1000)
    assert.is_true(value("slipstream_bytes_total", { direction = "out" }) > 1000)
    assert.is_true(value "slipstream_callback_seconds_count" >= 4 * 6)
    for _, worker in ipairs { "0", "1" } do
      assert.equal(1, value("slipstream_worker_up", { worker = worker }))
      assert.equal(2, value("slipstream_clients", { worker = worker }))
      assert.is_true(value("slipstream_lua_memory_bytes", { worker = worker }) > 100000)
      assert.is_number(value("slipstream_loop_lag_seconds_count", { worker = worker }))
    end
  end)

  it("tells why connections ended, and that they come again", function()
    local port = talk()
    local address = uri:match ":(%d+)/"
    server:signal "sigkill"
    server:exit()
    scraper.await(port, function(value)
      return (value("slipstream_disconnects_total", { reason = "connect_failed" }) or 0) >= 4
        and value("slipstream_connections", { state = "connected" }) == 0
    end)
    server = program.start { "serve", "--port", address }
    local value = scraper.await(port, function(value) return value "slipstream_topics" == 4 end)
    assert.equal(4, value("slipstream_reconnects_total", { reason = "connection_lost" }))
    assert.equal(8, value "slipstream_connects_total")
    assert.equal(8, value "slipstream_joins_total")
  end)

  it("tells how much waits in mailboxes", function()
    local _, port = run [[
      local slipstream = require "slipstream"
      local Slow = slipstream.client()
      function Slow:init()
        for _ = 1, 5 do self:send_after(0, "work") end
        self:send_after(60000, "never")
      end
      function Slow.handle_info() slipstream.await(function() end, 60000) end
      return Slow
    ]]
    local value = scraper.await(port, function(value) return value "slipstream_mailbox_entries" == 4 end)
    assert.equal(4, value("slipstream_longest_mailbox_entries", { worker = "0" }))
  end)

  it("counts clients that are started again", function()
    local _, port = run [[
      local slipstream = require "slipstream"
      local Failing, Waiting = slipstream.client { max_restarts = 2 }, slipstream.client()
      function Failing:init() self:send_after(0, "fail") end
      function Failing:handle_info() error "oh" end
      function Waiting:init()
        slipstream.start(Failing)
        self:send_after(60000, "never")
      end
      return Waiting
    ]]
    local value = scraper.await(port, function(value)
      return value "slipstream_clients_given_up_total" == 1
    end)
    assert.equal(2, value "slipstream_client_restarts_total")
  end)

  it("is all in docs/metrics.md, with its type and labels, and nothing else is", function()
    local port = talk()
    server:signal "sigkill"
    scraper.await(port, function(value) -- so that there is a reason to tell
      return value("slipstream_reconnects_total", { reason = "connect_failed" })
    end)
    local told = metrics_doc.told(port)
    told.slipstream_topics_closed[2].reason = true -- of which there is none
    assert.same(metrics_doc.documented("The program", "Its clients"), told)
  end)

  it("is in either format", function()
    local _, port = run(waiting)
    local open_type = "application/openmetrics-text; version=1.0.0"
    local _, open, head = scraper.get(port, "/metrics", open_type .. ", */*;q=0.1")
    assert.truthy(head:find("content-type: " .. open_type .. "; charset=utf-8", 1, true))
    openmetrics.read(open, true)
    local _, plain, plain_head = scraper.get(port, "/metrics", "text/plain")
    assert.truthy(plain_head:find("content-type: text/plain; version=0.0.4; charset=utf-8", 1, true))
    local families = openmetrics.read(plain, false)
    assert.equal("counter", families.slipstream_joins_total.type)
  end)

  describe("answers", function()
    it("that all is well while the workers answer", function()
      local it_runs, port = run(waiting, "--clients", "2", "--workers", "2")
      for _ = 1, 2 do it_runs:read "ready" end
      local status, body = scraper.get(port, "/healthz")
      assert.same({ 200, "ok\n" }, { status, body })
      assert.equal(200, (scraper.get(port, "/readyz")))
    end)

    it("without a worker that does not answer, and says so", function()
      local it_runs, port = run(hanging, "--clients", "2", "--workers", "2")
      local before = scraper.await(port, function(value)
        return value("slipstream_clients", { worker = "1" }) == 1
      end) "slipstream_callback_seconds_count"
      it_runs:read "hangs"
      local value = scraper.await(port, function(value)
        return value("slipstream_worker_up", { worker = "1" }) == 0
      end)
      assert.equal(1, value("slipstream_worker_up", { worker = "0" }))
      assert.is_nil(value("slipstream_clients", { worker = "1" }))
      assert.is_true(value "slipstream_callback_seconds_count" >= before)
      local status, body = scraper.get(port, "/healthz")
      assert.same({ 503, "worker 1 does not answer\n" }, { status, body })
      assert.equal(503, (scraper.get(port, "/readyz")))
    end)

    it("that it is not ready while it drains", function()
      serve()
      local it_runs, port = run([[
        local slipstream = require "slipstream"
        local Slow = slipstream.client()
        function Slow:init(args) assert(self:connect { uri = args.uri }) end
        function Slow:handle_connect() self:join "room:1" end
        function Slow:handle_join(topic) self:push(topic, "nobody answers") print "ready" end
        return Slow
      ]], "--uri", uri, "--control", program.folder() .. "/control")
      it_runs:read "ready"
      assert.equal(200, (scraper.get(port, "/readyz")))
      server:signal "sigstop"
      program.run { "ctl", "--control", program.folder() .. "/control", "drain" }
      local status, body = scraper.get(port, "/readyz")
      assert.same({ 503, "the program ends\n" }, { status, body })
      server:signal "sigcont"
    end)

    it("nothing at other paths, nor to other methods", function()
      local _, port = run(waiting)
      local status, body = scraper.get(port, "/")
      assert.same({ 404, "there are /metrics, /healthz and /readyz\n" }, { status, body })
      assert.truthy(scraper.say(port, "POST /metrics HTTP/1.1\r\n\r\n"):find "^HTTP/1.1 405 ")
      local head = scraper.say(port, "HEAD /metrics HTTP/1.1\r\n\r\n")
      assert.truthy(head:find "^HTTP/1.1 200 OK\r\n.*content%-length: %d%d%d%d.*\r\n\r\n$")
    end)
  end)

  describe("sends away", function()
    it("who says nonsense, or too much", function()
      local _, port = run(waiting)
      assert.truthy(scraper.say(port, "\22\3\1\r\n\r\n"):find "^HTTP/1.1 400 ")
      local long = "GET /metrics HTTP/1.1\r\nCookie: " .. ("x"):rep(http.MOST_BYTES)
      assert.truthy(scraper.say(port, long):find "^HTTP/1.1 431 ")
    end)

    it("who says nothing, or says it slowly", function()
      local _, port = run(waiting)
      local silent, slow = raw_tcp.connect(port), raw_tcp.connect(port)
      slow:send "GET /metrics HTTP/1.1\r\n"
      assert.equal("eof", silent:ending())
      assert.equal("eof", slow:ending())
      assert.equal("", silent:rest())
      silent:close()
      slow:close()
    end)

    it("those that are too many, and hears the next when some have gone", function()
      local _, port = run(waiting)
      local peers = {}
      for place = 1, guests.MOST do peers[place] = assert(raw_tcp.connect(port)) end
      local answer = scraper.say(port)
      assert.truthy(answer:find "^HTTP/1.1 503 Service Unavailable\r\n.*busy: 16 are connected already")
      for _, peer in ipairs(peers) do peer:close() end
      local status
      loop.wait(function()
        status = scraper.get(port, "/healthz")
        return status == 200
      end)
      assert.equal(200, status)
    end)
  end)

  it("keeps nobody from ending", function()
    local it_runs, port = run(waiting)
    it_runs:read "ready"
    local peer = raw_tcp.connect(port)
    it_runs:signal "sigterm"
    assert.equal(143, it_runs:exit())
    peer:close()
  end)

  it("refuses an address that is none, or is taken", function()
    local file = program.file "client.lua" (waiting)
    for _, address in ipairs { "9568", "localhost:1", "127.0.0.1", "127.0.0.1:65536", "[::1]", "::1:1" } do
      local code, it_ran = program.run { "run", file, "--metrics", address }
      assert.equal(2, code)
      assert.truthy(it_ran:errors():find("--metrics: expected ADDRESS:PORT, such as 127.0.0.1:9568, got "
        .. address, 1, true), it_ran:errors())
    end
    local _, port = run(waiting)
    local code, it_ran = program.run { "run", file, "--metrics", "127.0.0.1:" .. port }
    assert.equal(1, code)
    local fault = "slipstream: --metrics: cannot listen at 127.0.0.1:%d: address already in use\n"
    assert.equal(fault:format(port), it_ran:errors())
  end)

  it("serves IPv6, too", function()
    local it_runs = program.start { "run", program.file "client.lua" (waiting), "--metrics", "[::1]:0" }
    assert.truthy(it_runs:read_error("metrics uri="):find "http://%[::1%]:%d+/metrics$")
  end)

  local function block(language) return metrics_doc.block(language, "spec/cli/metrics_spec.lua") end

  it("is asked for as docs/metrics.md does", function()
    local run_it, ask = table.unpack(block "sh")
    serve()
    program.file "client.lua" (talker)
    local words = {}
    for word in run_it:gsub("ws://%S+", uri):gsub(":9568", ":0"):gmatch "%S+" do words[#words + 1] = word end
    assert.equal("slipstream", table.remove(words, 1))
    local it_runs = program.start(words, { cwd = program.folder() })
    local port = it_runs:read_error("metrics uri="):match "http://127%.0%.0%.1:(%d+)/metrics"
    local status, body = scraper.get(tonumber(port), ask:match "^curl http://127%.0%.0%.1:9568(/%S+)$")
    assert.equal(200, status)
    openmetrics.read(body, false)
  end)

  describe("as Prometheus sees it", function()
    local with_prometheus = prometheus.is_there and it or pending
    local why = prometheus.is_there and "" or " (install prometheus to see)"

    with_prometheus("has nothing that promtool finds fault with" .. why, function()
      local port = talk()
      local _, text = scraper.get(port, "/metrics", "text/plain")
      assert.equal("", prometheus.lint(text))
      assert.not_equal("", prometheus.lint(text .. "# TYPE x counter\nx 1\n"))
    end)

    with_prometheus("is scraped with the configuration of docs/metrics.md" .. why, function()
      local text = table.concat(block "yaml", "\n")
      local code, checks = program.run({ "check", "config", program.file "prometheus.yml" (text) },
        { path = "/usr/bin/promtool" })
      assert.equal(0, code, checks:errors())
    end)

    with_prometheus("is scraped and can be asked for" .. why, function()
      local port = talk()
      local scrapes = prometheus.start(port)
      local pushes = "slipstream_messages_sent_total{kind='push'}"
      assert.equal(12, scrapes:await(pushes, function(value) return value == 12 end))
      assert.equal(1, scrapes:await("up", function(value) return value == 1 end))
      assert.equal(2, scrapes:await("sum(slipstream_worker_up)", function(value) return value == 2 end))
      local quantile = "histogram_quantile(0.99, sum by (le) (slipstream_reply_seconds_bucket))"
      assert.is_true(scrapes:await(quantile, function(value) return value > 0 end) < 10)
      for _, line in ipairs(block "promql") do
        assert.equal("success", scrapes:ask(line:match "^(.-)%s+#").status, line)
      end
      scrapes:stop()
    end)
  end)
end)
