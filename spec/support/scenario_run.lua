-- Scenario_run: a run of scenarios as the runner tells of it, with all that can become of one, for specs of
-- the outputs:
--
--   local text = scenario_run.tell("tap")              -- what the output makes of it
--   local text = scenario_run.tell("pretty", { color = true })
local M = {}

-- What a terminal obeys, no UTF-8, and marks of XML, TAP and Lua's patterns.
M.HOSTILE = "\27[31m # <b> & \"q\" ]]> \\ %s \xff\u{202e}\u{9b}\u{fffe}\0"

local chat, rooms = "chat.lua", "rooms/a.lua"

local function case(name, file, line) return { name = name, file = file, line = line, tags = {} } end

M.passed = {
  case = case("two users hear each other", chat, 4), status = "passed", msec = 12, tries = 1,
  logs = { "room:lobby it is" },
}
M.passed.case.tags = { "chat", "fast" }

M.failed = {
  case = case("a late user hears it, too", rooms, 8), status = "failed", msec = 5002, tries = 2,
  logs = { "bob is late" },
  failure = {
    text = 'bob:await_message("room:lobby", "shout"): nothing within 5000 msec',
    story = { "the last events of bob:", "  +12 msec joined room:lobby" },
    kind = "timeout", file = rooms, line = 11,
  },
}

M.skipped = {
  case = case("the moon is full", chat, 20), status = "skipped", msec = 0, logs = {},
  failure = { text = "not #today", story = {}, file = chat, line = 21 },
}

M.flaky = { case = case("it works at last", chat, 30), status = "passed", msec = 1234, tries = 3, logs = {} }

-- A failure that has these bytes wherever it has a text.
function M.all_of(bytes)
  return {
    case = case(bytes, bytes, 1), status = "failed", msec = 1, tries = 1, logs = { bytes },
    failure = {
      text = bytes .. "\n" .. bytes, story = { bytes }, traceback = bytes,
      kind = bytes, file = bytes, line = 2,
    },
  }
end

M.hostile = M.all_of(M.HOSTILE)

local all = { M.passed, M.failed, M.skipped, M.flaky }

local function count(results, status)
  local found = 0
  for _, result in ipairs(results) do
    if result.status == status then found = found + 1 end
  end
  return found
end

-- Tells an output of a run in which these were the results, and `not_run` more were to be.
function M.play(output, results, not_run)
  local function tell(event, what)
    if output[event] then output[event](output, what) end
  end
  local uri = "ws://ann:pw@host/socket?key=1"
  tell("begun", { count = #results + (not_run or 0), seed = 42, jobs = 2, uri = uri })
  for _, result in ipairs(results) do
    tell("started", result.case)
    tell("ended", result)
  end
  tell("finished", {
    passed = count(results, "passed"), failed = count(results, "failed"), skipped = count(results, "skipped"),
    not_run = not_run or 0, msec = 6321, seed = 42, results = results,
  })
end

-- What an output of that format writes. `options` are the output's, and: results, not_run.
function M.tell(format, options)
  options = options or {}
  local parts = {}
  local function write(text) parts[#parts + 1] = text end
  local output = require("slipstream.scenario.output." .. format).new(write, {
    is_terminal = options.is_terminal, color = options.color, unicode = options.unicode, now = 1700000000,
  })
  M.play(output, options.results or all, options.not_run)
  return table.concat(parts), parts
end

return M
