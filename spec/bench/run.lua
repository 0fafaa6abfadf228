-- Runs clients of the bench against floor servers and collects the figures that they print.

local programs = require "programs"

local M = {}

local SECONDS = 120

-- In the foreground, so that Ctrl-C ends what runs, too.
local function open(seconds, command)
  return assert(io.popen(("exec timeout --foreground %d %s"):format(seconds, command)))
end

local function start_server(command, seconds)
  local pipe = open(seconds, command)
  local line = pipe:read "l" or programs.fail "the floor server did not start"
  local port, process = line:match "^(%d+) (%d+)$"
  return { pipe = pipe, port = port, process = process }
end

local function stop(server)
  os.execute("kill " .. server.process)
  server.pipe:close()
end

--- What `command` prints; its PORT1 and PORT2 become those of floor servers as `what` needs them. Each run
--- has servers of its own: they listen on other ports, so that the closed connections of the run before do
--- not stand in the way.
function M.once(command, what, seconds)
  local servers = {}
  for at = 1, programs.servers_of(what) do
    servers[at] = start_server(programs.server(what), seconds + 10)
    command = command:gsub("PORT" .. at, servers[at].port)
  end
  local client <close> = open(seconds, command)
  local text = client:read "a"
  for _, server in ipairs(servers) do stop(server) end
  return text
end

-- A line has microseconds, and words NAME=NUMBER; where several clients print one each, their rates add up.
-- Nothing for a run that broke off.
local function read_figures(text)
  local figures
  for us, words in text:gmatch "([%d.]+)([^\n]*)\n" do
    local rate = figures and figures.rate or 0
    figures = { us = tonumber(us) }
    for name, number in words:gmatch "(%a[%w_]*)=([%d.]+)" do figures[name] = tonumber(number) end
    if figures.rate then figures.rate = figures.rate + rate end
  end
  return figures
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

-- Of each figure that the first run has.
local function medians(all)
  local found = {}
  for name in pairs(all[1]) do
    local numbers = {}
    for at, figures in ipairs(all) do numbers[at] = figures[name] end
    found[name] = median(numbers)
  end
  return found
end

--- The medians of what each side prints, over so many `runs` in turns; nil for a side that failed. A side has
--- a `command`, and what it runs, as in a row.
function M.compare(sides, runs)
  local lists, found = {}, {}
  for name in pairs(sides) do lists[name] = {} end
  for turn = 1, runs do
    for name, side in pairs(sides) do
      local list = lists[name]
      if #list == turn - 1 then list[turn] = read_figures(M.once(side.command, side.what, SECONDS)) end
    end
  end
  for name, list in pairs(lists) do found[name] = #list == runs and medians(list) or nil end
  return found
end

return M
