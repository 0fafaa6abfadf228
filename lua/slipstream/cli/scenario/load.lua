--- Load: the options of `slipstream scenario` for load, and the run of one: its workers do it, see
-- slipstream.scenario.load.lead; here are its clock, its signals and what is told of it.

local amount = require "slipstream.scenario.measure.amount"
local apps = require "slipstream.cli.app"
local argument = require "slipstream.cli.argument"
local core = require "slipstream.core"
local cut = require "slipstream.cli.cut"
local leads = require "slipstream.scenario.load.lead"
local families = require "slipstream.cli.families"
local load_families = require "slipstream.cli.scenario.families"
local log = require "slipstream.log"
local loop = require "slipstream.cli.loop"
local metrics = require "slipstream.cli.metrics"
local outlet = require "slipstream.outlet"
local plans = require "slipstream.scenario.load.plan"
local progress = require "slipstream.scenario.load.progress"
local ramps = require "slipstream.scenario.load.ramp"
local redact_uri = require("slipstream.secret").redact_uri
local report = require "slipstream.scenario.report"
local signal = require "slipstream.cli.signal"
local summary = require "slipstream.scenario.measure.summary"
local summary_text = require "slipstream.scenario.measure.summary_text"
local terminal = require "slipstream.scenario.output.terminal"
local thresholds = require "slipstream.scenario.measure.threshold"
local uv = require "luv"
local worker_options = require "slipstream.cli.worker_options"

local M = {}

local FAILED, USAGE, MISSED = 1, 2, 99
local MOST = 1000000
local SECOND_MSEC, MSEC_USEC = 1000, 1000
local STDERR = 2
local NO_MEMORY = { "not enough memory; the load cannot go on" }

-- By then the workers have told of the second.
local LATE_MSEC = 100

-- Options.

local function time_for(option)
  return function(text)
    local usec, after = amount.read_time(text)
    if usec and after == #text + 1 and usec % MSEC_USEC == 0 then return math.tointeger(usec // MSEC_USEC) end
    return nil, ("%s: a time as 500ms, 30s or 2m expected, got %s"):format(option, text)
  end
end

local function read_rate(text)
  local rate = tonumber(text:match "^(%d+%.?%d*)/s$")
  if rate and rate > 0 and rate <= MOST then return rate end
  return nil, ("--rate: so many in a second expected, as 200/s, got %s"):format(text)
end

local function read_ramp(text)
  local ramp, is_rate = ramps.read(text)
  if ramp then return { ramp = ramp, is_rate = is_rate } end
  return nil, "--ramp: " .. is_rate
end

local function read_threshold(text)
  local threshold, fault = thresholds.parse(text)
  if threshold then return threshold end
  return nil, "--threshold:\n" .. fault
end

local function define_load(command)
  command:option("--vus", "So many virtual users play the scenarios again and again.")
    :argname "N":convert(argument.count("--vus", MOST))
  command:option("--rate", "So many iterations begin in a second, whatever became of those before.")
    :argname "N/s":convert(read_rate)
  command:option("--ramp", "Users over time, as 0:0,30s:500,2m:500, or iterations a second, as\n"
    .. "0:0/s,30s:200/s."):argname "TIME:N,...":convert(read_ramp)
  command:option("--max-vus", "With a rate: at most so many users, 1000 when absent.")
    :argname "N":convert(argument.count("--max-vus", MOST))
  command:option("--pace", "With users: each begins an iteration every so often.")
    :argname "TIME":convert(time_for "--pace")
end

local function define_end(command)
  command:option("--duration", "No iteration begins after that.")
    :argname "TIME":convert(time_for "--duration")
  command:option("--iterations", "So many begin, of all users together.")
    :argname "N":convert(argument.count("--iterations", MOST * MOST))
  command:option("--graceful", "Iterations that run then have so much time to end; 5s when absent.")
    :argname "TIME":convert(time_for "--graceful")
  worker_options.define(command, "users", "Fail when a worker's Lua would have more memory.")
end

--- Tells argparse the options.
function M.define(command)
  define_load(command)
  define_end(command)
  command:option("--threshold", "What is to hold, as reply.p95<50ms, errors<0.1% or\n"
    .. "'join.p99<200ms over 10s'; may be repeated."):argname "THRESHOLD":count "*":convert(read_threshold)
  command:option("--summary", "Write what was measured as JSON."):argname "FILE.json"
  command:option("--report", "Write it as a page for browsers."):argname "FILE.html"
  metrics.define(command)
end

--- The load that the options ask for; nil when they ask for none.
---@param options table
---@return slipstream.scenario.LoadPlan?
---@return string? fault
function M.plan(options)
  local is_load, fault = plans.is_load(options)
  if is_load then return plans.of(options) end
  return nil, fault
end

-- The run.

local function workers_for(options, plan)
  return options.workers or math.max(1, math.min(uv.available_parallelism(), plan.max_vus))
