-- Collector: a helper for busted (--helper) that lets the collector run before and after every callback
-- of every client, and at the end looks for what was left behind.
local busted = require "busted"
local core = require "slipstream.core"

collectgarbage "generational"

local run = core.run

local function collect(...)
  collectgarbage()
  return ...
end

-- Before anybody takes it from there: every callback is run by it.
function core.run(...)
  collectgarbage()
  return collect(run(...))
end

-- Servers are there as well, and one whose handle is gone runs on: a spec shows just that.
local function is_client(value) return getmetatable(value).__name == "slipstream.client" end

busted.subscribe({ "suite", "end" }, function()
  for _, value in pairs(debug.getregistry()["slipstream.live"]) do
    assert(not is_client(value), "a client was left running")
  end
end)
