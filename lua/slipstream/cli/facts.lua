--- Facts: what a worker tells of itself when it is asked by the lead, see slipstream.cli.verbs: its clients,
-- what they have sent and received, and what they are made of. And what else it does for who controls it.

local core = require "slipstream.core"
local log = require "slipstream.log"
local place_of = require("slipstream.frame").place_of
local show = require "slipstream.show"
local slipstream = require "slipstream"
local team = require "slipstream.team"
local traceback = require "slipstream.traceback"
local uv = require "luv"

local M = {}

-- Rates are those since the last time that somebody asked, but of so long at least.
local LEAST_NSEC = 1000000000

-- Rates.

local counted = { "messages_in", "pushes_out", "bytes_in", "bytes_out" }

local samples = {} -- the one from which on rates are counted, and perhaps one that is too new for that

local function take_sample(tally)
  return { at = uv.hrtime(), tally = tally }
end

-- The sample to compare with one that was just taken.
local function former(now)
  local newest = samples[#samples]
  if now.at - newest.at >= LEAST_NSEC then samples = { newest, now } end
  return samples[1]
end

-- By the second.
local function rates_of(tally)
  local now = take_sample(tally)
  local before = former(now)
  local rates, seconds = {}, math.max(now.at - before.at, 1) / 1e9
  for _, name in ipairs(counted) do rates[name] = (tally[name] - before.tally[name]) / seconds end
  return rates
end

-- Clients.

local function state_of(client)
  local status = client:status()
  if status ~= "running" then return status end
  local connection = client._socket._core
  if not connection or connection:idle() then return "idle" end
  return connection:connected() and "connected" or "connecting"
end

local function count_topics(client)
  local connection = client._socket._core
  return connection and client:status() == "running" and #connection:joined_topics() or 0
end

local function add(counts, key, more)
  counts[key] = (counts[key] or 0) + more
end

-- Where the code of a module is: its file; nil: it has none of the script's.
local function file_of(module)
  local found
  for _, value in pairs(module) do
    local file = place_of(value) and debug.getinfo(value, "S").source:match "^@(.*)"
    if file and (not found or file < found) then found = file end
  end
  return found
end

local function version_of(module)
  local version = rawget(module, "version")
  return version ~= nil and show.shorten(show.text(version)) or nil
end

local function describe(counts)
  local list = {}
  for module, count in pairs(counts) do
    local file = file_of(module)
    if file then list[#list + 1] = { file = file, version = version_of(module), clients = count } end
  end
  return list
end

-- All that a status has of a worker.
local function tell()
  local clients, modules, topics = {}, {}, 0
  for _, client in ipairs(slipstream.clients()) do
    add(clients, state_of(client), 1)
    add(modules, client._module, 1)
    topics = topics + count_topics(client)
  end
  local tally = core.host():tally()
  local facts = {
    clients = clients, topics = topics, modules = describe(modules), rates = rates_of(tally),
    memory_bytes = math.floor(collectgarbage "count" * 1024),
  }
  for name, count in pairs(tally) do facts[name] = count end
  return facts
end

-- Code from elsewhere: its globals are the program's, and it has the module at hand.

local globals = setmetatable({ slipstream = slipstream }, { __index = _G, __newindex = _G })

local function load_code(code)
  local chunk = load("return " .. code, "=eval", "t", globals)
  if chunk then return chunk end
  return load(code, "=eval", "t", globals)
end

local function show_all(values)
  local texts = {}
  for place = 2, values.n do texts[#texts + 1] = show.shorten(show.text(values[place])) end
  return { values = slipstream.array(texts) }
end

-- What it returns, as the log would show it, or why it does not.
local function eval(code)
  local chunk, text = load_code(code)
  if not chunk then return { error = text } end
  local values = table.pack(xpcall(chunk, traceback.catch))
  if values[1] then return show_all(values) end
  return { error = traceback.caught(values[2]).text }
end

--- Answers from now on.
---@param may_eval boolean
function M.begin(may_eval)
  samples = { take_sample(core.host():tally()) }
  team.answer("facts", tell)
  team.answer("log_level", log.set_level)
  if may_eval then team.answer("eval", eval) end
end

return M
