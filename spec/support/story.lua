-- Story: client modules out of a few callbacks, and scripts that wait, on a pretended host.
local script = require "slipstream.script"
local slipstream = require "slipstream"

local M = {}

-- A module with these callbacks, whose clients are not started again unless the options say so.
function M.module(callbacks, options)
  local module = slipstream.client(options or { restart = "temporary" })
  for name, fn in pairs(callbacks) do module[name] = fn end
  return module
end

-- Starts a client of such a module.
function M.start(host, callbacks, options)
  options = options or {}
  options.host = host
  return assert(slipstream.start(M.module(callbacks), nil, options))
end

-- Runs `fn(…)` as a script that may wait. What it answered appears in the list `answer`, with their number
-- as `n`; its error as `err`.
function M.ask(host, fn, ...)
  local answer = {}
  local function note(ok, ...)
    if not ok then answer.err = ... end
    if ok then table.move({ ... }, 1, select("#", ...), 1, answer) end
    answer.n = select("#", ...)
  end
  script.begin({ host = host }, function(...) note(pcall(fn, ...)) end, ...)
  return answer
end

-- Waits so many msec, for nothing in particular.
function M.pause(msec) slipstream.await(function() end, msec) end

-- A function that notes the last value it was called with, and the list of the notes.
function M.notes()
  local list = {}
  return list, function(_, value) list[#list + 1] = value end
end

return M
