-- A price server that needs its time to start: it refuses the first two connections with 503.
--
--   join "prices"     → {}, and then a push: "price" { of = "apples", cents = 30 }

local server = require "slipstream.server"

local refusals_left = 2

local app = server.new {
  connect = function()
    if refusals_left == 0 then return true end
    refusals_left = refusals_left - 1
    return nil, 503, "still starting"
  end,
}

app:channel("prices", {
  join = function() return "ok" end,
  joined = function(channel) channel:push("price", { of = "apples", cents = 30 }) end,
  handle_in = function() end,
})

return app
