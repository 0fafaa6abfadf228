-- A news agency: each topic has its numbered items, from the first one on.
--
--   join "news:<any>" with { after = 3 }     → { missed = the items after the third }
--   push "publish" { text = "…" }            → {}; all who joined the topic get "item" { number, text }
--   push "cut"                                 the connection breaks, and then an item is published in
--                                              each topic, which this client misses

local server = require "slipstream.server"
local slipstream = require "slipstream"

local app = server.new()
local items_of = {}

local function publish(topic, text)
  local items = items_of[topic]
  local item = { number = #items + 1, text = text }
  table.insert(items, item)
  app:broadcast(topic, "item", item)
end

local events = {}

function events.publish(channel, payload)
  publish(channel.topic, payload.text)
  return "reply", "ok"
end

function events.cut(channel)
  channel.socket:drop()
  for topic in pairs(items_of) do publish(topic, "published while you were away") end
end

app:channel("news:*", {
  join = function(_, topic, params)
    local items = items_of[topic] or {}
    items_of[topic] = items
    return "ok", { missed = slipstream.array { table.unpack(items, params.after + 1) } }
  end,
  handle_in = function(channel, event, payload)
    return events[event](channel, payload)
  end,
})

return app
