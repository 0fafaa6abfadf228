--- Failures: what went wrong in a scenario, as an error value.

local call = require "slipstream.scenario.failure.call"
local frames = require "slipstream.frame"
local place = require "slipstream.place"
local secret = require "slipstream.secret"
local traceback = require "slipstream.traceback"

local M = {}

---@class slipstream.scenario.Failure
---@field text string
---@field kind string one word: "timeout", "refused", "closed", "error", "assertion", "skipped"
---@field call slipstream.scenario.Call? where it was
---@field socket slipstream.scenario.Socket? whose events tell of it
---@field name string? what the scenario calls that
---@field awaited table? of a message: `topic`, `event`, `payload`, as patterns
---@field details string[]? more lines
---@field traceback string? when it came through more than one function of the user's
local Failure = {}
Failure.__index = Failure
Failure.__name = "slipstream.scenario.failure"

function Failure:__tostring() return self.text end

--- Makes one.
---@param kind string
---@param text string
---@param fields table? taken as its table
---@return slipstream.scenario.Failure
function M.new(kind, text, fields)
  fields = fields or {}
  fields.kind, fields.text = kind, text
  return setmetatable(fields, Failure)
end

--- Fails a verb of a socket.
---@param kind string
---@param socket slipstream.scenario.Socket
---@param text string what is wrong, after the verb
---@param awaited table?
function M.of_verb(kind, socket, text, awaited)
  local thread = coroutine.running()
  local where = call.find(thread)
  local name = socket:_name_in(thread)
  if where.verb then
    text = call.text(where, where.subject == socket and name or "t") .. ": " .. text
  end
  return error(M.new(kind, text, { call = where, socket = socket, name = name, awaited = awaited }), 0)
end

--- Fails the verb that runs, of something without events.
---@param kind string
---@param name string what it was called on
---@param text string what is wrong, after the verb
function M.of_call(kind, name, text)
  local where = call.find(coroutine.running())
  return error(M.new(kind, call.text(where, name) .. ": " .. text, { call = where }), 0)
end

-- Whether luassert has raised: of what runs now it is the innermost that is no part of ours.
local function is_assertion(thread)
  for level = 0, 20 do
    local frame = debug.getinfo(thread, level, "S")
    if frame and frames.is_luassert(frame) then return true end
  end
  return false
end

-- A field of a table, as luassert shows it; "*" marks the one that differs.
local FIELD = "^(%s*%*?%[([^%]]+)%] = )(.+)$"

-- Addresses tell people nothing, and some fields are nobody's business.
local function clean(line)
  local head, name, value = line:gsub("table: 0x%x+", "table"):match(FIELD)
  if not head then return (line:gsub("table: 0x%x+", "table")) end
  return head .. (secret.is_secret(name) and secret.REDACTED or value)
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = clean(line) end
  return lines
end

-- The place that the error names may be that of a caller, which is to blame.
local function from_error(caught, thread)
  local where = call.find(thread)
  local lines = lines_of((place.split(caught.text)))
  local _, line = place.split(caught.text, where.file or "")
  where.line = line or where.line
  local kind = is_assertion(thread) and "assertion" or "error"
  local text = table.remove(lines, 1) or "error"
  return M.new(kind, text, { call = where, details = lines, traceback = caught.traceback })
end

--- A message handler for xpcall: whatever it is, it is a failure then.
---@param err any
---@return slipstream.scenario.Failure
function M.catch(err)
  local caught = traceback.catch(err)
  if getmetatable(err) ~= Failure then return from_error(caught, coroutine.running()) end
  err.traceback = err.traceback or caught.traceback
  return err
end

--- What xpcall has caught with `catch`, which want of memory passes by.
---@param err any
---@return slipstream.scenario.Failure
function M.of(err)
  if getmetatable(err) == Failure then return err end
  local caught = traceback.caught(err)
  return M.new("error", caught.text, { traceback = caught.traceback })
end

return M
