--- Server_families: which metrics there are of the embedded server, by its meter. docs/metrics.md has them.

local family = require "slipstream.cli.family"

local one, by = family.one, family.by

local function stat(name)
  return function(scene) return one(scene.server.stats[name]) end
end

local function counts(label, name)
  return function(scene) return by(label, scene.server.meter[name]) end
end

local function directions(name)
  return function(scene)
    local meter = scene.server.meter
    return by("direction", { ["in"] = meter[name .. "_in"], out = meter[name .. "_out"] })
  end
end

local function ends_of(scene)
  local stats = scene.server.stats
  return by("outcome", { closed = stats.closed, lost = stats.lost })
end

local list = family.list()

list:gauge("slipstream_server_connections", "Connections that are open.", stat "open")
list:counter("slipstream_server_connections_opened", "Connections that were accepted.", stat "opened")
list:counter("slipstream_server_connections_ended", "Connections that ended, by how.", ends_of)
list:counter("slipstream_server_responses", "Requests that became no connection, by status.",
  counts("status", "responses"))
list:gauge("slipstream_server_channels", "Channels that are joined, by the pattern of their topics.",
  function(scene) return by("pattern", scene.server.channels) end)
list:counter("slipstream_server_joins", "Joins that went well, by the pattern of their topics.",
  counts("pattern", "joins"))
list:counter("slipstream_server_joins_refused", "Joins that did not, by why.", counts("reason", "refused"))
list:counter("slipstream_server_messages", "Messages of connections, by direction.", directions "messages")
list:counter("slipstream_server_bytes", "Bytes of these messages, without frames and TLS, by direction.",
  directions "bytes")

return list
