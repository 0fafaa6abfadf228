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

-- Rates are those of the last seconds, so many of them.
local SAMPLE_MSEC, MOST_SAMPLES = 1000, 10

-- Rates.

local counted = { "messages_in", "pushes_out", "bytes_in", "bytes_out" }

local samples = {}

local function take_sample()
  local sample = core.host():tally()
  sample.at = uv.hrtime()
  return sample
end

local function keep_sample()
  samples[#samples + 1] = take_sample()
  if #samples > MOST_SAMPLES then table.remove(samples, 1) end
end

-- A second's worth since the oldest sample.
local function rates_since(then_, now)
  local rates, seconds = {}, (now.at - then_.at) / 1e9
  for _, name in ipairs(counted) do
    rates[name] = seconds > 0 and (now[name] - then_[name]) / seconds or 0
  end
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
  local facts = take_sample()
  local clients, modules, topics = {}, {}, 0
  for _, client in ipairs(slipstream.clients()) do
    add(clients, state_of(client), 1)
    add(modules, client._module, 1)
    topics = topics + count_topics(client)
  end
  facts.rates, facts.at = rates_since(samples[1], facts), nil
  facts.clients, facts.topics, facts.modules = clients, topics, describe(modules)
  facts.memory_bytes = math.floor(collectgarbage "count" * 1024)
  return facts
end

-- Code from elsewhere.

local function load_code(code)
  local chunk = load("return " .. code, "=eval", "t")
  if chunk then return chunk end
  return load(code, "=eval", "t")
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
  keep_sample()
  local timer = uv.new_timer()
  timer:start(SAMPLE_MSEC, SAMPLE_MSEC, keep_sample)
  timer:unref() -- it is no reason to go on
  team.answer("facts", tell)
  team.answer("log_level", log.set_level)
  if may_eval then team.answer("eval", eval) end
end

return M
