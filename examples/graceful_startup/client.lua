-- A shop that would like to know the prices of the day, but opens without them, too: whatever is wrong with
-- the price feed, the rest of the program does not wait for it. README.md walks through it.

local slipstream = require "slipstream"
local args = ...
local Feed = slipstream.client()

-- Whoever starts the feed waits for this, so it only looks whether there is anything to do.
function Feed:init(config)
  if not config then return "ignore" end
  self:assign { config = config, state = "starting" }
  return "ok", { continue = "connect" }
end

function Feed:handle_continue()
  local ok, text = self:connect(self.assigns.config)
  self:assign("state", ok and "connecting" or "off: " .. text)
end

function Feed:report(state)
  print("feed", state)
  self:assign("state", state)
end

function Feed:handle_connect()
  self:report "connected"
  self:join "prices"
end

-- The default connects again after a back-off.
function Feed:handle_disconnect(reason)
  self:report(reason.body or reason.kind)
  return slipstream.default.handle_disconnect(self, reason)
end

function Feed:handle_message(_, _, price)
  self:report(("%s are at %d"):format(price.of, price.cents))
  return "stop", "normal"
end

function Feed:handle_call()
  return "reply", self.assigns.state
end

-- The shop.

local function start_feed(config)
  local feed, reason = slipstream.start(Feed, config)
  if not feed then return "none: " .. tostring(reason) end
  return feed:call "how are you?", feed
end

print("no config", start_feed(nil))
print("a bad one", (start_feed { uri = "http://prices.example/socket/websocket" }))
local state, feed = start_feed { uri = args.uri }
print("a good one", state)

print("the shop opens")
feed:await_end()
print("the shop closes")
for _, left in ipairs(slipstream.clients()) do left:stop() end
