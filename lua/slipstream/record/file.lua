--- File: what lines are appended to: at once, but off the loop, so that who is recorded does not wait for
-- the disk; what comes while one write is under way goes into the next. When that fails (the disk is full),
-- nothing more is written, and the file is cut behind its last whole line.

local show = require "slipstream.show"
local uv = require "luv"

local M = {}

---@class slipstream.RecordFile
---@field fault string? why nothing more is written
local File = {}
File.__index = File

-- What may wait for a slow disk, in bytes.
local MOST_WAITING <const> = 64 << 20

local OWNERS_ALONE <const> = tonumber("600", 8)

--- Opens it anew.
---@param path string
---@param on_fault fun(text: string) called once
---@return slipstream.RecordFile? file, string? err
function M.open(path, on_fault)
  local fd, text = uv.fs_open(path, "w", OWNERS_ALONE)
  if not fd then return nil, ("%s cannot be written: %s"):format(path, show.fault(text)) end
  return setmetatable({ fd = fd, on_fault = on_fault, lines = {}, waiting = 0, size = 0 }, File)
end

local function fail(file, text)
  if file.fault then return end
  file.fault, file.lines = text, {}
  uv.fs_ftruncate(file.fd, file.size)
  file.on_fault(text)
end

-- A file on a full disk takes a part of what it is given, and then nothing.
local function write(file, bytes, done)
  uv.fs_write(file.fd, bytes, -1, function(err, count)
    if err or count == 0 then return done(err or "nothing more could be written") end
    if count < #bytes then return write(file, bytes:sub(count + 1), done) end
    done()
  end)
end

local function flush(file)
  if #file.lines == 0 then
    file.is_writing = false
    if file.closed then file.closed(uv.fs_close(file.fd)) end
    return
  end
  local bytes = table.concat(file.lines)
  file.lines, file.waiting, file.is_writing = {}, 0, true
  write(file, bytes, function(err)
    if err then fail(file, show.fault(err)) else file.size = file.size + #bytes end
    flush(file)
  end)
end

--- Appends a line.
---@param text string without its end
function File:append(text)
  if self.fault then return end
  table.insert(self.lines, text)
  table.insert(self.lines, "\n")
  self.waiting = self.waiting + #text + 1
  if self.waiting > MOST_WAITING then return fail(self, "the disk is too slow") end
  if not self.is_writing then flush(self) end
end

--- Closes it when all is written.
---@param closed fun()
function File:close(closed)
  self.closed = closed
  if not self.is_writing then flush(self) end
end

return M
