--- Families: which metrics there are of a program and of its clients, by what the workers have measured.
-- docs/metrics.md has them all.

local core = require "slipstream.core"
local family = require "slipstream.cli.family"
local uv = require "luv"

local M = {}

-- In seconds. To an answer of the network, and to what the program does between two of them.
local SLOW = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 }
local QUICK = { 0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5 }

---@class slipstream.MetricScene
---@field totals table see slipstream.cli.totals
---@field answers slipstream.Measures[] of the workers that have answered, with their `worker`
---@field up table<integer, boolean> by worker, from 0: whether it has
---@field uptime_seconds number
---@field started_seconds number since 1970
---@field worker_restarts integer? 0 when absent

local one, by = family.one, family.by

local function by_worker(scene, value_of)
  local samples = {}
  for place, answer in ipairs(scene.answers) do
    samples[place] = { value_of(answer), { worker = answer.worker } }
  end
  return samples
end

local function sum(scene, name)
  local count = 0
  for _, answer in ipairs(scene.answers) do count = count + answer.now[name] end
  return count
end

-- What makes them: of what all workers have counted, of what is so at present, of each worker.

local function total(name)
  return function(scene) return one(scene.totals[name]) end
end

local function traffic(name)
  return function(scene) return one(scene.totals.tally[name]) end
end

local function reasons(name)
  return function(scene) return by("reason", scene.totals[name]) end
end

local function timing(name, bounds)
  return function(scene)
    local counts = scene.totals[name]
    return one { histogram = counts.histogram, usec = counts.usec, bounds = bounds }
  end
end

local function present(name)
  return function(scene) return one(sum(scene, name)) end
end

local function of_workers(name)
  return function(scene)
    return by_worker(scene, function(answer) return answer.now[name] end)
  end
end

local function lag_of(answer)
  local histogram = core.histogram()
  assert(histogram:add(answer.lag.histogram))
  return { histogram = histogram, usec = answer.lag.usec, bounds = SLOW }
end

local function unanswered_of(scene)
  local counts = { timeout = scene.totals.timeouts }
  for kind, count in pairs(scene.totals.unanswered) do counts[kind] = count end
  return by("reason", counts)
end

local function states_of(scene)
  local counts = {}
  for _, state in ipairs { "connected", "connecting", "idle" } do counts[state] = sum(scene, state) end
  return by("state", counts)
end

local function sent_of(scene)
  local tally = scene.totals.tally
  return by("kind", {
    push = tally.pushes_out, join = tally.joins_out, leave = tally.leaves_out,
    heartbeat = tally.heartbeats_out,
  })
end

local function bytes_of(scene)
  local tally = scene.totals.tally
  return by("direction", { ["in"] = tally.bytes_in, out = tally.bytes_out })
end

local function up_of(scene)
  local samples = {}
  for index = 0, #scene.up do samples[index + 1] = { scene.up[index] and 1 or 0, { worker = index } } end
  return samples
end

local function cpu_seconds()
  local usage = uv.getrusage()
  return usage.utime.sec + usage.stime.sec + (usage.utime.usec + usage.stime.usec) / 1e6
end

--- Those of a program, whatever it does.
M.program = family.list()

local program = M.program

program:info("slipstream_build", "The program.", function() return { { 1, { version = core.version } } } end)
program:gauge("slipstream_uptime_seconds", "How long the program has been running.",
  function(scene) return one(scene.uptime_seconds) end)
program:gauge("slipstream_worker_up", "Whether a worker has answered.", up_of)
program:counter("slipstream_worker_restarts", "Workers that failed and were started again.",
  function(scene) return one(scene.worker_restarts or 0) end)
program:histogram("slipstream_loop_lag_seconds", "How late a worker came to what was due.",
  function(scene) return by_worker(scene, lag_of) end)
program:gauge("slipstream_lua_memory_bytes", "What a worker's Lua takes.", of_workers "memory_bytes")
program:gauge("process_resident_memory_bytes", "What the program takes.",
  function() return one(math.floor(uv.resident_set_memory())) end)
program:counter("process_cpu_seconds", "CPU time, of all threads, in user and system mode.",
  function() return one(cpu_seconds()) end)
program:gauge("process_start_time_seconds", "When the program was started, since 1970.",
  function(scene) return one(scene.started_seconds) end)

--- Those of its clients.
M.clients = family.list()

local clients = M.clients

clients:gauge("slipstream_clients", "Clients that have not ended.", of_workers "clients")
clients:counter("slipstream_client_restarts", "Clients that ended and were started again.", total "restarts")
clients:counter("slipstream_clients_given_up", "Clients, and supervisors, that failed too often.",
  total "gave_up")
clients:gauge("slipstream_connections", "Connections of clients, by their state.", states_of)
clients:counter("slipstream_connects", "Connections that came about.", traffic "connects")
clients:counter("slipstream_reconnects", "Attempts to connect again, by why the one before ended.",
  reasons "reconnects")
clients:counter("slipstream_disconnects", "Connections, and attempts, that ended, by why.",
  reasons "disconnects")
clients:gauge("slipstream_topics", "Topics that are joined.", present "topics")
clients:counter("slipstream_joins", "Joins that the server said ok to.", total "joins")
clients:counter("slipstream_leaves", "Topics that were left.", total "leaves")
clients:counter("slipstream_topics_closed", "Topics that were refused or ended by themselves, by why.",
  reasons "topics_closed")
clients:counter("slipstream_pushes_unanswered", "Pushes that ended without a reply, by why.", unanswered_of)
clients:histogram("slipstream_reply_seconds", "From a push to its reply, whatever that says.",
  timing("replies", SLOW))
clients:counter("slipstream_messages_received", "Messages that came, replies among them.",
  traffic "messages_in")
clients:counter("slipstream_messages_sent", "Messages that were sent, by kind.", sent_of)
clients:counter("slipstream_bytes", "Bytes of connections, without TLS, by direction.", bytes_of)
clients:gauge("slipstream_queued_bytes", "Bytes that wait to be sent.", present "queued_bytes")
clients:gauge("slipstream_buffered_pushes", "Pushes that wait for their topics.", present "buffered_pushes")
clients:gauge("slipstream_mailbox_entries", "What waits in the mailboxes of clients.",
  present "mailbox_entries")
clients:gauge("slipstream_longest_mailbox_entries", "What waits in the longest one of a worker.",
  of_workers "longest_mailbox")
clients:histogram("slipstream_callback_seconds", "How long callbacks ran, until they returned or waited.",
  timing("slices", QUICK))

return M
