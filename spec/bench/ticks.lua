-- Small server pushes to one connection: --set count=N.

local bench = require "bench"
local slipstream = require "slipstream"

local args = ...
local run = bench.new(bench.number(args, "count"))

local Client = bench.client(function(socket)
  run:start()
  assert(socket:push(bench.TOPIC, "ticks", { count = run.count }))
end)

function Client.handle_message(_, _, event, payload)
  assert(event == "tick" and payload)
  run:settle()
end

slipstream.start(Client, args)
