--- Verbs: what a program that runs does when it is asked by its control socket. The lead is asked, and asks
-- its workers, see slipstream.cli.facts; who does not answer in time is told of as such.

local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local log = require "slipstream.log"
local nearest = require "slipstream.nearest"
local status = require "slipstream.cli.status"
local team = require "slipstream.team"

local M = {}

-- What a worker has to tell it has at hand; code from elsewhere may take longer.
local ASK_MSEC, EVAL_MSEC = 2000, 5000

-- Each answers with a value, or nil and why there is none; it may wait.
---@type table<string, fun(lead: slipstream.cli.Lead, request: table): any, string?>
local verbs = {}

function verbs.status(lead)
  return status.new(lead, team.ask_all("facts", nil, ASK_MSEC))
end

function verbs.stop(lead)
  lead.stop()
  return "stopping"
end

function verbs.drain(lead)
  lead.drain()
  return "draining"
end

verbs["log-level"] = function(_, request)
  local ok, text = log.set_level(request.level)
  if not ok then return nil, text end
  return { workers = team.ask_all("log_level", request.level, ASK_MSEC) }
end

function verbs.eval(lead, request)
  if not lead.options.allow_eval then
    return nil, "eval is not allowed; start the program with --allow-eval"
  elseif type(request.code) ~= "string" then
    return nil, "eval: code: a string expected"
  end
  return { workers = team.ask_all("eval", request.code, EVAL_MSEC) }
end

local function unknown(verb)
  local guess = nearest.find(verb, verbs)
  return ("no such verb: %s%s"):format(verb, guess and (", did you mean %s?"):format(guess) or "")
end

local function carry_out(lead, request)
  local verb = verbs[request.verb]
  if not verb then return nil, unknown(request.verb) end
  return verb(lead, request)
end

-- An owner of a fiber, see slipstream.fiber.
local function new_owner(answer)
  return { answer = answer, _host = core.host(), _client = { name = "control" },
    _fiber = false, _done = false, _alarm = false }
end

local function finished(owner, state, value, why)
  if state == "waiting" then return end
  if state == "done" then return owner.answer(value, why) end
  log.error(value.text, { traceback = value.traceback })
  return owner.answer(nil, value.text)
end

---@class slipstream.cli.Lead
---@field options table of the command
---@field began integer uv.hrtime()
---@field stop fun() as a signal does
---@field drain fun()

--- Does what a request asks for.
---@param lead slipstream.cli.Lead
---@param request table with `verb`
---@param answer fun(value: any, why: string?) called once
function M.carry_out(lead, request, answer)
  return fiber.run(new_owner(answer), finished, carry_out, lead, request)
end

return M
