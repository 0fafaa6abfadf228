--- Story: what went otherwise than it was recorded, for people.

local failures = require "slipstream.scenario.failure"
local show = require "slipstream.show"
local value = require "slipstream.scenario.replay.value"

local M = {}

local MOST_LINES = 10

local arrows = { c2s = "->", s2c = "<-" }

-- A continuation alone has no format that could be read.
local is_data = { text = true, binary = true }

local function words_of(it, vsn)
  local data = it.data
  if is_data[it.opcode] and data and not it.rsv1 then
    if it.len then return ("%s of %d bytes"):format(it.opcode, it.len) end
    return show.json(value.of_message(it.opcode, data, vsn, it.dir == "c2s"))
  end
  if it.opcode == "http" then return (data or ""):match "^[^\r\n?]*" end
  if type(data) == "table" then return ("close %d %s"):format(data.code, data.reason) end
  return it.opcode
end

-- The last line of a connection up to that number, and its place.
local function find(connection, number)
  local last = 1
  for place, it in ipairs(connection.lines) do
    if it.number <= number then last = place end
  end
  return connection.lines[last].number, last
end

-- The recorded conversation up to a line.
local function add_context(lines, connection, last)
  lines[#lines + 1] = ("recorded on connection %s:"):format(connection.name)
  for place = math.max(last - MOST_LINES + 1, 1), last do
    local it = connection.lines[place]
    lines[#lines + 1] = ("  line %d  %s %s"):format(it.number, arrows[it.dir], words_of(it, connection.vsn))
  end
end

---@class slipstream.ReplayPlace
---@field path string of the recording
---@field connection slipstream.RecordedConnection
---@field number integer the line

--- Makes a failure of it.
---@param place slipstream.ReplayPlace
---@param kind string
---@param text string
---@param details string[]?
---@return slipstream.scenario.Failure
function M.failure(place, kind, text, details)
  local lines = details or {}
  local number, last = find(place.connection, place.number)
  add_context(lines, place.connection, last)
  return failures.new(kind, ("connection %s: %s"):format(place.connection.name, text), {
    details = lines, call = { file = place.path, line = number },
  })
end

local function plain(it)
  if it == nil then return "nothing" end
  return show.json(it)
end

local function otherwise(difference)
  if difference.pointer == "" then return "the server said something else" end
  return ("%s is %s, it was %s"):format(difference.pointer, plain(difference.got), plain(difference.expected))
end

--- The server said something else than was recorded.
---@param place slipstream.ReplayPlace its number that of what was last said otherwise
---@param fault table of a ledger
---@return slipstream.scenario.Failure
function M.differs(place, fault)
  local item = fault.item
  if not item then
    return M.failure(place, "assertion", "the server said more than was recorded",
      { "it came:      " .. plain(fault.got) })
  end
  place.number = item.number
  local recorded = item.len and ("%s of %d bytes"):format(item.opcode, item.len)
    or plain(value.of(item, place.connection.vsn))
  return M.failure(place, "assertion", otherwise(fault.difference),
    { "was recorded: " .. recorded, "it came:      " .. plain(fault.got) })
end

--- What was recorded did not come.
---@param place slipstream.ReplayPlace
---@param item slipstream.ReplayItem
---@param msec integer
---@return slipstream.scenario.Failure
function M.missing(place, item, msec)
  place.number = item.number
  return M.failure(place, "timeout", ("nothing within %d msec"):format(msec),
    { "was recorded: " .. plain(value.of(item, place.connection.vsn)) })
end

return M