end

-- What workers need of the options.
local function order_of(plan, options, site, args)
  return {
    plan = plan, play = { uri = site.uri }, args = args, is_measured = options.metrics ~= nil,
    options = {
      paths = options.paths, timeout = options.timeout, filters = options.filters, tags = options.tags,
      excluded_tags = options.excluded_tags, log = options.log, log_format = options.log_format,
    },
  }
end

-- All is over: the server goes, which stops the loop.
local function clear(run, site)
  run.clock:close()
  if run.metrics then run.metrics:close() end
  run.progress:clear()
  run.is_over = true
  if site.handle then apps.drain(site.handle) else uv.stop() end
end

-- Its workers do not end, or what they say cannot be read.
local function give_up(run, end_program, code, texts)
  run.progress:clear()
  return end_program(code, texts)
end

local function lose_worker(run)
  return give_up(run, cut.without_worker, run.signal_code or FAILED, { run.lead.fault })
end

local function tick(run) run.progress:tick(run.lead:count_users()) end

local function begin(run, plan, options, site, args)
  local function hear(part) run.progress:hear(part) end
  local function begun() run.clock:start(SECOND_MSEC + LATE_MSEC, SECOND_MSEC, function() tick(run) end) end
  run.progress = progress.new(function(text) io.stderr:write(text) end, terminal.is_able(STDERR))
  run.clock = uv.new_timer()
  run.lead = leads.begin {
    workers = run.workers, max_memory = options.max_memory, order = order_of(plan, options, site, args),
    thresholds = thresholds.over_windows(options.threshold),
    begun = begun, hear = hear, done = function() clear(run, site) end,
    lost = function() lose_worker(run) end,
  }
  signal.watch(function(code)
    run.signal_code = code
    run.lead:stop()
  end)
end

-- Nobody can ask before the loop runs, when there is a lead.
local function open_metrics(run, options)
  if not options.metrics then return true end
  local fault
  run.metrics, fault = metrics.open {
    address = options.metrics, lists = { families.program, families.clients, load_families },
    facts = function()
      return { load = { tally = run.lead.measured.total, users = run.lead:count_users() } }
    end,
    is_ending = function() return run.signal_code ~= nil end,
  }
  return run.metrics ~= nil, fault
end

-- Of an app of the user's, which is served here, a callback of luv's may raise. For want of memory what a
-- worker said may be lost, and to tell of it takes memory, too.
local function run_loop(run)
  local is_told, ok, caught, has_no_memory = pcall(loop.run)
  if not is_told or has_no_memory then return give_up(run, cut.short, FAILED, NO_MEMORY) end
  if not ok then log.error(caught.text, { traceback = caught.traceback }) end
end

local function facts_of(run, options, site)
  return {
    uri = redact_uri(site.uri), began = run.began, workers = run.workers, thresholds = options.threshold,
    is_interrupted = run.signal_code ~= nil, stories = run.lead.stories,
  }
end

-- What is told.

-- Where one of them cannot be written the others are all the same; answers what is wrong.
local function write_all(options, result)
  local faults = {}
  local function write(path, text)
    local ok, fault = outlet.write(path, text)
    if not ok then faults[#faults + 1] = fault end
  end
  write(nil, summary_text.show(result) .. "\n")
  if options.summary then write(options.summary, core.json.encode(result) .. "\n") end
  if options.report then write(options.report, report.html(result)) end
  return faults[1] and table.concat(faults, "\nslipstream: ")
end

-- What is there already stays until the end.
local function fault_of_file(option, path)
  local file <close>, fault = io.open(path, "ab")
  if file then return nil end
  return ("--%s: %s cannot be written: %s"):format(option, path, fault:sub(#path + 3))
end

-- A load that takes hours is not to end by that.
local function fault_of_files(options)
  for _, option in ipairs { "summary", "report" } do
    local fault = options[option] and fault_of_file(option, options[option])
    if fault then return fault end
  end
end

local codes = { passed = 0, failed = FAILED, missed = MISSED }

--- Runs the load to its end.
---@param plan slipstream.scenario.LoadPlan
---@param options table of the command
---@param site slipstream.cli.Site
---@param args table for the files
---@return integer? code the exit code
---@return string? text
---@return integer? failure
function M.run(plan, options, site, args)
  local misuse = fault_of_files(options)
  if misuse then return nil, misuse, USAGE end
  local run = { began = os.time(), workers = workers_for(options, plan) }
  local ok, text = open_metrics(run, options)
  if not ok then return nil, text, FAILED end
  begin(run, plan, options, site, args)
  repeat run_loop(run) until run.is_over
  if run.lead.fault then return nil, run.lead.fault, FAILED end
  local result = summary.of(run.lead.measured, facts_of(run, options, site))
  local fault = write_all(options, result)
  if fault then return nil, fault, FAILED end
  return run.signal_code or codes[result.verdict]
end

return M
