--- Emit: a recording as a scenario to be edited: what clients did as the verbs of sockets, what the server
-- said as what they await. What no socket of ours would say is left out, with a comment.

local head = require "slipstream.record.head"
local heard = require "slipstream.scenario.replay.heard"
local legs = require "slipstream.scenario.replay.leg"
local literal = require "slipstream.scenario.replay.literal"
local said = require "slipstream.scenario.replay.said"
local writers = require "slipstream.scenario.replay.writer"

local M = {}

-- By each client's line that of the next.
local function next_said(recording)
  local map, last = {}, nil
  for _, it in ipairs(recording.lines) do
    if it.dir == "c2s" then
      if last then map[last] = it.number end
      last = it.number
    end
  end
  return map
end

-- That of the first connection that was let in: to it the scenario's sockets connect.
local function path_of(recording, by_name)
  for _, connection in ipairs(recording.connections) do
    local _, target = head.request { line = tostring(connection.lines[1].data):match "^[^\r\n]*" }
    if by_name[connection.name].status == 101 and target then return target:match "^[^?]*" end
  end
end

local function head_of(writer, path, body)
  local file = path:match "[^/]*$":gsub("%c", "?")
  local lines = {
    ("-- Written by `slipstream scenario --from %s --emit`."):format(file),
    'local scenario = require "slipstream.scenario"',
  }
  if body:find("slipstream%.[bna]") then lines[3] = 'local slipstream = require "slipstream"' end
  lines[#lines + 1] = ""
  lines[#lines + 1] = ("scenario(%s, function(t)"):format(literal.string(file:match "^(.-)%.?[^.]*$"))
  if writer.has_pushed then
    lines[#lines + 1] = writers.INDENT .. "local pushed = {} -- by their lines in the recording"
  end
  if writer.count > said.MOST_LOCALS then lines[#lines + 1] = writers.INDENT .. "local sockets = {}" end
  return table.concat(lines, "\n")
end

--- Writes a recording as Lua.
---@param recording slipstream.Recording
---@param ignored slipstream.Ignored what is not to be compared
---@return string? lua, string? err
function M.write(recording, ignored)
  local writer, by_name = writers.new(ignored), {}
  for _, connection in ipairs(recording.connections) do
    local leg, fault, number = legs.new(connection)
    if not leg then return nil, ("%s:%d: %s"):format(recording.path, number, fault) end
    by_name[connection.name] = leg
  end
  writer.path, writer.next_said = path_of(recording, by_name), next_said(recording)
  for _, it in ipairs(recording.lines) do
    local side = it.dir == "c2s" and said or heard
    side.write(writer, by_name[it.conn], it)
  end
  local body = table.concat(writer.lines, "\n")
  return head_of(writer, recording.path, body) .. "\n" .. body .. "\nend)\n"
end

return M
