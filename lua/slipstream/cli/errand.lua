--- Errands: what the lead of the workers does that has to wait for them, in a fiber of its own.

local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local log = require "slipstream.log"

local M = {}

-- An error is a defect of ours.
local function finished(owner, state, value, text)
  if state == "waiting" then return end
  if state == "failed" then
    log.error(value.text, { traceback = value.traceback })
    value, text = nil, value.text
  end
  if owner.done then return owner.done(value, text) end
end

--- Runs `fn(…)`, which may wait.
---@param name string for the log
---@param done fun(value: any, text: string?)? told what it returned
---@param fn function
---@param ... any
function M.run(name, done, fn, ...)
  local owner = { done = done, _client = { name = name, _host = core.host() }, _callback = name,
    _fiber = false, _done = false, _alarm = false }
  return fiber.run(owner, finished, fn, ...)
end

return M
