-- Collector: a helper for busted (--helper) that lets the collector run before and after every callback
-- of every client, and at the end looks for what was left behind.
local busted = require "busted"
local core = require "slipstream.core"

collectgarbage "generational"

local function collect(...)
  collectgarbage()
  return ...
end

-- Before anybody takes them from there: every callback is run by them, as long as they are observed. (How it
-- is when they are not, under the collector, is told in spec/host/fiber_spec.lua.)
for _, name in ipairs { "begin", "go_on" } do
  local run = core[name]
  core[name] = function(...)
    collectgarbage()
    return collect(run(...))
  end
end
core.observe("all", true)
function core.observe() end

-- Servers are there as well, and one whose handle is gone runs on: a spec shows just that.
local function is_client(value) return getmetatable(value).__name == "slipstream.client" end

busted.subscribe({ "suite", "end" }, function()
  for _, value in pairs(debug.getregistry()["slipstream.live"]) do
    assert(not is_client(value), "a client was left running")
  end
end)
