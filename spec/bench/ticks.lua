-- Server pushes to one connection: `ticks` asks once for --set count=N small ones; `large` for one of
-- --set bytes=N, and for the next when it has come.

local bench = require "bench"
local slipstream = require "slipstream"

local args = ...
local run = bench.new(bench.number(args, "count"))
local is_large = args.workload == "large"
local payload = is_large and { bytes = bench.number(args, "bytes") } or { count = run.count }

local function ask(socket)
  assert(socket:push(bench.TOPIC, args.workload, payload))
end

local Client = bench.client(function(socket)
  run:start()
  ask(socket)
end)

function Client:handle_message(_, event, message)
  assert(event == (is_large and "large" or "tick") and message)
  run:settle()
  if is_large then ask(self) end
end

slipstream.start(Client, args)
