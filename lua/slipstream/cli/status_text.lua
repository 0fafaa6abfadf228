--- Status_text: a status, see slipstream.cli.status, in lines for people.

local show = require "slipstream.show"

local M = {}

local function show_time(msec)
  local seconds = msec // 1000
  if seconds < 60 then return seconds .. " s" end
  if seconds < 3600 then return ("%d min %d s"):format(seconds // 60, seconds % 60) end
  return ("%d h %d min"):format(seconds // 3600, seconds % 3600 // 60)
end

local states = { "connected", "connecting", "idle", "stopping", "restarting", "gave_up" }

local function show_clients(clients)
  local texts, count = {}, 0
  for _, state in ipairs(states) do
    local some = clients[state] or 0
    count = count + some
    if some > 0 then texts[#texts + 1] = ("%d %s"):format(some, (state:gsub("_", " "))) end
  end
  return count == 0 and "none" or ("%d: %s"):format(count, table.concat(texts, ", "))
end

-- `what` goes over the wire as `counter` and `bytes` count it.
local function show_traffic(facts, what, counter, bytes)
  return ("%s %d (%.1f/s), %s (%s/s)"):format(what, facts[counter], facts.rates[counter],
    show.bytes(facts[bytes]), show.bytes(facts.rates[bytes]))
end

local function show_module(module)
  local version = module.version and (" version %s"):format(module.version) or ""
  return ("%s%s: %s"):format(module.file, version, show.count(module.clients, "client"))
end

local function add_facts(lines, title, facts)
  lines[#lines + 1] = facts.fault and ("%s: %s"):format(title, facts.fault) or title
  if facts.fault then return end
  local function row(name, text) lines[#lines + 1] = ("  %-12s%s"):format(name, text) end
  row("clients", show_clients(facts.clients))
  row("topics", ("%d joined"):format(facts.topics))
  row("in", show_traffic(facts, "messages", "messages_in", "bytes_in"))
  row("out", show_traffic(facts, "pushes", "pushes_out", "bytes_out"))
  row("connects", ("%d, %d of them reconnects"):format(facts.connects, facts.reconnects))
  row("Lua memory", show.bytes(facts.memory_bytes))
  for _, module in ipairs(facts.modules) do row("module", show_module(module)) end
end

--- The lines; of one worker that is well there is no more to say than of all.
---@param status table
---@return string
function M.show(status)
  local lines = {
    ("slipstream %s, process %d, up %s, %s resident"):format(status.version, status.pid,
      show_time(status.uptime_msec), show.bytes(status.resident_bytes)),
    "file " .. status.file,
  }
  if status.uri then lines[#lines + 1] = "uri " .. status.uri end
  add_facts(lines, "all", status.all)
  if #status.workers == 1 and not status.workers[1].fault then return table.concat(lines, "\n") end
  for _, facts in ipairs(status.workers) do add_facts(lines, "worker " .. facts.worker, facts) end
  return table.concat(lines, "\n")
end

return M
