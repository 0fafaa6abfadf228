-- Controlled: programs with a control socket, in the folder of spec.support.program, and those that ask them.
local program = require "spec.support.program"

local M = {}

local SIGTERM_CODE = 143

-- A client that waits, and does what it is told.
M.waiting = [[
  local slipstream = require "slipstream"
  local Client = slipstream.client()
  Client.version = "1.2"
  function Client:init()
    self:send_after(60000, "never")
    print("ready", slipstream.worker.index)
  end
  function Client:handle_info(message)
    print("heard", message)
    while message == "hang" do end
  end
  function Client:terminate(reason) print("terminate", reason) end
  return Client
]]

function M.socket() return program.folder() .. "/control" end

-- Runs the text.
function M.start(text, ...)
  return program.start { "run", program.file "client.lua" (text), "--control", M.socket(), "--log", "warn",
    ... }
end

-- So many that wait, each in a worker of its own.
function M.ready(count, ...)
  local it_runs = M.start(M.waiting, "--clients", tostring(count), "--workers", tostring(count), ...)
  for _ = 1, count do it_runs:read "ready" end
  return it_runs
end

-- Runs `slipstream ctl`; answers its exit code, and itself.
function M.ctl(...)
  return program.run { "ctl", "--control", M.socket(), ... }
end

function M.end_it(it_runs)
  it_runs:signal "sigterm"
  assert(it_runs:exit() == SIGTERM_CODE)
end

return M
