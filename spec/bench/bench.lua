-- What the workloads share: connections with one topic each, and the CPU time of this process between
-- `start` and the last operation. Prints microseconds per operation, as the floor client does.

local slipstream = require "slipstream"
local uv = require "luv"

local M = {}

M.TOPIC = "bench:1"

local function cpu_now()
  local usage = uv.getrusage()
  return (usage.utime.sec + usage.stime.sec) * 1e6 + usage.utime.usec + usage.stime.usec
end

-- Valgrind cannot deliver the watchdog's signal above a large frame, as libuv has, on a stack that has not
-- been that deep before: so it is, once. Each level takes more than a kilobyte.
local function deepen_stack(levels)
  if levels > 0 then string.gsub("x", "x", function() deepen_stack(levels - 1) end) end
end
deepen_stack(60)

local Bench = {}
Bench.__index = Bench

--- Counts operations; at `count` it prints and ends the program.
function M.new(count)
  return setmetatable({ count = count, done = 0, asked = 0 }, Bench)
end

--- What came before is set-up.
function Bench:start()
  self.started = cpu_now()
end

--- Whether one more operation is to be asked for.
function Bench:wants_more()
  if self.asked == self.count then return false end
  self.asked = self.asked + 1
  return true
end

--- One operation is done.
function Bench:settle()
  self.done = self.done + 1
  if self.done < self.count then return end
  print(("%.3f"):format((cpu_now() - self.started) / self.count))
  os.exit(0) -- the time to take down thousands of clients is nobody's
end

--- A client module that connects, joins the topic and calls `joined(socket)`.
function M.client(joined)
  local Client = slipstream.client { restart = "temporary" }
  function Client:init(args)
    assert(self:connect {
      uri = args.uri,
      tls = args.ca_file and { ca_file = args.ca_file },
      heartbeat_interval_msec = 0,
      max_message_bytes = 32 << 20,
    })
  end
  function Client:handle_connect() self:join(M.TOPIC) end
  function Client.handle_disconnect(_, reason)
    io.stderr:write("bench: ", tostring(reason), "\n")
    os.exit(1)
  end
  Client.handle_join = joined
  return Client
end

--- The value of `--set name=N`.
function M.number(args, name)
  return assert(math.tointeger(tonumber(args[name])), "--set " .. name .. "=N is missing")
end

return M
