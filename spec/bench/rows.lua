-- The rows of the table. Each is a workload: a word and NAME=VALUE words, which the floor client, ours and
-- any peer take alike, and what is said of the figures that a run prints.
--
--   run      the workload
--   client   who is measured: "ours" if nothing is said, or "core", the host library without Lua
--   tls      over TLS; "full": no connection can be resumed
--   workers  with so many, and two servers
--   servers  2: the workload has a second one, at `other`. The kernel looks for a free port in vain for long
--            where thousands of connections go to one server already
--   files    so many it opens
--   against  what the figures are divided by, if not the floor's for the same workload; false: nothing
--   against  what the figures are divided by (the floor's for the same workload if nothing is said), or false
--            (`bar`) or the least that the ratio may be, or where it stands `alone` the figure itself

local ECHO = "echo connections=1 in_flight=1 count=50000"
local WINDOW = "echo connections=1 in_flight=64 count=200000"
local FANOUT = "echo connections=1000 in_flight=1 count=100000"
local CHURN = "churn dials=64 count=5000"
local RECONNECT = "reconnect dials=64 count=2000"
local WORK = "work count=50000"

local rows = {
  { name = "rtt", run = ECHO, judge = { { bar = 1.15 } } },
  { name = "window", run = WINDOW, judge = { { bar = 2.0 } } },
  { name = "window-core", run = WINDOW, client = "core", judge = { { bar = 1.25 } } },
  { name = "fanout", run = FANOUT, judge = { { bar = 1.3 } } },
  { name = "ticks", run = "ticks count=200000", judge = { { bar = 3.0 } } },
  {
    name = "storm", run = "storm dials=256 count=5000",
    judge = { { bar = 1.4 }, { figure = "rate", least = 15000, alone = true } },
  },
  {
    name = "storm-18000", run = "storm dials=256 count=18000", servers = 2, files = 18000,
    judge = { { bar = 1.4 }, { figure = "rate", alone = true }, { figure = "bytes", alone = true } },
  },
  { name = "churn", run = CHURN, judge = { { bar = 1.3 } } },
  {
    name = "churn-18000", run = CHURN .. " idle=18000", servers = 2, files = 18000, against = { run = CHURN },
    judge = { { bar = 1.1 } },
  },
  {
    name = "large-1", run = "large bytes=1048576 count=50",
    judge = { { figure = "mb_per_cpu_sec", least = 0.5 } },
  },
  {
    name = "large-16", run = "large bytes=16777216 count=20",
    judge = { { figure = "mb_per_cpu_sec", least = 0.5 } },
  },
  { name = "out-16", run = "out bytes=16777216 count=8", judge = { { bar = 1.3 } } },
  {
    name = "beside-16", run = "beside bytes=16777216 count=10", servers = 2, against = false,
    judge = {
      { figure = "worst_msec", bar = 20, alone = true },
      { figure = "worst_cpu_msec", alone = true },
    },
  },
  {
    name = "tls-window", run = WINDOW, tls = true, against = { run = WINDOW, client = "floor" },
    judge = { { bar = 1.7 } },
  },
  { name = "tls-churn", run = "churn dials=64 count=1000", tls = "full", judge = { {} } },
  {
    name = "tls-resumed", run = RECONNECT, tls = true, against = { run = RECONNECT, tls = "full" },
    judge = { { bar = 0.6 } },
  },
  {
    name = "tls-idle-1000", run = ECHO .. " idle=1000", tls = true, servers = 2, files = 1000,
    against = false,
    judge = { { figure = "bytes", bar = 21000, alone = true } },
  },
  {
    name = "tls-idle-full-1000", run = ECHO .. " idle=1000", tls = "full", servers = 2, files = 1000,
    against = false,
    judge = { { figure = "bytes", alone = true } },
  },
  {
    name = "users", run = "users connections=1000 count=100000", against = { run = FANOUT, client = "floor" },
    judge = { {} },
  },
  {
    name = "users-10000", run = "users connections=10000 count=100000", files = 10000, against = false,
    judge = { { figure = "bytes", bar = 12000, alone = true } },
  },
  {
    name = "workers", run = WORK, workers = 2, against = { run = WORK, workers = 1 },
    judge = { { figure = "rate", least = 1.7 } },
  },
}

-- At each density: what a client takes, in C and with Lua, and a round trip among them.
for _, count in ipairs { 1, 1000, 10000, 18000 } do
  local among = ("%s idle=%d"):format(ECHO, count)
  local of_few = count == 1 -- a page more or less says nothing
  rows[#rows + 1] = {
    name = "idle-" .. count, run = among, servers = 2, files = count, against = { run = ECHO },
    judge = { { bar = 1.1 }, { figure = "bytes", bar = not of_few and 2000 or nil, alone = true } },
  }
  rows[#rows + 1] = {
    name = "idle-core-" .. count, run = among, client = "core", servers = 2, files = count,
    against = { run = ECHO, client = "core" },
    judge = { { bar = 1.1 }, { figure = "bytes", bar = not of_few and 800 or nil, alone = true } },
  }
end

return rows
