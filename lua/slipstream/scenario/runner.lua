--- Runner: plays scenarios, so many at a time, and tells outputs how they end.
--
-- Each try is a script of its own, so one that is cut short, as by the watchdog, takes no other with it.

local fiber = require "slipstream.fiber"
local script = require "slipstream.script"
local uv = require "luv"

local M = {}

---@class slipstream.scenario.RunOptions
---@field play fun(case: slipstream.scenario.Case, options: table): slipstream.scenario.Result
---@field play_options slipstream.scenario.PlayOptions?
---@field interrupt fun(why: string) has all that is played fail, and end soon
---@field uri string? for outputs
---@field jobs integer? 1; so many scenarios at a time
---@field retry integer? 0; so many more tries has a scenario that fails and does not say itself
---@field bail integer? after so many failures no other scenario begins
---@field seed integer? for outputs, when the scenarios are shuffled

---@class slipstream.scenario.Entry
---@field case slipstream.scenario.Case
---@field tries integer
---@field began integer of this try, in nsec

---@class slipstream.scenario.Run
local Run = {}
Run.__index = Run

local function msec_since(began)
  return math.tointeger((uv.hrtime() - began) // 1000000)
end

local function tell(run, name, value)
  for _, output in ipairs(run.outputs) do
    if output[name] then output[name](value) end
  end
end

-- Results.

local function has_tries(run, entry)
  return not run.is_cancelled and entry.tries <= (entry.case.retry or run.options.retry or 0)
end

-- `play` itself was ended, by the watchdog or for want of memory.
local function result_of(entry, caught)
  local case = entry.case
  return {
    case = case, status = "failed", msec = msec_since(entry.began), logs = {},
    failure = {
      text = caught.text, story = {}, file = case.file, line = case.line, traceback = caught.traceback,
    },
  }
end

-- Outputs get all of it, the summary what it needs: there may be very many.
local function keep(run, result)
  table.insert(run.results, {
    case = result.case, status = result.status, msec = result.msec, tries = result.tries,
    failure = result.failure,
  })
  run[result.status] = run[result.status] + 1
  local bail = run.options.bail
  if bail and run.failed >= bail then run.is_ending = true end
  tell(run, "ended", result)
end

local function settle(run, entry, result)
  if result.status == "failed" and has_tries(run, entry) then
    table.insert(run.again, entry)
    return
  end
  result.tries = entry.tries
  keep(run, result)
end

-- Playing.

local pump

local function ended(run, entry, is_good, result)
  run.playing = run.playing - 1
  settle(run, entry, is_good and result or result_of(entry, result))
  return pump(run)
end

local function begin(run, entry)
  entry.tries, entry.began = entry.tries + 1, uv.hrtime()
  run.playing = run.playing + 1
  local function on_end(self) return ended(run, entry, self.outcome[1], self.outcome[2]) end
  local options = { name = entry.case.name, on_end = on_end }
  script.begin(options, run.options.play, entry.case, run.options.play_options or {})
end

-- Who has failed and has another try goes first.
local function next_entry(run)
  if #run.again > 0 then return table.remove(run.again, 1) end
  local case = not run.is_ending and run.cases[run.begun + 1]
  if not case then return nil end
  run.begun = run.begun + 1
  tell(run, "started", case)
  return { case = case, tries = 0 }
end

local function begin_next(run)
  if run.playing >= (run.options.jobs or 1) then return nil end
  local entry = next_entry(run)
  if entry then begin(run, entry) end
  return entry
end

-- Scenarios that end at once come back here while they begin, however many there are.
function pump(run)
  if run.is_pumping then return end
  run.is_pumping = true
  repeat until not begin_next(run)
  run.is_pumping, run.is_over = false, run.playing == 0
  if run.is_over and run.owner then fiber.poke(run.owner) end
end

-- The run.

--- Begins to play them, in their order.
---@param cases slipstream.scenario.Case[]
---@param options slipstream.scenario.RunOptions
---@param outputs slipstream.scenario.Output[]
---@return slipstream.scenario.Run
function M.begin(cases, options, outputs)
  local run = setmetatable({
    cases = cases, options = options, outputs = outputs, begun = 0, began = uv.hrtime(),
    playing = 0, again = {}, results = {}, passed = 0, failed = 0, skipped = 0,
  }, Run)
  tell(run, "begun", { count = #cases, seed = options.seed, jobs = options.jobs or 1, uri = options.uri })
  pump(run)
  return run
end

--- Has those fail that are played; others go on.
---@param why string
function Run:interrupt(why)
  self.options.interrupt(why)
end

--- Has those fail that are played, and begins no other.
---@param why string
function Run:cancel(why)
  self.is_cancelled, self.is_ending = true, true
  self:interrupt(why)
end

local function is_over(run)
  if run.is_over then return true end
end

---@class slipstream.scenario.Summary
---@field passed integer
---@field failed integer
---@field skipped integer
---@field not_run integer of those that were to run
---@field msec integer
---@field seed integer?
---@field results slipstream.scenario.Result[] in the order of their ends

--- Waits, in a fiber, for the end of all.
---@return slipstream.scenario.Summary
function Run:await()
  self.owner = fiber.check_may_wait()
  fiber.await(nil, is_over, self)
  local summary = {
    passed = self.passed, failed = self.failed, skipped = self.skipped,
    not_run = #self.cases - self.begun,
    msec = msec_since(self.began), seed = self.options.seed, results = self.results,
  }
  tell(self, "finished", summary)
  return summary
end

return M
