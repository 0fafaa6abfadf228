-- A client that is limited by the CPU, for --workers: it works at each reply. --clients starts several, --set
-- count=N replies for each; every other one talks to the server at --set other=URI. Each prints its rate.

local bench = require "bench"

local IN_FLIGHT, ROUNDS = 64, 2000

local function ask(socket) assert(socket:push(bench.TOPIC, "echo", { at = 1 })) end

local Client = bench.client(function(socket)
  socket.assigns.run:start()
  for _ = 1, IN_FLIGHT do ask(socket) end
end)

local connect = Client.init

function Client:init(args)
  self:assign("run", bench.new(bench.number(args, "count")))
  connect(self, args.index % 2 == 0 and args or { uri = args.other })
end

local function work()
  local sum = 0
  for round = 1, ROUNDS do sum = sum + round % 7 end
  return sum
end

function Client:handle_reply()
  work()
  local run = self.assigns.run
  run.done = run.done + 1
  if run.done < run.count then return ask(self) end
  if run.done == run.count then run:print() end
  return "stop", "normal"
end

return Client
