-- Pushes that are answered with a reply: --set connections=N --set in_flight=N --set count=N
-- With --set idle=N so many more are joined but idle meanwhile.

local bench = require "bench"
local slipstream = require "slipstream"

local args = ...
local connections, in_flight = bench.number(args, "connections"), bench.number(args, "in_flight")
local run = bench.new(bench.number(args, "count"))
local payload = { at = 1 }
local clients = {}

local function ask(socket)
  if run:wants_more() then assert(socket:push(bench.TOPIC, "echo", payload)) end
end

local function start()
  run:start()
  for _, socket in ipairs(clients) do
    for _ = 1, in_flight do ask(socket) end
  end
end

local Client = bench.client(function(socket)
  clients[#clients + 1] = socket
  if #clients == connections then start() end
end)

function Client:handle_reply(_, status)
  assert(status == "ok")
  run:settle()
  ask(self)
end

bench.after_idle(args, run, function()
  for _ = 1, connections do slipstream.start(Client, args) end
end)
