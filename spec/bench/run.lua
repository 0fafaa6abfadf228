-- Runs a client of the bench against a floor server and collects the numbers that it prints.

local M = {}

local RUNS = 3

--- Ends the bench with one line that says why.
function M.fail(text)
  io.stderr:write("bench: ", text, "\n")
  os.exit(1)
end

-- PROGRAM, FLOOR_SERVER and FLOOR_CLIENT to run, and PEM_FILE with a certificate for 127.0.0.1 and its key.
if #arg ~= 4 then M.fail "usage: table.lua PROGRAM FLOOR_SERVER FLOOR_CLIENT PEM_FILE" end
for _, path in ipairs(arg) do
  local file = io.open(path) or M.fail(path .. " is missing; scripts/bench makes it")
  file:close()
end
local program, floor_server, floor_client, pem_file = table.unpack(arg)

--- The floor client with these arguments.
function M.floor(arguments)
  return { command = ("%s PORT %s"):format(floor_client, arguments) }
end

--- Our program with a file of spec/bench and what it is to be set to: "echo.lua count=1".
function M.ours(settings)
  local file, pairs_given = settings:match "^(%S+) (.*)$"
  local command = "%s run spec/bench/%s --log error --uri ws://127.0.0.1:PORT/socket/websocket %s"
  return { command = command:format(program, file, pairs_given:gsub("%S+", "--set %0")) }
end

--- The same over TLS.
function M.ours_by_tls(settings)
  local command = M.ours(settings .. " ca_file=" .. pem_file).command
  return { command = command:gsub("ws://", "wss://"), pem_file = pem_file }
end

-- In the foreground, so that Ctrl-C ends what runs, too.
local function open(seconds, command)
  return assert(io.popen(("exec timeout --foreground %d %s"):format(seconds, command)))
end

-- A server for each run: it listens on a port of its own, so that the closed connections of the run before
-- do not stand in the way of new ones.
local function run(what)
  local server <close> = open(120, floor_server .. " " .. (what.pem_file or ""))
  local port, process = (server:read "l" or M.fail "the floor server did not start"):match "^(%d+) (%d+)$"
  local client <close> = open(60, (what.command:gsub("PORT", port)))
  local text = client:read "a"
  os.execute("kill " .. process)
  return text
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

-- A run that breaks off says why on stderr and prints too little: then there is no median.
local function medians(texts, count)
  local columns = {}
  for column = 1, count do columns[column] = {} end
  for _, text in ipairs(texts) do
    local column = 0
    for number in text:gmatch "%S+" do
      column = column + 1
      table.insert(columns[column], tonumber(number))
    end
    if column < count then return end
  end
  for column = 1, count do columns[column] = median(columns[column]) end
  return table.unpack(columns)
end

--- The medians of the `count` numbers that each run prints; nothing when one failed.
function M.measure(what, count)
  local texts = {}
  for turn = 1, RUNS do texts[turn] = run(what) end
  return medians(texts, count)
end

--- The medians of what both print, one number each, run in turns.
function M.compare(one, other)
  local texts, others = {}, {}
  for turn = 1, RUNS do texts[turn], others[turn] = run(one), run(other) end
  return medians(texts, 1), medians(others, 1)
end

return M
