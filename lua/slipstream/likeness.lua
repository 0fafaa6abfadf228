--- Likeness: what a file was like when it was looked at. One that was saved since then is another file, or
-- has another size or time.

local uv = require "luv"

local M = {}

--- What a file is like; links are followed.
---@param path string
---@return string? likeness nil: it is not there
function M.of(path)
  local found = uv.fs_stat(path)
  if not found then return nil end
  local time = found.mtime
  return ("%d %d %d %d.%d"):format(found.dev, found.ino, found.size, time.sec, time.nsec)
end

return M
