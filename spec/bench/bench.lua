-- What the workloads share: connections with one topic each, and the CPU time of this process between
-- `start` and the last operation. Prints microseconds per operation and further figures, as the floor client.

local slipstream = require "slipstream"
local uv = require "luv"

local M = {}

M.TOPIC = "bench:1"

--- Microseconds, user and system.
function M.cpu_now()
  local usage = uv.getrusage()
  return (usage.utime.sec + usage.stime.sec) * 1e6 + usage.utime.usec + usage.stime.usec
end

--- The bytes of this process; not by statm, see gauge.c.
function M.resident()
  collectgarbage()
  local file <close> = assert(io.open "/proc/self/smaps_rollup")
  return tonumber(file:read("a"):match "Rss:%s+(%d+) kB") * 1024
end

-- Valgrind cannot deliver the watchdog's signal above a large frame, as libuv has, on a stack that has not
-- been that deep before: so it is, once. Each level takes more than a kilobyte.
local function deepen_stack(levels)
  if levels > 0 then string.gsub("x", "x", function() deepen_stack(levels - 1) end) end
end
deepen_stack(60)

local Bench = {}
Bench.__index = Bench

--- Counts operations; at `count` it prints and ends the program. What is put into `figures` is printed, too.
function M.new(count)
  return setmetatable({ count = count, done = 0, asked = 0, figures = {} }, Bench)
end

--- What came before is set-up.
function Bench:start()
  self.wall, self.started = uv.hrtime(), M.cpu_now()
end

--- Whether one more operation is to be asked for.
function Bench:wants_more()
  if self.asked == self.count then return false end
  self.asked = self.asked + 1
  return true
end

--- One operation is done.
function Bench:settle()
  self.done = self.done + 1
  if self.done < self.count then return end
  self:print()
  os.exit(0) -- the time to take down thousands of clients is nobody's
end

function Bench:print()
  local us = (M.cpu_now() - self.started) / self.count
  self.figures.rate = self.count * 1e9 / (uv.hrtime() - self.wall)
  if self.at_end then self:at_end() end
  io.write(("%.3f"):format(us))
  for name, number in pairs(self.figures) do io.write((" %s=%.3f"):format(name, number)) end
  print()
end

--- A client module that connects, joins the topic and calls `joined(socket)`.
function M.client(joined)
  local Client = slipstream.client { restart = "temporary" }
  function Client:init(args)
    assert(self:connect {
      uri = args.uri,
      tls = args.ca_file and { ca_file = args.ca_file },
      heartbeat_interval_msec = 0,
      reconnect_after_msec = { 1 },
      max_message_bytes = 32 << 20,
      max_queue_bytes = 64 << 20,
    })
  end
  function Client:handle_connect() self:join(M.TOPIC) end
  function Client.handle_disconnect(_, reason)
    io.stderr:write("bench: ", tostring(reason), "\n")
    os.exit(1)
  end
  Client.handle_join = joined
  return Client
end

--- The value of `--set name=N`.
function M.number(args, name)
  return assert(math.tointeger(tonumber(args[name])), "--set " .. name .. "=N is missing")
end

-- Idle ones come up `DIALS` at a time, after a first one, which brings what all share.
local DIALS = 256

--- Calls `go` once `--set idle=N` clients are joined at `--set other=URI`; `run.figures.bytes` is then what
--- each of them takes. At once when there is no such setting.
function M.after_idle(args, run, go)
  local idle = math.tointeger(tonumber(args.idle)) or 0
  if idle == 0 then return go() end
  local asked, joined, before = 0, 0, nil
  local idle_args = { uri = args.other, ca_file = args.ca_file }
  local Idle
  local function start_next()
    if asked == idle then return end
    asked = asked + 1
    slipstream.start(Idle, idle_args)
  end
  Idle = M.client(function()
    joined = joined + 1
    start_next()
    if joined < idle then return end
    run.figures.bytes = (M.resident() - before) / idle
    go()
  end)
  local First = M.client(function()
    before = M.resident()
    for _ = 1, math.min(DIALS, idle) do start_next() end
  end)
  slipstream.start(First, idle_args)
end

return M
