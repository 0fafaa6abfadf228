-- Check_docs: compares what a script can call with the entries of its pages in docs, both ways; prints
-- what is missing where and exits 1 when something is. scripts/check-docs runs it.

package.path = "lua/?.lua;lua/?/init.lua;./?.lua;" .. package.path

-- Names are all that is wanted, so nothing needs to be built: any field of the core is an empty table, and
-- a function that answers true; there is no team.
local function pretended() return setmetatable({}, { __call = function() return true end }) end
for _, name in ipairs { "slipstream.core", "luv" } do
  local team = { mine = function() end }
  package.preload[name] = function() return setmetatable({ team = team }, { __index = pretended }) end
end

local api_doc = require "spec.support.api_doc"

-- What our files have for one another.
local internal = {
  ["Functions of telemetry"] = { "begin", "handlers", "remember", "spans" },
  ["Presence"] = { "tell" },
  ["App"] = { "new", "match", "protect", "subscribe", "unsubscribe" },
  ["Channel"] = { "new", "write", "finish", "say_closed", "receive", "leave" },
  ["Server socket"] = { "new", "send", "finish", "drain", "remember", "forget", "receive" },
  ["Server handle"] = { "open" },
  ["Faults"] = { "new", "begin", "check_open" },
  ["The proxy"] = { "open", "forget" },
  ["A connection"] = { "dial", "finish", "settle", "broken" },
  ["The network of a scenario"] = { "new" },
}

-- The local variable that a function uses, and through it the next one.
local function hidden(fn, name, ...)
  for index = 1, math.huge do
    local found, value = debug.getupvalue(fn, index)
    if not found then error("check_docs: a local variable was renamed: " .. name) end
    if found == name then
      if ... then return hidden(value, ...) end
      return value
    end
  end
end

-- The names in `handlers.name` of the server's files: the callbacks that a channel may have.
local function channel_callbacks()
  local names = {}
  for _, file in ipairs { "app", "channel", "socket" } do
    local source <close> = assert(io.open(("lua/slipstream/server/%s.lua"):format(file)))
    for name in source:read("a"):gmatch "%f[%a]handlers%.([%a_]+)" do names[name] = true end
  end
  return names
end

-- What the first table has and none of the others.
local function without(subject, ...)
  local rest = {}
  for name in pairs(subject) do rest[name] = true end
  for _, other in ipairs { ... } do
    for name in pairs(other) do rest[name] = nil end
  end
  return rest
end

local config_keys = require("slipstream.setting").all
local waits, timers = require "slipstream.await", require "slipstream.timer"
local handle, supervisor = require "slipstream.handle", require "slipstream.supervisor"

local presence = require "slipstream.presence"
local fault_way = require "slipstream.faults.way"

-- What there is, by the page and the heading that tells of it.
local subjects = { ["docs/api.md"] = {
  ["The module"] = require "slipstream",
  ["Options of a module"] = hidden(require("slipstream").client, "client_options"),
  ["Options of start"] = hidden(handle.start, "start_options"),
  ["Callbacks"] = require("slipstream").default,
  ["Actions"] = hidden(require("slipstream.verdict").read, "go_on", "with_actions", "fault_of_actions",
    "fault_of_action", "actions"),
  ["Methods"] = without(require "slipstream.socket", waits, timers),
  ["Waiting"] = waits,
  ["Timers"] = timers,
  ["Configuration"] = config_keys,
  ["TLS"] = hidden(config_keys.tls, "tls_keys"),
  ["Reasons"] = hidden(require("slipstream.reason").text, "sentences"),
  ["The client handle"] = handle.Client,
  ["For supervisors that run"] = supervisor,
  ["Options of a supervisor"] = hidden(getmetatable(supervisor).__call, "settings_of", "known_options"),
  ["Child specs"] = hidden(require("slipstream.child_spec").read, "fault_of", "fault_of_field", "fields"),
  ["The log"] = require "slipstream.log",
  ["Functions of telemetry"] = require "slipstream.telemetry",
  ["Presence"] = presence,
  ["Callbacks of a presence"] = hidden(presence.new, "callback_types"),
  ["Methods of a presence"] = hidden(presence.new, "Presence"),
  ["The embedded server"] = require "slipstream.server",
  ["Options"] = hidden(require("slipstream.server").new, "check_options", "known"),
  ["App"] = require "slipstream.server.app",
  ["Channel callbacks"] = channel_callbacks(),
  ["Channel"] = require "slipstream.server.channel",
  ["Server socket"] = require "slipstream.server.socket",
  ["Server handle"] = require "slipstream.server.handle",
}, ["docs/faults.md"] = {
  ["Faults"] = fault_way,
  ["The module of faults"] = require "slipstream.faults",
  ["The proxy"] = without(require "slipstream.faults.proxy", fault_way),
  ["A connection"] = without(require "slipstream.faults.connection", fault_way),
}, ["docs/scenarios.md"] = {
  ["Files of scenarios"] = require "slipstream.scenario",
  ["Options of a scenario"] = hidden(require("slipstream.scenario.suite").read_options, "known"),
  ["The context"] = require("slipstream.scenario.context").methods,
  ["A task"] = require("slipstream.scenario.task").Task,
  ["Verbs of a socket"] = require("slipstream.scenario.socket").Socket,
  ["The network of a scenario"] = require "slipstream.scenario.net",
} }

local faults = {}

local function complain(text, ...) faults[#faults + 1] = text:format(...) end

-- The names of a table that are for scripts.
local function public_names(subject, heading)
  local names = {}
  for name in pairs(subject) do names[name] = name:sub(1, 1) ~= "_" or nil end
  for _, name in ipairs(internal[heading] or {}) do
    if not names[name] then complain("%s: %s is called internal, but there is none", heading, name) end
    names[name] = nil
  end
  return names
end

local function compare(path, heading, subject, entries)
  if not entries then return complain("%s: no section %s", path, heading) end
  local names = public_names(subject, heading)
  for name in pairs(names) do
    if not entries[name] then complain("%s: section %s lacks %s", path, heading, name) end
  end
  for name, line in pairs(entries) do
    if not names[name] then complain("%s:%d: %s is not in the code", path, line, name) end
  end
end

for path, of_page in pairs(subjects) do
  local sections = api_doc.sections(path)
  for heading, subject in pairs(of_page) do compare(path, heading, subject, sections[heading]) end
end

table.sort(faults)
for _, fault in ipairs(faults) do io.stderr:write(fault, "\n") end
os.exit(#faults == 0)
