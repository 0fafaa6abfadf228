-- The soak for some seconds, so that it keeps working; scripts/soak runs it for as long as asked.
local shell = require "spec.support.shell"

local CONNECTIONS = 2000

-- Runs it with the module of this build, and with the sanitizer that busted was lent.
local function soak(arguments)
  local command = shell.LENT .. "LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='%s' "
    .. "timeout 100 lua5.4 spec/soak/run.lua %s 2>&1"
  return shell.read(command:format(package.cpath, arguments))
end

describe("the soak", function()
  it("proves two thousand connections, some through bad networks, from the counters of both sides", function()
    local text = soak("--connections " .. CONNECTIONS)
    local count = text:match "(%d+) connections in"
    assert(count and tonumber(count) >= CONNECTIONS, text)
    assert(text:find("all is proven", 1, true), text)
  end)
end)
