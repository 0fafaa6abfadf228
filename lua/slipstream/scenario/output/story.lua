--- Story: why a scenario failed, in lines for people.

local legible = require "slipstream.legible"

local M = {}

local function add_block(lines, indent, block)
  for line in (legible.block(block) .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = (indent .. line):gsub("%s+$", "")
  end
end

local function add_list(lines, list)
  for _, line in ipairs(list) do add_block(lines, "  ", line) end
end

--- Where it failed, as editors and terminals find it.
---@param result table
---@return string
function M.place(result)
  local case, failure = result.case, result.failure
  return legible.line(("%s:%d"):format(failure.file or case.file, failure.line or case.line))
end

--- The lines: what was awaited, what had come instead, where that is written in Lua, what was logged.
---@param result table one that failed
---@return string[]
function M.lines(result)
  local lines, failure, logs = {}, result.failure, result.logs or {}
  add_block(lines, "", failure.text)
  add_list(lines, failure.story)
  if failure.traceback then add_block(lines, "  ", failure.traceback) end
  if #logs > 0 then lines[#lines + 1] = "logged:" end
  add_list(lines, logs)
  return lines
end

--- How a scenario that passed only when it was tried again is called out; nil: it is not one.
---@param result table
---@return string?
function M.flaky(result)
  if result.status ~= "passed" or (result.tries or 1) == 1 then return nil end
  return ("flaky: passed at try %d"):format(result.tries)
end

--- How often a scenario has failed that was tried again; nil: it was not, or has passed.
---@param result table
---@return string?
function M.failed_again(result)
  if result.status ~= "failed" or (result.tries or 1) == 1 then return nil end
  return ("failed %d times"):format(result.tries)
end

--- Why a scenario was skipped; nil: it was not.
---@param result table
---@return string?
function M.why(result)
  return result.status == "skipped" and result.failure and result.failure.text or nil
end

return M
