--- Stories: what a failure says to people, line by line.

local secret = require "slipstream.secret"

local M = {}

local function seconds(msec)
  return msec < 1000 and ("%d msec"):format(msec) or ("%.2f s"):format(msec / 1000)
end

local function add_events(lines, t, failure)
  local socket = failure.socket
  local events = socket and socket:_events(failure.awaited)
  if not events then return end
  local name = failure.name or socket:_name_in()
  lines[#lines + 1] = ("%s, in the %s since the scenario began:"):format(name, seconds(t:_msec()))
  if #events == 0 then lines[#lines + 1] = "  nothing happened" end
  for _, event in ipairs(events) do lines[#lines + 1] = "  " .. event end
end

-- One place is told of already.
local function traceback_of(failure)
  local text = failure.traceback or ""
  return select(2, text:gsub("\n", "")) > 1 and text or nil
end

-- Plainly, without patterns.
local function replace(text, part)
  local from, to = text:find(part, 1, true)
  if not from then return text end
  return text:sub(1, from - 1) .. secret.REDACTED .. replace(text:sub(to + 1), part)
end

--- The text without the values that came from the environment.
---@param t slipstream.scenario.Context
---@param text string
---@return string
function M.redact(t, text)
  for value in pairs(t._secrets or {}) do text = replace(text, value) end
  return text
end

---@class slipstream.scenario.Story
---@field text string in one line what is wrong
---@field story string[] all else that there is to say of it, in lines
---@field kind string
---@field file string?
---@field line integer?
---@field traceback string? when it came through more than one function of the user's

--- What is told of a failure.
---@param t slipstream.scenario.Context
---@param failure slipstream.scenario.Failure
---@return slipstream.scenario.Story
function M.tell(t, failure)
  local lines, call = {}, failure.call or {}
  for _, line in ipairs(failure.details or {}) do lines[#lines + 1] = line end
  add_events(lines, t, failure)
  local traceback = traceback_of(failure)
  for place, line in ipairs(lines) do lines[place] = M.redact(t, line) end
  return {
    text = M.redact(t, failure.text), story = lines, kind = failure.kind, file = call.file, line = call.line,
    traceback = traceback and M.redact(t, traceback),
  }
end

return M
