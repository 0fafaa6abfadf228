-- The programs of the bench: builds them, and knows the command of each for a workload.

local M = {}

-- Configured like the preset `release`; SLIP_BUILD names another folder.
local BUILD = os.getenv "SLIP_BUILD" or "build/release"
local FOLDER = BUILD .. "/spec/bench/"
local PEM_FILE = FOLDER .. "server.pem"
local SOCKET = "://127.0.0.1:PORT%s/socket/websocket"

--- Where the files of a run may lie.
M.folder = FOLDER

-- The workloads that are a case of another one's file.
local files = { churn = "storm", reconnect = "storm", out = "large", beside = "large" }

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

-- PORT1 and PORT2 become the ports of servers.
local function uri(what, server)
  return (what.tls and "wss" or "ws") .. SOCKET:format(server)
end

-- The workload's name, and its settings with the second server's URI where there is one.
local function words_of(what)
  local name, settings = what.run:match "^(%S+) ?(.*)$"
  if M.servers_of(what) == 2 then settings = ("%s other=%s"):format(settings, uri(what, 2)) end
  return name, settings
end

--- The command of a program that takes a workload's words as they are; the floor client does.
function M.peer(program, what)
  local name, settings = words_of(what)
  return ("%s %s uri=%s %s"):format(program, name, uri(what, 1), settings)
end

local clients = {}

function clients.floor(what)
  return M.peer(FOLDER .. "floor_client", what)
end

function clients.core(what)
  return M.peer(FOLDER .. "core_client", what)
end

-- Our program with a file of this folder.
function clients.ours(what)
  local name, settings = words_of(what)
  settings = ("workload=%s %s"):format(name, settings)
  if what.tls then settings = settings .. " ca_file=" .. PEM_FILE end
  local command = "%s/slipstream run spec/bench/%s.lua --log error --uri %s %s"
  command = command:format(BUILD, files[name] or name, uri(what, 1), (settings:gsub("%S+", "--set %0")))
  return what.workers and ("%s --clients 2 --workers %d"):format(command, what.workers) or command
end

--- What to run for a row, or for what it is measured against.
function M.command(what)
  return clients[what.client or "ours"](what)
end

function M.servers_of(what)
  return (what.servers or what.workers) and 2 or 1
end

--- The floor server that it needs.
function M.server(what)
  local server = FOLDER .. "floor_server"
  if not what.tls then return server end
  return ("%s %s %s"):format(server, PEM_FILE, what.tls == "full" and "full" or "")
end

local function file_limit()
  local pipe <close> = assert(io.popen "ulimit -n")
  return tonumber(pipe:read "l") or math.huge -- or "unlimited"
end

--- Why the row cannot be measured here; nil when it can.
function M.obstacle(row)
  if (row.files or 0) + 100 > file_limit() then
    return "skipped: ulimit -n is too low"
  elseif row.workers and not os.execute(BUILD .. "/slipstream run --help | grep -q -e --workers") then
    return "skipped: the program has no --workers"
  end
end

return M
