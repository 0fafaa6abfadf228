-- Prometheus: the real one, which scrapes a program; `M.is_there` tells whether it is installed.
local daemon = require "spec.support.daemon"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local scraper = require "spec.support.scraper"
local shell = require "spec.support.shell"

local M = {}

M.is_there = shell.run "command -v prometheus promtool >/dev/null"

local Prometheus = {}
Prometheus.__index = Prometheus

local PATH = "/usr/bin/prometheus"
local READY = "Server is ready to receive web requests"
local PATIENCE = 20000 -- msec; the machine may be busy

local CONFIG = [[
global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs: [{ job_name: spec, static_configs: [{ targets: ["127.0.0.1:%d"] }] }]
]]

-- Starts one that scrapes the port. It goes with program.clean_up.
function M.start(target)
  local config = program.file "prometheus.yml" (CONFIG:format(target))
  local function arguments_on(port)
    return { "--config.file=" .. config, "--storage.tsdb.path=" .. program.folder() .. "/tsdb",
      "--web.listen-address=127.0.0.1:" .. port }
  end
  local run, port = daemon.start_on_free_port(PATH, arguments_on, READY)
  return setmetatable({ run = run, port = port }, Prometheus)
end

local function encode(query)
  return (query:gsub("[^%w]", function(char) return ("%%%02X"):format(char:byte()) end))
end

-- What its API answers to a query; nil: an error.
function Prometheus:ask(query)
  return scraper.json(self.port, "/api/v1/query?query=" .. encode(query))
end

-- The value of the one series that the query is about, waited for until `is_so(value)`.
function Prometheus:await(query, is_so)
  local value
  local is_there = loop.wait(function()
    local answer = self:ask(query)
    local result = answer and answer.data.result
    value = result and result[1] and tonumber(result[1].value[2])
    return value and is_so(value)
  end, PATIENCE)
  assert(is_there, ("%s: %s"):format(query, value))
  return value
end

-- What promtool finds wrong with a text in the older format: "" is good.
function M.lint(text)
  local path = program.file "metrics.txt" (text)
  return shell.read(("promtool check metrics <%s 2>&1"):format(path))
end

function Prometheus:stop()
  self.run:signal "sigterm"
  self.run:exit()
end

return M
