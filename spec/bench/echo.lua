-- Pushes that are answered with a reply: --set connections=N --set in_flight=N --set count=N
-- With --set idle=N so many more are joined but idle meanwhile; first prints the bytes that each takes.

local bench = require "bench"
local slipstream = require "slipstream"

local args = ...
local connections, in_flight = bench.number(args, "connections"), bench.number(args, "in_flight")
local idle = math.tointeger(args.idle) or 0
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

local function start_active()
  for _ = 1, connections do slipstream.start(Client, args) end
end

local function resident_bytes()
  local file <close> = assert(io.open "/proc/self/statm")
  return tonumber(file:read("a"):match "^%d+ (%d+)") * 4096
end

-- Idle ones come up `DIALS` at a time, after a first one, which brings what all share.
local DIALS = 256
local function start_idle()
  local asked, joined, before = 0, 0, nil
  local Idle
  local function start_next()
    if asked == idle then return end
    asked = asked + 1
    slipstream.start(Idle, args)
  end
  Idle = bench.client(function()
    joined = joined + 1
    start_next()
    if joined < idle then return end
    collectgarbage()
    print(("%.0f"):format((resident_bytes() - before) / idle))
    start_active()
  end)
  local First = bench.client(function()
    collectgarbage()
    before = resident_bytes()
    for _ = 1, math.min(DIALS, idle) do start_next() end
  end)
  slipstream.start(First, args)
end

if idle > 0 then start_idle() else start_active() end
