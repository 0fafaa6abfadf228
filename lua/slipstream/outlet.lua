--- Outlet: where text goes, a file or the standard output, until that fails: the first error is kept, and
-- nothing is written after it, so that there is all of the text or the error.

local M = {}

---@class slipstream.Outlet
---@field name string for people
---@field fault string? what cannot be written, and why
local Outlet = {}
Outlet.__index = Outlet

--- Opens a file anew, or the standard output.
---@param path string? that of the standard output when absent
---@return slipstream.Outlet? outlet
---@return string? text what cannot be written, and why
function M.open(path)
  if not path then return setmetatable({ stream = io.stdout, name = "standard output" }, Outlet) end
  local stream, err = io.open(path, "w")
  -- the error begins with the name
  if not stream then return nil, ("%s cannot be written: %s"):format(path, err:sub(#path + 3)) end
  return setmetatable({ stream = stream, name = path }, Outlet)
end

--- Writes text, at once.
---@param text string
function Outlet:write(text)
  if self.fault then return end
  local ok, err = self.stream:write(text)
  if ok then ok, err = self.stream:flush() end
  if not ok then self.fault = ("%s cannot be written: %s"):format(self.name, err) end
end

--- Closes it, but not the standard output.
---@return true? ok
---@return string? text its fault
function Outlet:close()
  if self.stream ~= io.stdout then self.stream:close() end -- all that was written is flushed
  if self.fault then return nil, self.fault end
  return true
end

--- Writes all of a file, or to the standard output.
---@param path string? that of the standard output when absent
---@param text string
---@return true? ok
---@return string? text what cannot be written, and why
function M.write(path, text)
  local outlet, fault = M.open(path)
  if not outlet then return nil, fault end
  outlet:write(text)
  return outlet:close()
end

return M
