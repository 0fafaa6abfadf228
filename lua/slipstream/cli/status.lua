--- Status: what a program that runs has to tell of itself, from the facts of its workers.

local core = require "slipstream.core"
local keys = require "slipstream.keys"
local log = require "slipstream.log"
local uv = require "luv"

local M = {}

-- In all.

local function add(sum, facts)
  for name, value in pairs(facts) do
    if type(value) == "number" then
      sum[name] = (sum[name] or 0) + value
    elseif name ~= "modules" then
      sum[name] = add(sum[name] or {}, value)
    end
  end
  return sum
end

-- Workers that are not of one mind have more than one version of a file.
local function add_modules(sums, modules)
  for _, module in ipairs(modules) do
    local name = module.file .. "\0" .. (module.version or "")
    local sum = sums[name] or { file = module.file, version = module.version, clients = 0 }
    sum.clients = sum.clients + module.clients
    sums[name] = sum
  end
end

local function in_order(sums)
  local list = setmetatable({}, core.array_mt)
  for _, name in ipairs(keys.sorted(sums)) do list[#list + 1] = sums[name] end
  return list
end

local nothing = {
  bytes_in = 0, bytes_out = 0, messages_in = 0, pushes_out = 0, joins_out = 0, leaves_out = 0,
  heartbeats_out = 0, connects = 0, reconnects = 0, topics = 0, memory_bytes = 0, clients = {},
  rates = { bytes_in = 0, bytes_out = 0, messages_in = 0, pushes_out = 0 },
}

local function sum_up(results)
  local sum, modules = add({}, nothing), {}
  for _, result in ipairs(results) do
    if result.ok then
      add(sum, result.value)
      add_modules(modules, result.value.modules)
    end
  end
  sum.modules = in_order(modules)
  return sum
end

local reasons = {
  timeout = "does not answer", noproc = "does not run", worker_ended = "has ended",
  queue_full = "does not answer",
}

--- Why a worker has nothing to tell.
---@param result { reason: string }
---@return string
function M.fault_of(result)
  return reasons[result.reason] or result.reason
end

local function of_worker(result)
  if not result.ok then return { worker = result.worker, fault = M.fault_of(result) } end
  local facts = result.value
  facts.worker = result.worker
  setmetatable(facts.modules, core.array_mt)
  return facts
end

--- What there is to tell. `all` is the sum of those in `workers` that have answered; the others have a
-- `fault`.
---@param lead slipstream.cli.Lead
---@param results table[] what the workers have answered
---@return table
function M.new(lead, results)
  local status = {
    pid = math.floor(uv.os_getpid()), version = core.version, file = lead.options.file,
    uri = lead.options.uri and log.redact_uri(lead.options.uri),
    uptime_msec = math.floor((uv.hrtime() - lead.began) / 1e6),
    resident_bytes = math.floor(uv.resident_set_memory()),
    all = sum_up(results), workers = {},
  }
  for place, result in ipairs(results) do status.workers[place] = of_worker(result) end
  return status
end

return M
