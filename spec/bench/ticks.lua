-- Server pushes to one connection: --set event=ticks|large --set size=N --set count=N. "ticks" asks once for
-- `size` small ones, "large" for one of `size` bytes, and for the next when it has come.

local bench = require "bench"
local slipstream = require "slipstream"

local args = ...
local size = bench.number(args, "size")
local run = bench.new(bench.number(args, "count"))
local is_large = args.event == "large"

local function ask(socket)
  assert(socket:push(bench.TOPIC, args.event, { [is_large and "bytes" or "count"] = size }))
end

local Client = bench.client(function(socket)
  run:start()
  ask(socket)
end)

function Client:handle_message(_, event, payload)
  assert(event == (is_large and "large" or "tick") and payload)
  run:settle()
  if is_large then ask(self) end
end

slipstream.start(Client, args)
