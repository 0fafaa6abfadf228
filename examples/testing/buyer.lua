-- A buyer: it orders what has got cheap enough, again when that comes to nothing, and tells who asks what it
-- has bought. buyer_spec.lua tests it, and README.md walks through that.

local slipstream = require "slipstream"
local Buyer = slipstream.client()

local PAUSE_MSEC <const> = 5000 -- before an order that came to nothing is tried again

function Buyer:init(args)
  self:assign { limit = tonumber(args.limit) or 100, orders = {}, bought = {} }
  assert(self:connect { uri = args.uri })
end

function Buyer:handle_connect()
  self:join "prices"
  self:join("orders", { name = self:client().name })
end

function Buyer:handle_message(_, event, payload)
  if event == "price" and payload.cents <= self.assigns.limit then self:order(payload.of) end
end

function Buyer:order(what)
  local ref = self:push("orders", "buy", { what = what })
  if not ref then return self:try_later(what) end
  self.assigns.orders[ref] = what
end

-- Also with "timeout", and with "error" when the connection was lost.
function Buyer:handle_reply(ref, status)
  local what = self.assigns.orders[ref]
  self.assigns.orders[ref] = nil
  if status ~= "ok" then return self:try_later(what) end
  table.insert(self.assigns.bought, what)
end

function Buyer:try_later(what) self:send_after(PAUSE_MSEC, what) end

function Buyer:handle_info(what) self:order(what) end

function Buyer:handle_call(request)
  if request == "bought" then return "reply", self.assigns.bought end
end

return Buyer
