-- Reloads under live connections: `count` clients (10000), to which a server pushes 1,000 times a second, are
-- moved to new code again and again, by a module with a code_change. After a release build:
--
--   ulimit -n $(ulimit -Hn)
--   LUA_PATH='lua/?.lua;lua/?/init.lua;?.lua;;' LUA_CPATH='build/release/lua/?.so;;' \
--     lua5.4 spec/bench/reload.lua [count [reloads]]
--
-- SLIPSTREAM_BIN is the program that serves (build/release/slipstream).

local slipstream = require "slipstream"
local state = require "spec.bench.reload_state"
local uv = require "luv"

local COUNT = math.tointeger(tonumber(arg[1] or 10000))
local RELOADS = math.tointeger(tonumber(arg[2] or 20))
local PAUSE_MSEC = math.max(5, math.min(500, 10000 // RELOADS))
local BOT = "spec.bench.reload_bot"

local function wait(msec) slipstream.await(function() end, msec) end

local function wait_until(is_so)
  while not is_so() do wait(20) end
end

-- The server, which says on which port it listens.
local function serve()
  local pipe = uv.new_pipe()
  local process = assert(uv.spawn(os.getenv "SLIPSTREAM_BIN" or "build/release/slipstream", {
    args = { "serve", "spec/bench/reload_app.lua", "--port", "0" }, stdio = { nil, pipe, 2 },
  }, function() end))
  local line = slipstream.await(function(go_on) pipe:read_start(function(_, text) go_on(text) end) end)
  pipe:close()
  return process, assert(line and line:match "(ws://%S+)", "the server does not start")
end

local function open_files()
  local count = 0
  for _ in uv.fs_scandir_next, assert(uv.fs_scandir "/proc/self/fd") do count = count + 1 end
  return count
end

local function memory()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

-- Lua's own table of strings doubles when there are more than ever, by 128 KiB with so many clients, and the
-- messages alone may bring that about: it has done so before anything is measured.
local function have_strings()
  local list = {}
  for place = 1, 2 * COUNT do list[place] = "string " .. place end
  assert(#list == 2 * COUNT) -- all of them at once
end

-- The time that it took, and what this process had of it: on a busy machine that is less.
local function reload()
  local began = os.clock()
  local summary = assert(slipstream.reload(BOT))
  assert(summary.clients == COUNT and summary.later == 0)
  return summary.msec, (os.clock() - began) * 1000
end

local function print_times(name, times)
  table.sort(times)
  print(("%s: %.1f msec (median of %d), %.1f at worst"):format(name, times[(#times + 1) // 2], #times,
    times[#times]))
end

local function settle()
  for _, client in ipairs(slipstream.clients()) do client:send "settle" end
  wait_until(function() return state.settled == COUNT end)
end

local function measure()
  reload() -- once code_change has run, assigns have a field more
  local times, cpu_times = {}, {}
  for place = 1, RELOADS do times[place], cpu_times[place] = 0, 0 end
  have_strings()
  local before, files = memory(), open_files()
  for place = 1, RELOADS do
    wait(PAUSE_MSEC)
    times[place], cpu_times[place] = reload()
  end
  local grown, opened = memory() - before, open_files() - files
  settle()
  print_times(("swap of %d clients"):format(COUNT), times)
  print_times("  CPU", cpu_times)
  print(("received %d, lost or doubled %d, by old code %d, connections dropped %d"):format(state.received,
    state.wrong, state.stale, state.dropped))
  print(("memory %+.1f KiB, open files %+d"):format(grown, opened))
end

slipstream.log.set_level "warn"
slipstream.run(function()
  local process, uri = serve()
  for _ = 1, COUNT do slipstream.start(require(BOT), uri) end
  wait_until(function() return state.joined == COUNT end)
  measure()
  process:kill "sigkill"
  os.exit(0) -- the time to take down thousands of clients is nobody's
end)
