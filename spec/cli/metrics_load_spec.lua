-- What a load tells those who watch it go. How that is served is in spec/cli/metrics_spec.lua.
local core = require "slipstream.core"
local metrics_doc = require "spec.support.metrics_doc"
local program = require "spec.support.program"
local prometheus = require "spec.support.prometheus"
local scraper = require "spec.support.scraper"

describe("--metrics of a load", function()
  after_each(program.clean_up)

  -- Every second iteration of a user fails.
  local shouts = [[
    local scenario = require "slipstream.scenario"
    scenario.setup(function(t)
      t.assigns.socket = t:connect()
      t.assigns.socket:join("room:" .. t.vu)
    end)
    scenario("shout", function(t)
      t.assigns.socket:push("room:" .. t.vu, "shout", { body = "hi" })
      t.assigns.socket:await_message("room:" .. t.vu, "shout")
      t:step("think", function() t:think(20) end)
      t.equal(1, t.iteration % 2)
    end)
  ]]

  local function port_of(it_runs)
    return tonumber(it_runs:read_error("metrics uri="):match "http://127%.0%.0%.1:(%d+)/metrics")
  end

  local function start(text, ...)
    local path = program.file "one_scenario.lua" (text)
    local it_runs = program.start { "scenario", path, "--metrics", "127.0.0.1:0", "--log", "info", ... }
    return port_of(it_runs), it_runs
  end

  local function has_failed(value)
    return (value("slipstream_load_errors_total", { metric = "iteration", kind = "assertion" }) or 0) > 0
  end

  it("tells of the clients of all users, and of what the users do", function()
    local port = start(shouts, "--vus", "4", "--duration", "1m", "--workers", "2")
    local value = scraper.await(port, function(value)
      return has_failed(value) and value "slipstream_topics" == 4 and value "slipstream_load_vus" == 4
    end)
    assert.equal(4, value("slipstream_connections", { state = "connected" }))
    assert.equal(4, value("slipstream_messages_sent_total", { kind = "join" }))
    for _, worker in ipairs { "0", "1" } do
      assert.equal(2, value("slipstream_clients", { worker = worker }))
    end
    for _, metric in ipairs { "connect", "join", "message", "iteration", "step:think" } do
      assert.is_true(value("slipstream_load_latency_seconds_count", { metric = metric }) > 0, metric)
    end
    assert.equal(0, value("slipstream_load_latency_seconds_bucket", { metric = "step:think", le = "0.01" }))
  end)

  it("agrees with the summary", function()
    local path = program.folder() .. "/summary.json"
    local port, it_runs = start(shouts, "--vus", "2", "--duration", "1m", "--summary", path)
    local value = scraper.await(port, has_failed)
    it_runs:signal "sigterm"
    it_runs:exit()
    local file <close> = assert(io.open(path))
    local summary = core.json.decode(file:read "a")
    local metrics = summary.metrics
    local function check(most, name, labels)
      local seen = value("slipstream_load_" .. name, labels)
      assert.is_true(seen > 0 and seen <= most, name)
    end
    check(summary.iterations, "iterations_total")
    check(metrics.iteration.errors.assertion, "errors_total", { metric = "iteration", kind = "assertion" })
    check(metrics.message.count, "latency_seconds_count", { metric = "message" })
    check(metrics.join.max * metrics.join.count / 1e6 * 1.01, "latency_seconds_sum", { metric = "join" })
  end)

  it("counts iterations for which nobody was free", function()
    local port = start([[
      local scenario = require "slipstream.scenario"
      scenario("long", { timeout = 70000 }, function(t) t:think(60000) end)
    ]], "--rate", "50/s", "--max-vus", "1", "--duration", "1m")
    local value = scraper.await(port, function(value) return value "slipstream_load_dropped_total" > 0 end)
    assert.equal(1, value "slipstream_load_vus")
    assert.equal(0, value "slipstream_load_iterations_total")
  end)

  it("is all in docs/metrics.md, with its type and labels, and nothing else is", function()
    local port = start(shouts, "--vus", "2", "--duration", "1m")
    scraper.await(port, has_failed)
    local told = metrics_doc.told(port)
    for name in pairs(metrics_doc.documented "Its clients") do
      assert.is_table(told[name], name)
      told[name] = nil -- its labels are seen in spec/cli/metrics_spec.lua
    end
    assert.same(metrics_doc.documented("The program", "A load"), told)
  end)

  it("ends with the load", function()
    local port, it_runs = start(shouts, "--vus", "2", "--duration", "1m", "--graceful", "100ms")
    scraper.await(port, has_failed)
    assert.equal(200, (scraper.get(port, "/healthz")))
    it_runs:signal "sigint"
    assert.equal(130, it_runs:exit())
  end)

  it("is an option of loads alone, and needs an address that can be had", function()
    local path = program.file "one_scenario.lua" (shouts)
    local code, it_ran = program.run { "scenario", path, "--metrics", "127.0.0.1:0" }
    assert.equal(2, code)
    assert.truthy(it_ran:errors():find("--metrics: is of load runs", 1, true), it_ran:errors())
    local port = start(shouts, "--vus", "1", "--duration", "1m")
    code, it_ran = program.run { "scenario", path, "--vus", "1", "--iterations", "1", "--metrics",
      "127.0.0.1:" .. port }
    assert.equal(1, code)
    assert.truthy(it_ran:errors():find(port .. ": address already in use", 1, true), it_ran:errors())
  end)

  local function block(language) return metrics_doc.block(language, "spec/cli/metrics_load_spec.lua") end

  it("is asked for as docs/metrics.md does", function()
    local words = {}
    for word in block("sh")[1]:gsub(":9568", ":0"):gmatch "%S+" do words[#words + 1] = word end
    assert.equal("slipstream", table.remove(words, 1))
    program.file "shouts_scenario.lua" (shouts)
    table.move({ "--log", "info" }, 1, 2, #words + 1, words)
    local port = port_of(program.start(words, { cwd = program.folder() }))
    scraper.await(port, function(value) return value "slipstream_load_vus" == 200 end)
  end)

  describe("as Prometheus sees it", function()
    local with_prometheus = prometheus.is_there and it or pending
    local why = prometheus.is_there and "" or " (install prometheus to see)"

    with_prometheus("is well, and can be asked for" .. why, function()
      local port = start(shouts, "--vus", "2", "--duration", "1m")
      scraper.await(port, has_failed)
      local _, text = scraper.get(port, "/metrics", "text/plain")
      assert.equal("", prometheus.lint(text))
      local scrapes = prometheus.start(port)
      for _, line in ipairs(block "promql") do
        local query = line:match "^(.-)%s+#"
        assert.is_true(scrapes:await(query, function(value) return value > 0 end) > 0, query)
      end
      scrapes:stop()
    end)
  end)
end)
