--- Crew: the workers of `slipstream run`, as their lead sees them. It starts them, starts those again that
-- failed, ends them all when a signal or the fault of one wants it, and gathers how they ended.

local core = require "slipstream.core"
local cut = require "slipstream.cli.cut"
local errand = require "slipstream.cli.errand"
local families = require "slipstream.cli.families"
local laggard = require "slipstream.cli.laggard"
local log = require "slipstream.log"
local metrics = require "slipstream.cli.metrics"
local parcel = require "slipstream.parcel"
local reload = require "slipstream.reload"
local restart = require "slipstream.restart"
local seat = require "slipstream.seat"
local signal = require "slipstream.cli.signal"
local steering = require "slipstream.cli.steering"
local team = require "slipstream.team"
local uv = require "luv"

local M = {}

local FAILED = 1
local NO_MEMORY = "not enough memory"

-- A second more than the workers have themselves. When it begins is soon enough to say that they take time.
local DEADLINES_MSEC = { ["end"] = 6000, drain = 11000 }
local QUIET_MSEC = 1000

---@class slipstream.Crew
---@field team userdata
---@field options table of the command
---@field workers table[] from 0
---@field laggards slipstream.cli.Laggards
---@field code integer the worst exit code of those that have ended
---@field texts string[] what is wrong, each text once
---@field signal_code integer? the exit code after a signal
---@field ending "drain"|"end"|false what the workers were told; to drain goes before to end
---@field steering slipstream.cli.Steering?
---@field metrics slipstream.cli.Metrics?
---@field deadline userdata? luv's timer, once they were told
---@field patience userdata? the same, for who waits to be told something

local function note(crew, code, text)
  crew.code = math.max(crew.code, code)
  if not text or crew.texts[text] then return end
  crew.texts[text] = true
  table.insert(crew.texts, text)
end

-- Ending.

local function tell_all(crew, kind, value)
  for index = 0, crew.team:count() - 1 do team.urge(index, kind, value) end
end

local function result_of(crew)
  if crew.signal_code then return crew.signal_code, {} end
  return crew.code, crew.texts
end

