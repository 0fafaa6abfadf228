-- Connections that join: --set dials=N at a time, --set count=N in all. With `churn` each leaves and closes
-- before the next one comes; with `reconnect` it is the same `dials` clients that come again. After
-- --set idle=N others. `storm` tells what each takes.

local bench = require "bench"
local slipstream = require "slipstream"

local args = ...
local run = bench.new(bench.number(args, "count"))
local Client

-- Where there are two servers, `storm` takes them in turn.
local uris = { args.uri, args.workload == "storm" and args.other or args.uri }

local function start_next()
  if not run:wants_more() then return end
  slipstream.start(Client, { uri = uris[run.asked % 2 + 1], ca_file = args.ca_file })
end

local ways = {}

function ways.storm()
  Client = bench.client(function()
    run:settle()
    start_next()
  end)
  local before = bench.resident()
  function run:at_end() self.figures.bytes = (bench.resident() - before) / self.count end
end

local function leave(socket) socket:leave(bench.TOPIC) end

function ways.churn()
  Client = bench.client(leave)
  function Client:handle_leave() self:disconnect() end
  function Client.handle_disconnect()
    run:settle()
    start_next()
    return "stop", "normal"
  end
end

function ways.reconnect()
  Client = bench.client(leave)
  function Client:handle_leave() self:disconnect() end
  function Client:handle_disconnect()
    run:settle()
    if run:wants_more() then self:reconnect() end
  end
end

bench.after_idle(args, run, function()
  ways[args.workload]()
  run:start()
  for _ = 1, bench.number(args, "dials") do start_next() end
end)
