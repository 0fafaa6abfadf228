-- Collector: a helper for busted (--helper) that lets the collector run before and after every callback
-- of every client, and at the end looks for what was left behind.
local busted = require "busted"
local process = require "slipstream.process"

collectgarbage "generational"

for event, handle in pairs(process.handlers) do
  process.handlers[event] = function(...)
    collectgarbage()
    handle(...)
    collectgarbage()
  end
end

busted.subscribe({ "suite", "end" }, function()
  assert(next(debug.getregistry()["slipstream.live"]) == nil, "a client was left running")
end)