-- Those that have not ended.
local function left(crew)
  local indices = {}
  for index = 0, crew.team:count() - 1 do
    local worker = crew.workers[index]
    if worker and worker.is_running then indices[#indices + 1] = index end
  end
  return indices
end

local function cut_short(crew)
  crew.steering:close()
  crew.laggards:leave(left(crew))
  return cut.short(result_of(crew))
end

local function tell_of_laggards(crew)
  crew.laggards:warn(left(crew))
  crew.patience = uv.new_timer()
  crew.patience:start(QUIET_MSEC, 0, function()
    laggard.await(left(crew), DEADLINES_MSEC["end"] - QUIET_MSEC)
  end)
  crew.patience:unref()
end

local function tell_end(crew, how)
  crew.ending = how
  for index, worker in pairs(crew.workers) do
    if worker.pause then worker.pause:stop() end
    crew.team:give_up(index)
  end
  tell_all(crew, how)
  crew.deadline = crew.deadline or uv.new_timer()
  crew.deadline:start(DEADLINES_MSEC[how], 0, function() cut_short(crew) end)
  crew.deadline:unref()
end

local function end_all(crew)
  if crew.ending == "end" then return end
  tell_end(crew, "end")
  tell_of_laggards(crew)
end

local function end_by_signal(crew, exit_code)
  crew.signal_code = exit_code
  end_all(crew)
end

local function drain_all(crew)
  if not crew.ending then tell_end(crew, "drain") end
end

-- Starting.

-- Without it the others would wait for ever.
local function end_without(crew, index, text)
  note(crew, FAILED, ("worker %d cannot start: %s"):format(index, text))
  return end_all(crew)
end

local function start(crew, index, texts)
  local worker = crew.workers[index]
  local order = core.pack { options = crew.options, life = worker.life, texts = texts }
  local ok, text = crew.team:spawn(index, "slipstream.cli.worker", order, crew.options.max_memory)
  worker.is_running = ok
  if not ok then return end_without(crew, index, text) end
end

local function texts_of_others()
  for _, result in ipairs(team.ask_all "texts") do
    if result.ok then return result.value end
  end
end

-- It is to run what the others run, which is not what is in the files when a reload was refused.
local function start_again(crew, index)
  local texts = texts_of_others()
  if not crew.ending then start(crew, index, texts) end
end

local function start_later(crew, index, msec)
  local worker = crew.workers[index]
  worker.life = worker.life + 1
  local function done(_, fault)
    if fault then end_without(crew, index, fault) end
  end
  worker.pause = worker.pause or uv.new_timer()
  worker.pause:start(msec, 0, function()
    errand.run("restart", done, reload.between, function() start_again(crew, index) end)
  end)
end

-- Ends.

-- The first line of an error says what it is. Where memory was wanting says nothing.
local function log_failure(index, text, consequence)
  local line, trace = text:match "^([^\n]*)\n?(.*)$"
  if line == "not enough memory" then trace = nil end
  log.error(("worker %d failed: %s; %s"):format(index, line, consequence), { traceback = trace })
end

local function failed(crew, index, text)
  local history = crew.workers[index].history
  if crew.ending or crew.team:is_over() then
    log_failure(index, text, "it was about to end")
    return note(crew, FAILED)
  elseif history:add(uv.now()) then
    local pause = restart.pause(history:count())
    log_failure(index, text, ("it starts again in %d msec"):format(pause))
    return start_later(crew, index, pause)
  end
  log_failure(index, text, "that is too often, and all end")
  note(crew, FAILED)
  return end_all(crew)
end

local function ended(crew, index, ok, code, text)
  crew.workers[index].is_running = false
  tell_all(crew, "gone", index)
  team.urge(team.LEAD, "gone", index) -- we ask, too
  if ok then return note(crew, code, text) end
  return failed(crew, index, text)
end

local function new_worker()
  local history = restart.new_history(restart.MAX_RESTARTS, restart.MAX_SECONDS)
  return { life = 0, is_running = false, history = history }
end

local function count_restarts(crew)
  local count = 0
  for _, worker in pairs(crew.workers) do count = count + worker.life end
  return count
end

local function begin_metrics(crew)
  return metrics.open {
    address = crew.options.metrics, lists = { families.program, families.clients },
    facts = function() return { worker_restarts = count_restarts(crew) } end,
    is_ending = function() return crew.ending ~= false end,
  }
end

local function begin_steering(crew)
  return steering.begin {
    options = crew.options, began = uv.hrtime(),
    stop = function(exit_code) end_by_signal(crew, exit_code) end, drain = function() drain_all(crew) end,
  }
end

-- Hears of its workers, of signals and of who steers the program.
local function listen(crew)
  local text
  if crew.options.metrics then
    crew.metrics, text = begin_metrics(crew)
    if not crew.metrics then return nil, text end
  end
  crew.steering, text = begin_steering(crew)
  if not crew.steering then return nil, text end
  crew.team:on_end(function(...) ended(crew, ...) end)
  team.on("fault", function() end_all(crew) end)
  team.on("files", function(files, index) crew.steering:take_files(index, files) end)
  parcel.begin()
  signal.watch(function(exit_code) end_by_signal(crew, exit_code) end)
  return true
end

local function work(crew, count)
  for index = 0, count - 1 do
    crew.workers[index] = new_worker()
    start(crew, index)
    if crew.ending then break end
  end
  uv.run()
end

-- For want of memory what a worker said may be lost, and whoever is to be told may not be.
local function give_up(crew, err)
  pcall(crew.steering.close, crew.steering)
  if err == NO_MEMORY then return cut.short(FAILED, { NO_MEMORY .. "; the program cannot go on" }) end
  error(err, 0) -- a defect of ours
end

--- Runs the command with so many workers, to their end.
---@param options table
---@param count integer
---@return integer code the exit code
---@return string[] texts what is wrong
function M.run(options, count)
  local crew = { team = seat.lead(count), options = options, workers = {}, code = 0, texts = {},
    ending = false, laggards = laggard.listen() }
  local ok, text = listen(crew)
  if not ok then return FAILED, { text } end
  local is_done, err = pcall(work, crew, count)
  if not is_done then return give_up(crew, err) end
  crew.steering:close()
  if crew.metrics then crew.metrics:close() end
  return result_of(crew)
end

return M
