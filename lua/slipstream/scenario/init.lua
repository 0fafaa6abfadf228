--- Scenarios: what users of a server do and see, in files that `slipstream scenario` runs:
--
--     local scenario = require "slipstream.scenario"
--     scenario("two users hear each other", { tags = { "chat" } }, function(t)
--       local ann, bob = t:connect { params = { user = "ann" } }, t:connect { params = { user = "bob" } }
--       ann:join "room:lobby"
--       bob:join "room:lobby"
--       ann:push("room:lobby", "shout", { body = "hi" })
--       bob:await_message("room:lobby", "shout", { body = "hi" })
--     end)
--
-- docs/scenarios.md tells of all that `t` and its sockets can do.

local check = require "slipstream.check"
local suite = require "slipstream.scenario.case.suite"

---@class slipstream.scenario
local M = {}

---@class slipstream.scenario.Options
---@field tags string[]? to choose scenarios by
---@field timeout integer? msec for all of it, 30000
---@field await integer? msec that each of its verbs waits, 5000
---@field retry integer? how often it is tried again after a failure
---@field weight integer? under load, how many users play it to one of weight 1
---@field net boolean? its sockets go through a network of its own from the start, see `t.net`

-- The options may be left out.
local function read(name, options, fn)
  check.is(1, name, "string")
  if type(options) == "function" and fn == nil then return nil, options end
  check.is(3, fn, "function")
  return suite.read_options(2, options), fn
end

local function define(_, name, options, fn)
  options, fn = read(name, options, fn)
  suite.current():add(name, options, fn)
end

-- "%s" in turn stands for each value of a list, or for a row that is none; "$user" for the row's `user`.
local function fill_in(name, row)
  local values, place = type(row) == "table" and row or { row }, 0
  local filled = name:gsub("%%[sd]", function()
    place = place + 1
    return tostring(values[place])
  end)
  local function named(key) return values[key] ~= nil and tostring(values[key]) end
  return (filled:gsub("%$([%a_][%w_]*)", named))
end

--- Defines a scenario for each row; its function gets `t` and the row.
---@param rows any[]
---@return fun(name: string, options: table?, fn: fun(t: slipstream.scenario.Context, row: any)) define
function M.each(rows)
  check.is(1, rows, "table")
  local own = suite.current()
  return function(name, options, fn)
    options, fn = read(name, options, fn)
    for place, row in ipairs(rows) do
      local filled = fill_in(name, row)
      own:add(filled == name and ("%s #%d"):format(name, place) or filled, options, fn, row)
    end
  end
end

--- Runs `fn(t)` before each scenario of the file.
---@param fn fun(t: slipstream.scenario.Context)
function M.setup(fn)
  check.is(1, fn, "function")
  table.insert(suite.current().setups, fn)
end

--- Runs `fn(t)` after each scenario of the file, however it ended.
---@param fn fun(t: slipstream.scenario.Context)
function M.teardown(fn)
  check.is(1, fn, "function")
  table.insert(suite.current().teardowns, 1, fn)
end

return setmetatable(M, { __call = define })
