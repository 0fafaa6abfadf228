-- Virtual users as `slipstream scenario --vus` has them, each with a socket and a topic, who ask and wait for
-- the reply: --set connections=N --set count=N. `bytes` is what each takes while it waits in its scenario.

local bench = require "bench"
local core = require "slipstream.core"
local shares = require "slipstream.scenario.load.share"
local slipstream = require "slipstream"

local AWAIT_MSEC = 60000

local args = ...
local users = bench.number(args, "connections")
local run = bench.new(bench.number(args, "count"))
local payload, waiting, before = { at = 1 }, {}, nil

-- The first one brings what all share.
local function setup(t)
  t.assigns.socket = t:connect()
  t.assigns.socket:join(bench.TOPIC)
end

-- All begin when the last one has come.
local function gather(go_on)
  waiting[#waiting + 1] = go_on
  before = before or bench.resident()
  if #waiting < users then return end
  run.figures.bytes = (bench.resident() - before) / users
  run:start()
  for _, go in ipairs(waiting) do go() end
end

local function ask(t)
  if t.iteration == 1 then slipstream.await(gather, AWAIT_MSEC) end
  t.assigns.socket:request(bench.TOPIC, "echo", payload)
  run:settle()
end

local case = {
  name = "asks", file = "users.lua", line = 1, tags = {}, timeout = 2 * AWAIT_MSEC, await = AWAIT_MSEC,
  weight = 1, net = false, fn = ask, setups = { setup }, teardowns = {},
}

local function report(_, facts)
  if not facts.lines then return end
  io.stderr:write("bench: ", table.concat(facts.lines, "\n"), "\n")
  os.exit(1)
end

-- The others begin when the first one has long come.
local points = { { at = 0, level = 1 }, { at = 500, level = 1 }, { at = 501, level = users } }

shares.spare_memory()
shares.new({
  plan = { points = points, max_vus = users, graceful_msec = 0 },
  cases = { case }, index = 0, count = 1, host = core.host(), report = report,
  play = { uri = args.uri, config = { heartbeat_interval_msec = 0 } },
}):begin()
