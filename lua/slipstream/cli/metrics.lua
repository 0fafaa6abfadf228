--- Metrics: what a program that runs tells by HTTP to those who watch over it: /metrics for Prometheus,
-- /healthz and /readyz for who starts and stops it.
--
-- All of them ask the workers (slipstream.cli.measures). Who comes while they are asked, or right after,
-- hears what they have said: nobody has the workers do more by asking more often.

local argument = require "slipstream.cli.argument"
local core = require "slipstream.core"
local errand = require "slipstream.cli.errand"
local exposition = require "slipstream.cli.exposition"
local family = require "slipstream.cli.family"
local heads = require "slipstream.record.head"
local http = require "slipstream.cli.http"
local log = require "slipstream.log"
local show = require "slipstream.show"
local status = require "slipstream.cli.status"
local team = require "slipstream.team"
local totals = require "slipstream.cli.totals"
local uv = require "luv"

local M = {}

-- So long workers have to answer, and so long an answer is good for others.
local ASK_MSEC, FRESH_NSEC = 2000, 250 * 1000000

---@class slipstream.cli.MetricSettings
---@field address { host: string, port: integer }
---@field lists slipstream.cli.FamilyList[]
---@field facts fun(): table new: what they need in the scene that workers do not tell
---@field is_ending fun(): boolean

---@class slipstream.cli.Metrics
---@field settings slipstream.cli.MetricSettings
---@field totals slipstream.Totals
---@field waiting function[]? who wants to hear of what the workers are asked
---@field results table[]? what they answered last
---@field asked_at integer? when that was
local Metrics = {}
Metrics.__index = Metrics

local function zeroes()
  local function none() return { histogram = core.histogram(), usec = 0 } end
  return {
    joins = 0, leaves = 0, timeouts = 0, restarts = 0, gave_up = 0, replies = none(), slices = none(),
    disconnects = {}, reconnects = {}, topics_closed = {}, unanswered = {},
    tally = {
      bytes_in = 0, bytes_out = 0, messages_in = 0, pushes_out = 0, joins_out = 0, leaves_out = 0,
      heartbeats_out = 0, connects = 0, reconnects = 0,
    },
  }
end

-- Asking the workers.

local function take_results(metrics, results)
  for _, result in ipairs(results) do
    if result.ok then metrics.totals:take(result.worker, result.value.life, result.value.counts) end
  end
  metrics.results, metrics.asked_at = results, uv.hrtime()
end

local function tell_waiting(metrics, results)
  local waiting = metrics.waiting
  metrics.waiting = nil
  for _, done in ipairs(waiting) do done(results) end
end

local function ask(metrics)
  return errand.run("metrics", function(results)
    if results then take_results(metrics, results) end
    return tell_waiting(metrics, results or {})
  end, team.ask_all, "measures", nil, ASK_MSEC)
end

local function with_results(metrics, done)
  if metrics.asked_at and uv.hrtime() - metrics.asked_at < FRESH_NSEC then return done(metrics.results) end
  if metrics.waiting then
    table.insert(metrics.waiting, done)
    return
  end
  metrics.waiting = { done }
  return ask(metrics)
end

-- What is answered.

local function scene_of(metrics, results)
  local answers, up = {}, {}
  for _, result in ipairs(results) do
    up[result.worker] = result.ok
    if result.ok then
      answers[#answers + 1] = result.value
      result.value.worker = result.worker
    end
  end
  local scene = metrics.settings.facts()
  scene.totals, scene.answers, scene.up = metrics.totals:sum(), answers, up
  scene.uptime_seconds = (uv.hrtime() - metrics.began) / 1e9
  scene.started_seconds = metrics.started
  return scene
end

local function health_of(results)
  local faults = {}
  for _, result in ipairs(results) do
    if not result.ok then
      faults[#faults + 1] = ("worker %d %s\n"):format(result.worker, status.fault_of(result))
    end
  end
  local is_well = #results > 0 and #faults == 0 -- there are none when they could not be asked
  if is_well then return { status = 200, body = "ok\n" } end
  return { status = 503, body = table.concat(faults) }
end

local pages = {}

pages["/metrics"] = function(metrics, results, request)
  local is_open = exposition.wants_open(heads.get(request.head, "accept") or "")
  local all = family.all(metrics.settings.lists, scene_of(metrics, results))
  local text, type = exposition.write(all, is_open)
  return { status = 200, body = text, type = type }
end

pages["/healthz"] = function(_, results) return health_of(results) end

-- A worker answers once it has loaded the file and begun with its clients.
pages["/readyz"] = function(metrics, results)
  if metrics.settings.is_ending() then return { status = 503, body = "the program ends\n" } end
  return health_of(results)
end

local function respond(metrics, request, answer)
  local page = pages[request.path]
  if not page then return answer { status = 404, body = "there are /metrics, /healthz and /readyz\n" } end
  return with_results(metrics, function(results) return answer(page(metrics, results, request)) end)
end

-- Its life.

--- Tells argparse the option.
---@param command table
function M.define(command)
  command:option("--metrics", "Serve /metrics for Prometheus, /healthz and /readyz; port 0\n"
    .. "takes a free one."):argname "ADDRESS:PORT":convert(argument.address "--metrics")
end

--- Listens.
---@param settings slipstream.cli.MetricSettings
---@return slipstream.cli.Metrics? metrics, string? text
function M.open(settings)
  local host, port = settings.address.host, settings.address.port
  local metrics = setmetatable({ settings = settings, totals = totals.new(zeroes()), began = uv.hrtime(),
    started = os.time() }, Metrics)
  local server, text = http.open(host, port, function(...) return respond(metrics, ...) end)
  if not server then return nil, "--metrics: " .. text end
  metrics.http = server
  log.info("metrics", { uri = ("http://%s/metrics"):format(show.address(host, server.port)) })
  return metrics
end

--- Listens no more.
function Metrics:close()
  self.http:close()
end

return M
