-- Connections that join: --set dials=N at a time, --set count=N in all. With `churn` each leaves
-- and closes before the next one comes.

local bench = require "bench"
local slipstream = require "slipstream"

local args = ...
local run = bench.new(bench.number(args, "count"))
local is_churn = args.workload == "churn"
local Client

local function start_next()
  if run:wants_more() then slipstream.start(Client, args) end
end

local function settle()
  run:settle()
  start_next()
end

if is_churn then
  Client = bench.client(function(socket) socket:leave(bench.TOPIC) end)
  function Client:handle_leave() self:disconnect() end
  function Client.handle_disconnect()
    settle()
    return "stop", "normal"
  end
else
  Client = bench.client(settle)
end

run:start()
for _ = 1, bench.number(args, "dials") do start_next() end
