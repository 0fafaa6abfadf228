-- An example of a peer: the Lua module in a plain lua5.4, at the same workloads as the program.
--
--   scripts/bench --peer 'lua5.4 spec/bench/peer.lua' rtt window

package.path = "lua/?.lua;lua/?/init.lua;spec/bench/?.lua;" .. package.path
package.cpath = (os.getenv "SLIP_BUILD" or "build/release") .. "/lua/?.so;" .. package.cpath

local log = require "slipstream.log"
local uv = require "luv"

log.set_level "error"

local files = { churn = "storm", out = "large" }
local args = { workload = arg[1] }
for at = 2, #arg do
  local name, value = arg[at]:match "^([%w_]+)=(.*)$"
  args[name] = value
end
assert(loadfile(("spec/bench/%s.lua"):format(files[arg[1]] or arg[1])))(args)
uv.run()
