-- Large messages, one after the other: --set bytes=N --set count=N. `large` asks the server for them, `out`
-- pushes them. `beside` does both, and in the same process another client makes round trips with the server
-- at --set other=URI: worst_msec is the longest of them, worst_cpu_msec the most that this process worked
-- during one.

local bench = require "bench"
local slipstream = require "slipstream"
local uv = require "luv"

local args = ...
local bytes = bench.number(args, "bytes")
local run = bench.new(bench.number(args, "count"))
local body = { body = ("x"):rep(bytes) }

-- Nobody replies to "large", so that its time-out must not end the run.
local NO_REPLY = { timeout = 3600000 }

local function ask_in(socket) assert(socket:push(bench.TOPIC, "large", { bytes = bytes }, NO_REPLY)) end
local function ask_out(socket) assert(socket:push(bench.TOPIC, "take", body)) end

local ask = args.workload == "large" and ask_in or ask_out

local function next_one(socket)
  run:settle()
  ask(socket)
end

local Client = bench.client(function(socket)
  if args.workload ~= "beside" then run:start() end
  ask(socket)
end)

function Client:handle_message(_, event, message)
  assert(event == "large" and #message.body == bytes)
  next_one(self)
end

-- The reply to "take"; "large" has none.
function Client:handle_reply(_, status)
  assert(status == "ok")
  if args.workload == "beside" then return ask_in(self) end
  next_one(self)
end

local function start_beside()
  local worst, worst_cpu, asked_at, cpu_at = 0, 0, nil, nil
  local function ask_back(socket)
    asked_at, cpu_at = uv.hrtime(), bench.cpu_now()
    assert(socket:push(bench.TOPIC, "echo", { at = 1 }))
  end
  local Other = bench.client(function(socket)
    run:start()
    ask_back(socket)
    slipstream.start(Client, args)
  end)
  function Other:handle_reply()
    worst = math.max(worst, uv.hrtime() - asked_at)
    worst_cpu = math.max(worst_cpu, bench.cpu_now() - cpu_at)
    ask_back(self)
  end
  function run:at_end()
    self.figures.worst_msec, self.figures.worst_cpu_msec = worst / 1e6, worst_cpu / 1e3
  end
  slipstream.start(Other, { uri = args.other })
end

if args.workload == "beside" then start_beside() else slipstream.start(Client, args) end
