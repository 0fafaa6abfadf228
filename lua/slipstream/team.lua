--- Team: the workers of the program, each a thread with its own Lua state and loop, and the lead, which has
-- started them. Here is the one way in which they ask each other: `answer` says who answers questions of a
-- kind, `put` asks one worker, `ask_all` all of them. Where there is no team there is one worker, which asks
-- itself in the same way.

local check = require "slipstream.check"
local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local log = require "slipstream.log"
local parcel = require "slipstream.parcel"
local seat = require "slipstream.seat"

local M = { LEAD = seat.LEAD, on = parcel.on, deliver = parcel.deliver, urge = parcel.urge }

local ASK_MSEC = 5000

local post, deliver = parcel.post, parcel.deliver

-- Questions.

-- Those that we have asked, by their numbers; whose fibers answer here, by who asks and the number.
local questions, serving = {}, {}

---@class slipstream.Question
---@field owner table whose fiber waits
---@field to integer
---@field number integer
---@field outcome table|false packed: whether it was answered, and the results or why not
local Question = {}
Question.__index = Question

local function settle(question, ...)
  question.outcome = table.pack(...)
  questions[question.number] = nil
end

local function take_answer(value)
  local question = questions[value.number]
  if not question then return end -- nobody waits for it any more
  settle(question, table.unpack(value, 1, value.n))
  fiber.poke(question.owner)
end

-- However the wait ended: who would answer need not go on.
function Question:__close()
  if self.outcome then return end
  settle(self, false)
  deliver(self.to, "hang_up", self.number)
end

local function has_outcome(question)
  local outcome = question.outcome
  if not outcome then return end
  if outcome[1] then return true, table.unpack(outcome, 1, outcome.n) end
  return true, nil, outcome[2], outcome[2]
end

--- Waits for the answer; once, in the fiber that has put the question.
---@param msec integer? no limit when absent
---@return true? ok, any ... the results; nil, "timeout", or why there will be none
function Question:await(msec)
  return fiber.await(msec, has_outcome, self)
end

--- Puts a question to a worker: `await` its answer, and close it. Raises a text when the value cannot be
-- passed.
---@param to integer
---@param kind string see `answer`
---@param value any
---@return slipstream.Question
function M.put(to, kind, value)
  local question = { owner = fiber.check_may_wait(), to = to, number = seat.number(), outcome = false }
  setmetatable(question, Question)
  local ok, _, code = post(to, "ask", { kind = kind, number = question.number, value = value })
  if ok then questions[question.number] = question else settle(question, false, code) end
  return question
end

local answerers = {}

--- Says who answers questions of that kind: `fn(value)` returns the results; it is run in a fiber, so it may
-- wait, and is cancelled when nobody waits for the answer any more.
---@param kind string
---@param fn fun(value: any): ...
function M.answer(kind, fn)
  answerers[kind] = fn
end

-- There is no answer, and that is why. Where the queue of who asked is full, it is told all the same.
local function refuse(to, number, reason)
  local value = { number = number, n = 2, false, reason }
  if not post(to, "answer", value) then parcel.urge(to, "answer", value) end
end

local function answer(to, number, ...)
  local value = table.pack(...)
  value.number = number
  local can_be_passed, result, _, code = pcall(post, to, "answer", value)
  if not can_be_passed then return refuse(to, number, result) end
  if not result then return refuse(to, number, code) end
end

local function answered(server, outcome, ...)
  if outcome == "waiting" then return end
  serving[server.from][server.number] = nil
  if outcome == "done" then return answer(server.from, server.number, true, ...) end
  local caught = ...
  log.error(caught.text, { traceback = caught.traceback, question = server._client.name })
  return refuse(server.from, server.number, caught.text)
end

-- An owner of fibers, see slipstream.fiber.
local function new_server(from, number, kind)
  local server = { from = from, number = number, _client = { name = kind, _host = core.host() },
    _callback = kind, _fiber = false, _done = false, _alarm = false }
  serving[from] = serving[from] or {}
  serving[from][number] = server
  return server
end

local function take_question(value, from)
  local answerer = answerers[value.kind]
  if not answerer then return refuse(from, value.number, "nobody answers: " .. value.kind) end
  return fiber.run(new_server(from, value.number, value.kind), answered, answerer, value.value)
end

local function take_hang_up(number, from)
  local server = (serving[from] or {})[number]
  if not server then return end
  serving[from][number] = nil
  fiber.cancel(server)
end

local function let_go(from)
  for _, server in pairs(serving[from] or {}) do fiber.cancel(server) end
  serving[from] = nil
end

-- The lead tells: a worker has ended. What it was asked is not answered, what it asked nobody waits for.
local function take_gone(index)
  let_go(index)
  for _, question in pairs(questions) do
    if question.to == index then
      settle(question, false, "worker_ended")
      fiber.poke(question.owner)
    end
  end
end

-- All at once.

local Asked = {}

function Asked:__close()
  for _, question in ipairs(self) do Question.__close(question) end
end

local function have_outcomes(asked)
  for _, question in ipairs(asked) do
    if not question.outcome then return end
  end
  return true
end

local function result_of(question)
  local ok, value = table.unpack(question.outcome or { false, "timeout" })
  if ok then return { worker = question.to, ok = true, value = value } end
  return { worker = question.to, ok = false, reason = value }
end

--- Asks all workers, this one too, and waits for their answers.
---@param kind string see `answer`
---@param value any
---@param msec integer? 5000
---@return { worker: integer, ok: boolean, value: any, reason: string? }[] results by worker: `value` when it
---is ok, else `reason`: "timeout", "noproc", "queue_full", "worker_ended" or an error's text
function M.ask_all(kind, value, msec)
  check.is_msec(3, msec)
  local asked <close> = setmetatable({}, Asked)
  for index = 0, seat.count() - 1 do asked[#asked + 1] = M.put(index, kind, value) end
  fiber.await(msec or ASK_MSEC, have_outcomes, asked)
  local results = {}
  for place, question in ipairs(asked) do results[place] = result_of(question) end
  return results
end

M.on("answer", take_answer)
M.on("ask", take_question)
M.on("hang_up", take_hang_up)
M.on("gone", take_gone)

return M
