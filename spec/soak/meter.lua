-- What this process takes.

local has_heap, heap = pcall(require, "heap") -- scripts/soak builds it; the spec of some seconds does without
local uv = require "luv"

local M = {}

local PAGE_SIZE = 4096
local FILES_AT_ONCE = 1024

local function resident()
  local file <close> = assert(io.open "/proc/self/statm")
  return math.tointeger(tonumber(file:read "a":match "^%d+ (%d+)")) * PAGE_SIZE
end

-- luv 1.44 keeps each request of fs_scandir for ever, so not by that.
local function count_files()
  local folder = assert(uv.fs_opendir("/proc/self/fd", nil, FILES_AT_ONCE))
  local count = 0
  for entries in function() return uv.fs_readdir(folder) end do count = count + #entries end
  assert(uv.fs_closedir(folder))
  return count
end

---@class soak.Reading
---@field resident integer bytes
---@field heap integer? bytes that malloc has given out, Lua's among them
---@field lua integer bytes
---@field files integer

--- After a full collection.
---@return soak.Reading
function M.read()
  collectgarbage()
  collectgarbage()
  return {
    resident = resident(), heap = has_heap and heap.in_use() or nil,
    lua = math.ceil(collectgarbage "count" * 1024), files = count_files(),
  }
end

return M
