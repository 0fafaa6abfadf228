-- Runs clients of the bench against floor servers and collects the figures that they print.

local programs = require "programs"

local M = {}

-- In the foreground, so that Ctrl-C ends what runs, too.
local function open(seconds, command)
  return assert(io.popen(("exec timeout --foreground %d %s"):format(seconds, command)))
end

--- What the command of `side` prints, whose PORT becomes that of a floor server. Each run has a server of its
--- own: it listens on another port, so that the closed connections of the run before do not stand in the way.
function M.once(side, seconds)
  local server <close> = open(seconds + 10, programs.server_for(side))
  local port, process = (server:read "l" or programs.fail "the floor server did not start")
    :match "^(%d+) (%d+)$"
  local client <close> = open(seconds, (side.command:gsub("PORT", port)))
  local text = client:read "a"
  os.execute("kill " .. process)
  return text
end

-- One line: microseconds, and words NAME=NUMBER. Nothing for what a run prints that broke off.
local function read_figures(text)
  local us, words = text:match "^%s*([%d.]+)([^\n]*)"
  if not us then return end
  local figures = { us = tonumber(us) }
  for name, number in words:gmatch "(%a[%w_]*)=([%d.]+)" do figures[name] = tonumber(number) end
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

--- The medians of what each side prints, over so many `runs` in turns: by figure, false for one that failed.
function M.compare(sides, runs)
  local lists, found = {}, {}
  for at in ipairs(sides) do lists[at] = {} end
  for turn = 1, runs do
    for at, side in ipairs(sides) do
      local list = lists[at]
      if #list == turn - 1 then list[turn] = read_figures(M.once(side, 120)) end
    end
  end
  for at, list in ipairs(lists) do found[at] = #list == runs and medians(list) end
  return found
end

return M
