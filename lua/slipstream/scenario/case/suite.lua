--- Suites: what a file of scenarios tells of while it is loaded.

local check = require "slipstream.check"
local traceback = require "slipstream.traceback"

local M = {}

local TIMEOUT_MSEC, AWAIT_MSEC = 30000, 5000

---@class slipstream.scenario.Case
---@field name string
---@field file string
---@field line integer
---@field tags string[]
---@field timeout integer msec for all of it
---@field await integer msec for each verb
---@field retry integer?
---@field weight integer under load, how many users play it to one of weight 1
---@field net boolean
---@field fn fun(t: slipstream.scenario.Context, row: any)
---@field row any
---@field setups function[] those of its file
---@field teardowns function[] the last one that was defined is the first

---@class slipstream.scenario.Defaults
---@field args table? what files get as `...`
---@field timeout integer? msec, of scenarios that have none of their own

---@class slipstream.scenario.Suite
---@field timeout integer
---@field cases slipstream.scenario.Case[]
---@field setups function[]
---@field teardowns function[]
local Suite = {}
Suite.__index = Suite

local known = {
  tags = "table", timeout = "number", await = "number", retry = "number", net = "boolean", weight = "number",
}

local MOST_WEIGHT = 1000

-- A set of them would tag nothing.
local function check_tags(position, tags)
  for key, tag in pairs(tags) do
    if math.type(key) ~= "integer" or type(tag) ~= "string" then
      local words = "tags: a list of strings expected, got %s = %s in it"
      check.fail(position, words:format(tostring(key), tostring(tag)))
    end
  end
end

local function check_weight(position, weight)
  local whole = check.whole(weight)
  if whole and whole >= 1 and whole <= MOST_WEIGHT then return end
  local words = "weight: an integer from 1 to %d expected, got %s"
  check.fail(position, words:format(MOST_WEIGHT, tostring(weight)))
end

--- Checks options.
---@param position integer the argument that they are
---@param options any
---@return table? options
function M.read_options(position, options)
  check.are_options(position, options, known)
  if options then
    check.is_msec_option(position, options, "timeout")
    check.is_msec_option(position, options, "await")
    if options.weight then check_weight(position, options.weight) end
    if options.tags then check_tags(position, options.tags) end
  end
  return options
end

--- Adds a scenario.
---@param name string
---@param options table?
---@param fn function
---@param row any
function Suite:add(name, options, fn, row)
  options = options or {}
  table.insert(self.cases, {
    name = name, file = self.file, line = debug.getinfo(fn, "S").linedefined, fn = fn, row = row,
    tags = options.tags or {}, timeout = options.timeout or self.timeout, await = options.await or AWAIT_MSEC,
    retry = options.retry, net = options.net or false, weight = options.weight or 1,
    setups = self.setups, teardowns = self.teardowns,
  })
end

local current = false

--- That of the file which is being loaded; raises when there is none.
---@return slipstream.scenario.Suite
function M.current()
  return current or check.misuse "defines scenarios: run this file by `slipstream scenario`"
end

--- Runs a file.
---@param file string its path
---@param chunk function
---@param defaults slipstream.scenario.Defaults
---@return slipstream.scenario.Suite? suite, slipstream.Caught? caught
function M.gather(file, chunk, defaults)
  local suite = setmetatable({
    file = file, timeout = defaults.timeout or TIMEOUT_MSEC, cases = {}, setups = {}, teardowns = {},
  }, Suite)
  current = suite
  local ok, caught = xpcall(chunk, traceback.catch, defaults.args)
  current = false
  if ok then return suite end
  return nil, traceback.caught(caught)
end

return M
