-- Daemon: a program that serves, and that takes no port 0.
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local raw_server = require "spec.support.raw_server"

local M = {}

local DEADLINE_MSEC = 15000 -- nginx tries a port that is taken for 2.5 s, on a quiet machine
local TRIES = 5

local function said(run) return run:output() .. run:errors() end

-- Starts the program at `path`; answers it when it has said `ready`, or has ended: it has a `code` then.
function M.start(path, arguments, ready)
  local run = program.start(arguments, { path = path })
  local function is_decided() return run.code or said(run):find(ready, 1, true) end
  assert(loop.wait(is_decided, DEADLINE_MSEC), path .. " does not get ready")
  return run
end

-- The same on a port that was free a moment ago, and on another one when it has been taken since;
-- `arguments_for(port)` are the program's. Answers the port, too.
function M.start_on_free_port(path, arguments_for, ready)
  local run
  for _ = 1, TRIES do
    local port = raw_server.free_port()
    run = M.start(path, arguments_for(port), ready)
    if not run.code then return run, port end
  end
  run:exit()
  error(("%s does not run; it said:\n%s"):format(path, said(run)), 2)
end

return M
