-- The ways of the soak: how clients get to the server and what becomes of them there. Each has so many
-- `clients` at a time.
--
--   through     a fault of the proxy in between that harms nobody
--   breaks      what the proxy does to each connection, sooner or later; such a connection need not end
--               with the closing handshake
--   is_dropped  the server ends TCP without a word: no handshake either
--   ends_by     the event with which a client asks the server for the end; else it closes by itself
--   is_deaf     neither side hears of the end: a heartbeat finds out

---@class soak.Way
---@field clients integer
---@field through fun(net: slipstream.FaultProxy)?
---@field breaks fun(connection: slipstream.FaultConnection)?
---@field ends_by string?
---@field is_dropped boolean?
---@field is_deaf boolean?

---@type table<string, soak.Way>
return {
  straight = { clients = 128 },
  kicked = { clients = 24, ends_by = "kick" },
  dropped = { clients = 12, ends_by = "drop", is_dropped = true },
  slow = { clients = 12, through = function(net) net:latency(5, 5):slice(7) end },
  cut = { clients = 12, breaks = function(connection) connection:cut() end },
  reset = { clients = 12, breaks = function(connection) connection:reset() end },
  deaf = { clients = 12, breaks = function(connection) connection:black_hole() end, is_deaf = true },
}
