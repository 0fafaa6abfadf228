-- An office: everybody in it is tracked, with what they say that they do.
--
--   join "office:<any>" with { user = "ann" }
--   push "status" { status = "at lunch" }      → {}; that is in the meta
--   push "cut"                                   the connection breaks, and while this client is away
--                                                bob goes and cat has lunch

local server = require "slipstream.server"

local app = server.new()

local function meta_of(status) return { status = status, at = os.time() } end

local events = {}

function events.status(channel, payload)
  channel:update(channel.assigns.user, meta_of(payload.status))
  return "reply", "ok"
end

local meanwhile = {
  bob = function(channel) channel.socket:drop() end,
  cat = function(channel) channel:update("cat", meta_of "at lunch") end,
}

function events.cut(channel)
  channel.socket:drop()
  for _, other in ipairs { table.unpack(app.topics[channel.topic]) } do
    local act = meanwhile[other.assigns.user]
    if act then act(other) end
  end
end

app:channel("office:*", {
  join = function(channel, _, params)
    channel.assigns.user = params.user
    return "ok"
  end,
  joined = function(channel)
    channel:track(channel.assigns.user, meta_of "at work")
  end,
  handle_in = function(channel, event, payload)
    return events[event](channel, payload)
  end,
})

return app
