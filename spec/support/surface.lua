-- Surface: what a script can call, by the pages of docs that tell of it and their headings. Needs no build.

-- Names are all that is wanted, so nothing needs to be built: any field of the core is an empty table, and
-- a function that answers true; there is no team.
local function pretended() return setmetatable({}, { __call = function() return true end }) end
for _, name in ipairs { "slipstream.core", "luv" } do
  local team = { mine = function() end }
  package.preload[name] = function() return setmetatable({ team = team }, { __index = pretended }) end
end

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
    if not found then error("surface: a local variable was renamed: " .. name) end
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
local test = require "slipstream.test"

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
}, ["docs/telemetry.md"] = {
  ["Functions of telemetry"] = require "slipstream.telemetry",
}, ["docs/testing.md"] = {
  ["Functions of the kit"] = test,
  ["Options of begin"] = hidden(require("slipstream.test.kit").begin, "known_options"),
  ["Options of accept_connect"] = hidden(test.accept_connect, "accept_options"),
  ["A task of the kit"] = require("slipstream.test.task").Task,
}, ["docs/scenarios.md"] = {
  ["Files of scenarios"] = require "slipstream.scenario",
  ["Options of a scenario"] = hidden(require("slipstream.scenario.case.suite").read_options, "known"),
  ["The context"] = require("slipstream.scenario.context").methods,
  ["A task"] = require("slipstream.scenario.context.task").Task,
  ["Verbs of a socket"] = require("slipstream.scenario.socket").Socket,
  ["The network of a scenario"] = require "slipstream.scenario.context.net",
} }

-- The class of the annotations that has a heading's names; what is none has false.
local classes = {
  ["The module"] = "slipstream",
  ["Options of a module"] = "slipstream.ClientOptions",
  ["Options of start"] = "slipstream.StartOptions",
  ["Callbacks"] = "slipstream.Default",
  ["Actions"] = false,
  ["Methods"] = "slipstream.Socket",
  ["Waiting"] = "slipstream.Socket",
  ["Timers"] = "slipstream.Socket",
  ["Configuration"] = "slipstream.Config",
  ["TLS"] = "slipstream.TlsOptions",
  ["Reasons"] = false,
  ["The client handle"] = "slipstream.Client",
  ["For supervisors that run"] = "slipstream.supervisor",
  ["Options of a supervisor"] = "slipstream.SupervisorOptions",
  ["Child specs"] = "slipstream.ChildSpec",
  ["The log"] = "slipstream.log",
  ["Functions of telemetry"] = "slipstream.telemetry",
  ["Presence"] = "slipstream.presence",
  ["Callbacks of a presence"] = "slipstream.PresenceCallbacks",
  ["Methods of a presence"] = "slipstream.Presence",
  ["The embedded server"] = "slipstream.server",
  ["Options"] = "slipstream.ServerOptions",
  ["App"] = "slipstream.ServerApp",
  ["Channel callbacks"] = "slipstream.ChannelHandlers",
  ["Channel"] = "slipstream.Channel",
  ["Server socket"] = "slipstream.ServerSocket",
  ["Server handle"] = "slipstream.ServerHandle",
  ["Faults"] = "slipstream.FaultWay",
  ["The module of faults"] = "slipstream.faults",
  ["The proxy"] = "slipstream.FaultProxy",
  ["A connection"] = "slipstream.FaultConnection",
  ["Functions of the kit"] = "slipstream.test",
  ["Options of begin"] = "slipstream.test.Options",
  ["Options of accept_connect"] = "slipstream.test.AcceptOptions",
  ["A task of the kit"] = "slipstream.test.Task",
  ["Files of scenarios"] = "slipstream.scenario",
  ["Options of a scenario"] = "slipstream.scenario.Options",
  ["The context"] = "slipstream.scenario.Context",
  ["A task"] = "slipstream.scenario.Task",
  ["Verbs of a socket"] = "slipstream.scenario.Socket",
  ["The network of a scenario"] = "slipstream.scenario.Net",
}

-- The names of a table that are for scripts.
local function public_names(subject, heading)
  local names = {}
  for name in pairs(subject) do names[name] = name:sub(1, 1) ~= "_" or nil end
  for _, name in ipairs(internal[heading] or {}) do
    if not names[name] then error(("surface: %s: there is no %s to be internal"):format(heading, name)) end
    names[name] = nil
  end
  return names
end

local function class_of(heading)
  if classes[heading] == nil then error("surface: which class of the annotations has this? " .. heading) end
  return classes[heading]
end

---@class spec.Surface
---@field path string
---@field heading string
---@field class string|false
---@field names table<string, any> a set
---@field subject table where they are

--- In the order of the pages and the headings' names.
---@type spec.Surface[]
local list = {}
for path, of_page in pairs(subjects) do
  for heading, subject in pairs(of_page) do
    list[#list + 1] = { path = path, heading = heading, class = class_of(heading), subject = subject,
      names = public_names(subject, heading) }
  end
end
table.sort(list, function(a, b) return a.path .. a.heading < b.path .. b.heading end)

return list
