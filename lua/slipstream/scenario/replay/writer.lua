--- Writer: the statements of an emitted scenario, and what they compare.

local expectation = require "slipstream.scenario.replay.expectation"
local literal = require "slipstream.scenario.replay.literal"

local M = {}

M.INDENT = "  "

local INDENT <const> = M.INDENT
local WIDTH <const> = 95

---@class slipstream.EmitWriter
---@field lines string[]
---@field ignored slipstream.Ignored
---@field count integer of sockets
---@field path string? of the requests that its sockets make
---@field next_said table<integer, integer> by each client's line that of the next
---@field has_pushed boolean? there are pushes whose replies come later
local Writer = {}
Writer.__index = Writer

-- What a socket must not be called.
local taken = { "t", "it", "pushed", "sockets", "scenario", "slipstream", "select" }

--- Makes one.
---@param ignored slipstream.Ignored
---@return slipstream.EmitWriter
function M.new(ignored)
  local names = {}
  for _, name in ipairs(taken) do names[name] = true end
  return setmetatable({ lines = {}, ignored = ignored, names = names, count = 0 }, Writer)
end

--- Adds a statement.
---@param text string
function Writer:add(text) table.insert(self.lines, INDENT .. text) end

--- Says that a line is left out: what the server did because of it cannot be expected.
---@param leg slipstream.EmittedLeg
---@param it slipstream.RecordedLine
---@param text string why
function Writer:leave_out(leg, it, text)
  leg.has_gaps, leg.is_in_gap = true, it.dir == "c2s"
  self:add(("-- line %d: %s, left out"):format(it.number, text))
end

--- Whether a payload is as one that is absent.
---@param payload any
---@return boolean
function M.is_empty(payload)
  return type(payload) == "table" and next(payload) == nil and getmetatable(payload) == nil
end

--- The arguments of a verb: nothing for a payload that is empty.
---@param topic string
---@param event string?
---@param payload any
---@return string
function M.arguments(topic, event, payload)
  local parts = { literal.string(topic) }
  if event then parts[2] = literal.string(event) end
  if payload ~= nil and not M.is_empty(payload) then parts[#parts + 1] = literal.value(payload, INDENT) end
  return "(" .. table.concat(parts, ", ") .. ")"
end

--- Expects what a call returns to be the same.
---@param expected string as Lua
---@param call string
function Writer:compare(expected, call)
  local is_short = #expected + #call <= WIDTH or call:find("\n", 1, true)
  self:add(("t.same(%s,%s%s)"):format(expected, is_short and " " or "\n" .. INDENT .. INDENT, call))
end

--- Expects what a call returns to be as recorded; with something to be ignored, all else of it.
---@param call string
---@param expected any
---@param place string[] where that is in its message
function Writer:expect(call, expected, place)
  local parts = expectation.parts(self.ignored, expected, place, "it")
  if not parts then return self:compare(literal.value(expected, INDENT), call) end
  if #parts == 0 then return self:add(call) end
  self:add "do"
  self:add(INDENT .. "local it = " .. call)
  for _, part in ipairs(parts) do
    self:add(("%st.same(%s, %s)"):format(INDENT, literal.value(part.value, INDENT .. INDENT), part.name))
  end
  self:add "end"
end

return M
