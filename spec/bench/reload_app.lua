-- The server of reload.lua: pushes to its channels in turn, so many times a second, with a number that counts
-- the pushes of the channel. `settle` answers a channel with that number, after which nothing more comes.

local server = require "slipstream.server"
local uv = require "luv"

local PUSHES_PER_TICK, TICK_MSEC = 10, 10

local channels, last = {}, 0

local function push_next()
  last = last % #channels + 1
  local channel = channels[last]
  if channel.assigns.is_settled then return end
  channel.assigns.count = channel.assigns.count + 1
  channel:push("tick", { count = channel.assigns.count })
end

local function tick()
  for _ = 1, math.min(PUSHES_PER_TICK, #channels) do push_next() end
end

uv.new_timer():start(TICK_MSEC, TICK_MSEC, tick)

return server.new({ max_connections = 20000 }):channel("bench:*", {
  join = function() return "ok" end,
  joined = function(channel)
    channel.assigns.count = 0
    channels[#channels + 1] = channel
  end,
  handle_in = function(channel)
    channel.assigns.is_settled = true
    return "reply", "ok", { count = channel.assigns.count }
  end,
})
