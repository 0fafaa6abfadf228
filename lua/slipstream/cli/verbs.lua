--- Verbs: what a program that runs does when it is asked by its control socket. The lead is asked, and asks
-- its workers, see slipstream.cli.facts; who does not answer in time is told of as such.

local errand = require "slipstream.cli.errand"
local log = require "slipstream.log"
local nearest = require "slipstream.nearest"
local reload = require "slipstream.reload"
local status = require "slipstream.cli.status"
local team = require "slipstream.team"

local M = {}

-- What a worker has to tell it has at hand; code from elsewhere may take longer.
local SIGTERM_CODE = 143
local ASK_MSEC, EVAL_MSEC = 2000, 5000

-- Each answers with a value, or nil and why there is none; it may wait.
---@type table<string, fun(lead: slipstream.cli.Lead, request: table): any, string?>
local verbs = {}

function verbs.status(lead)
  return status.new(lead, team.ask_all("facts", nil, ASK_MSEC))
end

function verbs.stop(lead)
  lead.stop(SIGTERM_CODE)
  return "stopping"
end

function verbs.drain(lead)
  lead.drain()
  return "draining"
end

verbs["log-level"] = function(lead, request)
  local ok, text = log.set_level(request.level)
  if not ok then return nil, text end
  lead.options.log = request.level -- a worker that is started again begins with them
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

function verbs.reload(_, request)
  local name = request.module
  if name ~= nil and type(name) ~= "string" then return nil, "reload: module: a string expected" end
  return reload.all(name and { name })
end

local function unknown(verb)
  return ("no such verb: %s%s"):format(verb, nearest.hint(verb, verbs))
end

local function carry_out(lead, request)
  local verb = verbs[request.verb]
  if not verb then return nil, unknown(request.verb) end
  return verb(lead, request)
end

--- Does what a request asks for.
---@param lead slipstream.cli.Lead
---@param request table with `verb`
---@param answer fun(value: any, why: string?) called once
function M.carry_out(lead, request, answer)
  return errand.run("control", answer, carry_out, lead, request)
end

return M
