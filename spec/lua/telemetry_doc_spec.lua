-- The tables of docs/telemetry.md against the code: what can be told is in them, and nothing else. What each
-- event has with it is compared in spec/host/telemetry_spec.lua.
local doc = require "spec.support.telemetry_doc"
local slipstream = require "slipstream"

local families = {
  callback = true, client = true, connection = true, heartbeat = true, queue = true, supervisor = true,
  topic = true,
}

-- The names of events and spans in the files that tell of them.
local function names_in_the_code()
  local names = {}
  for _, file in ipairs { "journal", "report", "socket", "event" } do
    local source <close> = assert(io.open(("lua/slipstream/%s.lua"):format(file)))
    for family, rest in source:read("a"):gmatch '"(%l+)%.([%l_]+)"' do
      if families[family] then names[family .. "." .. rest] = true end
    end
  end
  return names
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

it("tells of all events of telemetry in docs/telemetry.md, and of no others", function()
  local known = names_in_the_code()
  for callback in pairs(slipstream.default) do known["client." .. callback] = true end
  known["client.code_change"] = nil -- that of all clients is in the span of their reload
  known.reload = true
  known["client.join_params"] = true
  local documented = {}
  for _, rows in ipairs { doc.spans, doc.events } do
    for name in pairs(rows) do documented[name] = true end
  end
  assert.same(sorted(known), sorted(documented))
end)
