-- The programs of the bench: builds them, and knows the command of each for a workload.

local M = {}

-- Configured like the preset `release`; SLIP_BUILD names another folder.
local BUILD = os.getenv "SLIP_BUILD" or "build/release"
local FOLDER = BUILD .. "/spec/bench/"
local PEM_FILE = FOLDER .. "server.pem"
local URI = "://127.0.0.1:PORT/socket/websocket"

--- Where the files of a run may lie.
M.folder = FOLDER

-- The workloads that are a case of another one's file.
local files = { large = "ticks", churn = "storm" }

--- Ends the bench with one line that says why.
function M.fail(text)
  io.stderr:write("bench: ", text, "\n")
  os.exit(1)
end

--- Builds what is not up to date, and is silent about it.
function M.build()
  local configure = ("[ -f %s/build.ninja ] || cmake --preset release -B %s"):format(BUILD, BUILD)
  local compile = ("cmake --build %s --target bench"):format(BUILD)
  local told = ('out=$({ %s; } && %s) || { echo "$out" >&2; false; }'):format(configure, compile)
  if not os.execute(told) then M.fail "cannot build" end
end

--- A client for one workload that takes its words as they are, as the floor client does.
function M.peer(program, workload)
  local name, settings = workload:match "^(%S+) ?(.*)$"
  return { command = ("%s %s uri=ws%s %s"):format(program, name, URI, settings) }
end

function M.floor(workload)
  return M.peer(FOLDER .. "floor_client", workload)
end

--- Our program with a file of this folder.
function M.ours(workload, tls)
  local name, settings = workload:match "^(%S+) ?(.*)$"
  settings = ("workload=%s %s"):format(name, settings)
  if tls then settings = settings .. " ca_file=" .. PEM_FILE end
  local command = "%s/slipstream run spec/bench/%s.lua --log error --uri ws%s%s %s"
  return {
    command = command:format(BUILD, files[name] or name, tls and "s" or "", URI,
      (settings:gsub("%S+", "--set %0"))),
    tls = tls,
  }
end

--- The floor server that such a client needs.
function M.server_for(side)
  return FOLDER .. "floor_server" .. (side.tls and " " .. PEM_FILE or "")
end

return M
